#include "collect/http_pause.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/bytes.h"

namespace gapferry::collect {
namespace {

std::optional<std::int64_t> Digits(std::string_view text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end || text.empty() || !IsAsciiDigit(text[0]))
    return std::nullopt;
  return number;
}

// "Tue, 24 Nov 2026 08:05:26 GMT" as YYYY-MM-DDTHH:MM:SSZ, for ParseTime.
std::optional<Time> ParseHttpDate(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr std::size_t kLength = 29;
  if (text.size() != kLength || !text.ends_with(" GMT")) return std::nullopt;
  const auto* month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  if (month == kMonths.end()) return std::nullopt;
  const auto number = static_cast<int>(month - kMonths.begin()) + 1;
  std::string iso(text.substr(12, 4));
  iso += number < 10 ? "-0" : "-";
  iso += std::to_string(number);
  iso.append("-").append(text.substr(5, 2)).append("T").append(text.substr(17, 8)).append("Z");
  return ParseTime(iso);
}

}  // namespace

bool IsPassing(int status) {
  constexpr std::array kPassing = {408, 429, 500, 502, 503, 504};
  return std::find(kPassing.begin(), kPassing.end(), status) != kPassing.end();
}

std::optional<std::chrono::seconds> ParseRetryAfter(std::string_view text, Time now) {
  text = AsciiTrim(text);
  if (const auto seconds = Digits(text)) return std::chrono::seconds(*seconds);
  if (const auto date = ParseHttpDate(text))
    return std::chrono::seconds(std::max<std::int64_t>(0, *date - now));
  return std::nullopt;
}

std::chrono::milliseconds Backoff(int attempt, double chance) {
  constexpr double kFirst = 1000;
  constexpr double kMost = 60000;
  const double pause = std::min(kMost, kFirst * std::pow(2.0, attempt - 1));
  return std::chrono::milliseconds(static_cast<std::int64_t>(pause * (0.75 + chance / 2)));
}

}  // namespace gapferry::collect
