#include <array>

#include "base/bytes.h"
#include "intel/value.h"

namespace gapferry::intel {
namespace {

struct Substitution {
  std::string_view defanged;  // lower case
  std::string_view plain;
};

constexpr std::string_view kWideStop = "\xE3\x80\x82";

// Forms seen in the wild, longest first where one begins another. MISP knows the square and the
// (dot) ones only.
constexpr auto kAnywhere = std::to_array<Substitution>({
    {"[hxxp://]", "http://"},
    {"[hxxps://]", "https://"},
    {"[http://]", "http://"},
    {"[https://]", "https://"},
    {"[://]", "://"},
    {"[:]//", "://"},
    {"[:]", ":"},
    {"(:)", ":"},
    {"[.]", "."},
    {"(.)", "."},
    {"{.}", "."},
    {"[,]", "."},
    {kWideStop, "."},  // the full stop of Chinese and Japanese, which is a dot in names too
    {"<.>", "."},
    {"[dot]", "."},
    {"(dot)", "."},
    {"{dot}", "."},
    {"<dot>", "."},
    {"[at]", "@"},
    {"(at)", "@"},
    {"{at}", "@"},
    {"[@]", "@"},
    {"(@)", "@"},
    {"{@}", "@"},
    {"[/]", "/"},
    {"\\.", "."},
});

constexpr auto kSchemes = std::to_array<Substitution>({
    {"hxxps", "https"},
    {"hxxp", "http"},
    {"hxtps", "https"},
    {"hxtp", "http"},
    {"htxps", "https"},
    {"htxp", "http"},
    {"h[tt]ps", "https"},
    {"h[tt]p", "http"},
    {"h[xx]ps", "https"},
    {"h[xx]p", "http"},
    {"h**ps", "https"},
    {"h**p", "http"},
    {"meows", "https"},
    {"meow", "http"},
    {"fxps", "ftps"},
    {"fxp", "ftp"},
});

bool LooksDefanged(std::string_view value) {
  if (value.find_first_of("[({<\\*") != std::string_view::npos) return true;
  // "example.]net": the bracket that opens was lost.
  if (value.find(".]") != std::string_view::npos) return true;
  if (value.find(kWideStop) != std::string_view::npos) return true;
  return StartsLike(value, "hx") || StartsLike(value, "htx") || StartsLike(value, "meow") ||
         StartsLike(value, "fxp");
}

bool IsNameByte(char c) {
  return IsAsciiAlnum(c) || static_cast<std::uint8_t>(c) >= 0x80;
}

// Half a bracket between two parts of a name, such as "evil[.com" or "evil.]com". A form that has
// both brackets was tried before.
std::size_t HalfBracket(std::string_view rest, const std::string& before) {
  if (rest.size() < 3 || before.empty() || !IsNameByte(before.back()) || !IsNameByte(rest[2]))
    return 0;
  const std::string_view pair = rest.substr(0, 2);
  return pair == "[." || pair == ".]" || pair == "(." || pair == ".)" ? 2 : 0;
}

}  // namespace

std::string Refang(std::string_view value) {
  if (!LooksDefanged(value)) return std::string(value);
  std::string plain;
  for (const Substitution& scheme : kSchemes) {
    if (!StartsLike(value, scheme.defanged)) continue;
    const std::string_view rest = value.substr(scheme.defanged.size());
    if (rest.empty() || (rest.front() != ':' && rest.front() != '[' && rest.front() != '('))
      continue;
    plain = scheme.plain;
    value = rest;
    break;
  }
  // Where half brackets are believable: in the host. A path keeps what it has.
  bool in_path = false;
  // An IPv6 host in brackets is no defanging: "[" stays unless one of the known forms begins there.
  while (!value.empty()) {
    bool replaced = false;
    const bool opens = std::string_view("[({<\\").find(value.front()) != std::string_view::npos ||
                       value.front() == kWideStop.front();
    for (const Substitution& form : kAnywhere) {
      if (!opens) break;
      if (!StartsLike(value, form.defanged)) continue;
      plain += form.plain;
      value.remove_prefix(form.defanged.size());
      replaced = true;
      break;
    }
    if (replaced) continue;
    if (const std::size_t half = in_path ? 0 : HalfBracket(value, plain); half > 0) {
      plain.push_back('.');
      value.remove_prefix(half);
      continue;
    }
    if (value.front() == '/' && !plain.empty() && plain.back() != ':' && plain.back() != '/')
      in_path = true;
    plain.push_back(value.front());
    value.remove_prefix(1);
  }
  return plain;
}

}  // namespace gapferry::intel
