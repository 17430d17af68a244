#include "base/clock.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <string>

#include "base/bytes.h"

namespace gapferry {
namespace {

using std::chrono::day;
using std::chrono::month;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

std::optional<int> ParseDigits(std::string_view text, std::size_t position, std::size_t length) {
  int value = 0;
  for (std::size_t i = position; i < position + length; ++i) {
    if (i >= text.size() || !IsAsciiDigit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

constexpr char kFixedTime[] = "SOURCE_DATE_EPOCH";
constexpr Time kLastSecond = 253402300799;  // of the year 9999

std::optional<Time> ParseSeconds(std::string_view text) {
  Time time = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, time);
  if (error != std::errc{} || stop != end || time < 0 || time > kLastSecond) return std::nullopt;
  return time;
}

year_month_day CivilFromTime(Time time) {
  const Time days = (time >= 0 ? time : time - (kSecondsPerDay - 1)) / kSecondsPerDay;
  return year_month_day{sys_days{std::chrono::days{days}}};
}

// By hand, since some artifacts have several times for every attribute and fmt takes most of what
// they cost.
void AppendTwo(unsigned number, std::string* out) {
  const std::array<char, 2> digits = {static_cast<char>('0' + number / 10 % 10),
                                      static_cast<char>('0' + number % 10)};
  out->append(digits.data(), digits.size());
}

void AppendCivilDate(Time time, std::string* out) {
  const year_month_day civil = CivilFromTime(time);
  const auto year = static_cast<unsigned>(static_cast<int>(civil.year()));
  // No four digits: only a clock that is very wrong is so late.
  if (year > 9999) *out += std::to_string(year / 10000);
  AppendTwo(year / 100, out);
  AppendTwo(year, out);
  *out += '-';
  AppendTwo(static_cast<unsigned>(civil.month()), out);
  *out += '-';
  AppendTwo(static_cast<unsigned>(civil.day()), out);
}

}  // namespace

Time Now() {
  if (const char* fixed = std::getenv(kFixedTime)) {
    if (const std::optional<Time> time = ParseSeconds(fixed)) return *time;
  }
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

Status CheckFixedTime() {
  const char* fixed = std::getenv(kFixedTime);
  if (fixed == nullptr || ParseSeconds(fixed)) return Ok();
  return Error::Make(Kind::kUsage, "{} is \"{}\", which is no number of seconds since 1970",
                     kFixedTime, fixed)
      .Hint("`unset {}` uses the clock of this machine", kFixedTime);
}

std::string FormatDate(Time time) {
  std::string text;
  AppendCivilDate(time, &text);
  return text;
}

std::string FormatTime(Time time) {
  const Time second_of_day = ((time % kSecondsPerDay) + kSecondsPerDay) % kSecondsPerDay;
  std::string text;
  text.reserve(24);
  AppendCivilDate(time, &text);
  text += 'T';
  AppendTwo(static_cast<unsigned>(second_of_day / 3600), &text);
  text += ':';
  AppendTwo(static_cast<unsigned>(second_of_day / 60 % 60), &text);
  text += ':';
  AppendTwo(static_cast<unsigned>(second_of_day % 60), &text);
  text += 'Z';
  return text;
}

std::optional<Time> ParseDate(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto y = ParseDigits(text, 0, 4);
  const auto m = ParseDigits(text, 5, 2);
  const auto d = ParseDigits(text, 8, 2);
  if (!y || !m || !d || *y < 1970) return std::nullopt;
  const year_month_day civil{year{*y}, month{static_cast<unsigned>(*m)},
                             day{static_cast<unsigned>(*d)}};
  if (!civil.ok()) return std::nullopt;
  return static_cast<Time>(sys_days{civil}.time_since_epoch().count()) * kSecondsPerDay;
}

std::optional<Time> ParseTime(std::string_view text) {
  if (text.size() != 20 || text[10] != 'T' || text[13] != ':' || text[16] != ':' ||
      text[19] != 'Z') {
    return std::nullopt;
  }
  const auto date = ParseDate(text.substr(0, 10));
  const auto h = ParseDigits(text, 11, 2);
  const auto m = ParseDigits(text, 14, 2);
  const auto s = ParseDigits(text, 17, 2);
  if (!date || !h || !m || !s || *h > 23 || *m > 59 || *s > 59) return std::nullopt;
  return *date + std::int64_t{*h} * 3600 + std::int64_t{*m} * 60 + *s;
}

}  // namespace gapferry
