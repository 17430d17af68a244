// collect/http_pause.h: whether a request is worth another attempt, and when.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/clock.h"

namespace gapferry::collect {

[[nodiscard]] bool IsPassing(int status);

// Retry-After (RFC 9110 §10.2.3): seconds, or a date in the form of RFC 9110 §5.6.7 (IMF-fixdate).
[[nodiscard]] std::optional<std::chrono::seconds> ParseRetryAfter(std::string_view text, Time now);

// Before attempt 2, 3, …: about 1 s, 2 s, 4 s … 60 s. `chance` from 0 to 1 spreads it by half, so
// that exporters that were all refused at once do not all come back at once.
[[nodiscard]] std::chrono::milliseconds Backoff(int attempt, double chance);

}  // namespace gapferry::collect
