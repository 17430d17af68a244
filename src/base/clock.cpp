#include "base/clock.h"

#include <charconv>
#include <chrono>
#include <cstdlib>

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

// At least `width` digits, with zeros in front. By hand, since some artifacts have several times
// for every attribute and fmt takes most of what they cost.
void AppendDigits(unsigned number, int width, std::string* out) {
  unsigned unit = 1;
  while (--width > 0 || number / unit >= 10)
    unit *= 10;
  for (; unit > 0; unit /= 10)
    *out += static_cast<char>('0' + number / unit % 10);
}

void AppendCivilDate(Time time, std::string* out) {
  const year_month_day civil = CivilFromTime(time);
  AppendDigits(static_cast<unsigned>(static_cast<int>(civil.year())), 4, out);
  *out += '-';
  AppendDigits(static_cast<unsigned>(civil.month()), 2, out);
  *out += '-';
  AppendDigits(static_cast<unsigned>(civil.day()), 2, out);
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
  AppendCivilDate(time, &text);
  text += 'T';
  AppendDigits(static_cast<unsigned>(second_of_day / 3600), 2, &text);
  text += ':';
  AppendDigits(static_cast<unsigned>(second_of_day / 60 % 60), 2, &text);
  text += ':';
  AppendDigits(static_cast<unsigned>(second_of_day % 60), 2, &text);
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
