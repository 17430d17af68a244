#include "exporter/misp_added_feed.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/console.h"
#include "collect/exclusion.h"
#include "collect/http.h"

namespace gapferry::exporter {
namespace {

using collect::InstanceFeed;

// "3" or "3,4", as MISP counts them.
Status CheckColumns(std::string_view columns) {
  constexpr std::size_t kMostDigits = 4;
  const auto is_number = [](std::string_view text) {
    return !text.empty() && text.size() <= kMostDigits && text[0] != '0' &&
           std::all_of(text.begin(), text.end(), IsAsciiDigit);
  };
  for (std::string_view rest = columns; !columns.empty();) {
    const std::size_t end = rest.find(',');
    if (!is_number(AsciiTrim(rest.substr(0, end)))) {
      return Error::Make(Kind::kUsage,
                         "--columns is \"{}\"; MISP wants numbers from 1, such as 3,4",
                         Printable(columns));
    }
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return Ok();
}

Status CheckDelimiter(std::string* delimiter) {
  if (*delimiter == "tab" || *delimiter == "\t") *delimiter = "\\t";
  const bool one = delimiter->size() == 1 && (*delimiter)[0] >= ' ' && (*delimiter)[0] <= '~';
  if (delimiter->empty() || *delimiter == "\\t" || one) return Ok();
  return Error::Make(Kind::kUsage,
                     "--delimiter is \"{}\"; it can be one ASCII character, such as ; or tab",
                     Printable(*delimiter));
}

// MISP's patterns are those of PCRE, between delimiters. What RE2 alone does not know is left to
// MISP.
Status CheckExclude(std::string_view pattern) {
  if (pattern.empty()) return Ok();
  constexpr std::string_view kNoDelimiters = " \\^([.";
  const std::size_t close = pattern.rfind(pattern[0]);
  const bool delimited = !IsAsciiAlnum(pattern[0]) && pattern[0] > ' ' &&
                         kNoDelimiters.find(pattern[0]) == std::string_view::npos && close > 1 &&
                         std::all_of(pattern.begin() + static_cast<std::ptrdiff_t>(close) + 1,
                                     pattern.end(), IsAsciiAlnum);
  if (!delimited) {
    return Error::Make(Kind::kUsage,
                       "--exclude is \"{}\"; MISP wants a pattern between two of one sign, such as "
                       "/^#/",
                       Printable(pattern));
  }
  const auto parsed = collect::Exclusion::Parse(pattern);
  if (parsed.ok()) return Ok();
  const std::string& why = parsed.error().what;
  const bool only_pcre = why.find("invalid perl operator") != std::string::npos ||
                         why.find("invalid escape sequence") != std::string::npos;
  if (only_pcre) return Ok();
  return Error::Make(Kind::kUsage, "--exclude: {}", Printable(why));
}

Status CheckAddress(const std::string& url) {
  const std::string lower = AsciiLower(url);
  const std::size_t host = lower.starts_with("https://")  ? 8
                           : lower.starts_with("http://") ? 7
                                                          : lower.size();
  const bool has_host = host < lower.size() && IsAsciiAlnum(lower[host]);
  if ((has_host || lower.substr(host).starts_with('[')) &&
      lower.find_first_of(" \t\r\n") == std::string::npos)
    return Ok();
  return Error::Make(Kind::kUsage, "\"{}\" is no address of a feed: https://HOST/PATH, or http",
                     collect::ShownUrl(url));
}

}  // namespace

Result<InstanceFeed> CheckedFeed(InstanceFeed feed) {
  if (AsciiTrim(feed.name).empty()) return Error::Make(Kind::kUsage, "the feed needs a name");
  GF_CHECK(CheckAddress(feed.url));
  if (feed.format != "misp" && feed.format != "csv" && feed.format != "freetext") {
    return Error::Make(Kind::kUsage, "--format is \"{}\"; it can be misp, csv or freetext",
                       Printable(feed.format));
  }
  if (feed.format != "csv" && !(feed.columns + feed.delimiter).empty())
    return Error::Make(Kind::kUsage, "--columns and --delimiter are for --format csv");
  if (feed.format == "misp" && !feed.exclude.empty())
    return Error::Make(Kind::kUsage, "--exclude is for --format csv and freetext");
  GF_CHECK(CheckColumns(feed.columns));
  GF_CHECK(CheckDelimiter(&feed.delimiter));
  GF_CHECK(CheckExclude(feed.exclude));
  return feed;
}

}  // namespace gapferry::exporter
