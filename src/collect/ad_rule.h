// collect/ad_rule.h: the rules of ad blockers (Adblock Plus, uBlock Origin, AdGuard).
#pragma once

#include <optional>
#include <string_view>

#include "collect/block_line.h"

namespace gapferry::collect {

// "||evil.example^$third-party", "://evil.example^". Exceptions, "$badfilter", what changes a page
// ("a.example##.ad") and comments ("!#include https://…") block nothing; left out are patterns, and
// rules that hold on some sites only. Nothing if it is no rule.
[[nodiscard]] std::optional<BlockLine> ReadAdRule(std::string_view line, ListForm form);

[[nodiscard]] LikeList LikeAdBlocker(std::string_view line);

}  // namespace gapferry::collect
