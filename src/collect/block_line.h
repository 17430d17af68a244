// collect/block_line.h: lines of blocklists, whose words mean something else than they would in a
// sentence: those of hosts files, of resolvers and of ad blockers. Zones: policy_zone.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gapferry::collect {

struct BlockLine {
  std::vector<std::string> values;  // that it blocks; none for an exception or a setting
  bool left_out = false;            // it blocks something that is no such value
};

// What most of a file's lines are. In such a file a line that is not understood is left out, and no
// text.
enum class ListForm : std::uint8_t { kNone, kDnsmasq, kUnbound, kAdBlocker };

// Whether a line is one of a form, and of no other; or says that its file is.
enum class LikeList : std::uint8_t { kNo, kLike, kSure, kHeader };

constexpr std::size_t kListHead = 64 << 10;
// `head`: how the file begins, kListHead of it or all.
[[nodiscard]] ListForm FindListForm(std::string_view head);

// Nothing if it is no such line. `form`: that of its file.
//   hosts file      "0.0.0.0 evil.example ads.example"
//   resolvers       resolver_line.h
//   ad blockers     ad_rule.h
[[nodiscard]] std::optional<BlockLine> ReadBlockLine(std::string_view line, ListForm form);

// The parts between any of `separators` that are not empty.
[[nodiscard]] std::vector<std::string> SplitAt(std::string_view text, std::string_view separators);

}  // namespace gapferry::collect
