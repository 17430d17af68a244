// base/clock.h: time as whole seconds since 1970-01-01T00:00:00Z, and the one text form used
// everywhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gapferry {

using Time = std::int64_t;

constexpr Time kSecondsPerDay = 86400;

// The system clock, or SOURCE_DATE_EPOCH where that is set (reproducible-builds.org), so that the
// same input can be shown to give the same bytes.
[[nodiscard]] Time Now();
// A program that was told a time it cannot read must not go on with another one. RunProgram asks
// once, before anything else. Error: kUsage if SOURCE_DATE_EPOCH is set and is no whole number of
// seconds from 1970 to 9999.
[[nodiscard]] Status CheckFixedTime();
// YYYY-MM-DDTHH:MM:SSZ
[[nodiscard]] std::string FormatTime(Time time);
// Accepts exactly what FormatTime writes, for the years 1970 to 9999.
[[nodiscard]] std::optional<Time> ParseTime(std::string_view text);
// YYYY-MM-DD
[[nodiscard]] std::string FormatDate(Time time);
[[nodiscard]] std::optional<Time> ParseDate(std::string_view text);

}  // namespace gapferry
