#include "detect/sigma_common.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace gapferry::detect {
namespace {

// In lower case. Each piece of them is as common.
constexpr auto kCommonTexts = std::to_array<std::string_view>(
    {"mozilla/5.0 (windows nt 10.0; win64; x64) applewebkit/537.36 (khtml, like gecko) chrome/",
     "mozilla/5.0 (x11; linux x86_64) ",
     "mozilla/5.0 (macintosh; intel mac os x 10_15_7) ",
     "mozilla/5.0 (compatible; ",
     " safari/537.36",
     "http://www.",
     "https://www.",
     "http/1.1",
     "localhost",
     "index.html",
     R"(c:\windows\system32\)",
     R"(c:\windows\syswow64\)",
     R"(c:\program files (x86)\)",
     R"(c:\program files\)",
     R"(c:\programdata\)",
     R"(c:\users\)",
     R"(\device\harddiskvolume)",
     R"(\appdata\local\)",
     R"(nt authority\system)",
     "microsoft",
     R"(hklm\software\microsoft\windows\currentversion\)",
     R"(hkcu\software\)",
     R"(hklm\system\currentcontrolset\)",
     "/usr/local/bin/",
     "/usr/sbin/",
     "/usr/lib/",
     "/home/",
     "/var/log/",
     ".exe",
     ".dll",
     ".com",
     ".net",
     ".org",
     "true",
     "false"});

constexpr auto kCommonValues = std::to_array<std::string_view>(
    {"allow", "allowed", "false", "get", "no", "post", "success", "tcp", "true", "udp", "yes"});

// Of Splunk: times, and which events are searched. `eventtype` is a field of Okta's. Of Lucene:
// what has a field, and where it is stored.
constexpr auto kQueryWords = std::to_array<std::string_view>({"_exists_",
                                                              "_index",
                                                              "_index_earliest",
                                                              "_index_latest",
                                                              "_type",
                                                              "and",
                                                              "daysago",
                                                              "earliest",
                                                              "enddaysago",
                                                              "endtime",
                                                              "false",
                                                              "hoursago",
                                                              "in",
                                                              "index",
                                                              "latest",
                                                              "like",
                                                              "minutesago",
                                                              "monthsago",
                                                              "not",
                                                              "null",
                                                              "or",
                                                              "savedsearch",
                                                              "savedsplunk",
                                                              "searchtimespandays",
                                                              "splunk_server",
                                                              "splunk_server_group",
                                                              "startdaysago",
                                                              "starttime",
                                                              "tag",
                                                              "true"});

template <typename List>
bool HasWord(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool IsWholly(std::string_view text, const RE2& form) {
  return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), form);
}

}  // namespace

bool IsCommonSigmaPart(std::string_view part) {
  static const RE2 blanks("\\s*");
  static const RE2 number("[0-9]{1,3}|(?:19|20)[0-9]{2}(?:-[01]?[0-9]?)?");
  static const RE2 address("[0-9]{1,3}\\.[0-9]{0,2}|[0-9a-f]{1,4}:[0-9a-f]{0,3}");
  return IsWholly(part, blanks) || IsWholly(part, number) || IsWholly(part, address) ||
         std::any_of(kCommonTexts.begin(), kCommonTexts.end(), [&](std::string_view text) {
           return text.find(part) != std::string_view::npos;
         });
}

bool IsCommonSigmaValue(std::string_view value) {
  return HasWord(kCommonValues, AsciiLower(value));
}

bool IsWordOfQueries(std::string_view name) {
  static const RE2 number("[0-9][0-9_.]*(?:[eE][0-9]+)?|0[xX][0-9a-fA-F]+");
  return IsWholly(name, number) || HasWord(kQueryWords, AsciiLower(name));
}

}  // namespace gapferry::detect
