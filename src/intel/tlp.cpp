#include "intel/tlp.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/bytes.h"
#include "intel/tag_fold.h"

namespace gapferry::intel {
namespace {

const std::vector<std::string_view> kTlpNames = {"clear", "green", "amber", "amber+strict", "red"};
constexpr std::array<std::string_view, 4> kPapNames = {"clear", "green", "amber", "red"};

// Other taxonomies that state a TLP (reference/misp.md §6.1). All carry it as a quoted value.
constexpr std::array<std::string_view, 3> kTlpPredicates = {
    "ais-marking:tlpmarking=", "iep:traffic-light-protocol=", "iep2-policy:tlp="};

// Lower case, without any white space or quotes: `TLP: AMBER` and `tlp:amber` are one.
std::string Squeeze(std::string_view text) {
  std::string squeezed;
  for (const char c : AsciiLower(text)) {
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n' && c != '"' && c != '\'')
      squeezed.push_back(c);
  }
  return squeezed;
}

template <typename T>
bool Tighten(std::optional<T>& current, T next) {
  const bool disagrees = current && *current != next;
  current = current ? std::max(*current, next) : next;
  return disagrees;
}

}  // namespace

std::string_view TlpName(Tlp tlp) {
  return kTlpNames[static_cast<std::size_t>(tlp)];
}
const std::vector<std::string_view>& TlpNames() {
  return kTlpNames;
}
std::string_view PapName(Pap pap) {
  return kPapNames[static_cast<std::size_t>(pap)];
}

std::optional<Tlp> FindTlp(std::string_view name) {
  if (name == "white") return Tlp::kClear;
  const auto found = std::find(kTlpNames.begin(), kTlpNames.end(), name);
  if (found == kTlpNames.end()) return std::nullopt;
  return static_cast<Tlp>(found - kTlpNames.begin());
}

std::optional<Pap> FindPap(std::string_view name) {
  if (name == "white") return Pap::kClear;
  const auto* found = std::find(kPapNames.begin(), kPapNames.end(), name);
  if (found == kPapNames.end()) return std::nullopt;
  return static_cast<Pap>(found - kPapNames.begin());
}

namespace {

// Nearly all tags are neither: the first two letters tell, without copying anything. What begins
// otherwise than with a letter or digit has to be folded first.
bool MayMark(std::string_view trimmed) {
  constexpr std::array<std::string_view, 4> kBegin = {"tl", "pa", "ai", "ie"};
  if (!trimmed.empty() && IsAsciiAlnum(trimmed[0])) {
    const bool whole = trimmed.size() > 1 && IsAsciiAlnum(trimmed[1]);
    return std::any_of(kBegin.begin(), kBegin.end(), [&](std::string_view begin) {
      return StartsLike(trimmed, begin.substr(0, whole ? 2 : 1));
    });
  }
  return true;
}

// "tlp_red", "TLPv2:RED", "#tlp:red", "tlp", "tlpost": what begins so means a TLP, whatever
// follows. Only the threat-led penetration test is a word, unless a level follows it.
bool ClaimsTlp(std::string_view folded) {
  if (!folded.starts_with("tlp")) return false;
  constexpr std::string_view kTest = "tlpt";
  if (!folded.starts_with(kTest)) return true;
  const std::string_view rest = folded.substr(kTest.size());
  return !rest.empty() && (IsAsciiAlnum(rest.front()) || FindTlp(rest.substr(1)));
}

// As above, but "paper" and "Papua" are words: a level, a version or no letter has to follow.
bool ClaimsPap(std::string_view folded) {
  constexpr std::string_view kPap = "pap";
  if (!folded.starts_with(kPap)) return false;
  std::string_view rest = folded.substr(kPap.size());
  if (rest.empty() || !IsAsciiAlnum(rest.front())) return true;
  if (rest.front() == 'v') rest.remove_prefix(1);
  return (!rest.empty() && IsAsciiDigit(rest.front())) || rest.starts_with("white") ||
         std::any_of(kPapNames.begin(), kPapNames.end(),
                     [&](std::string_view level) { return rest.starts_with(level); });
}

bool ClaimsOther(std::string_view folded) {
  return std::any_of(kTlpPredicates.begin(), kTlpPredicates.end(),
                     [&](std::string_view predicate) { return folded.starts_with(predicate); });
}

// The value of `tlp:…` or `pap:…`, spelled in one of the ways that are known.
std::optional<std::string_view> ValueOf(std::string_view squeezed, std::string_view name) {
  const bool named = squeezed.size() > name.size() && squeezed.starts_with(name) &&
                     std::string_view(":=-").find(squeezed[name.size()]) != std::string_view::npos;
  return named ? std::optional(squeezed.substr(name.size() + 1)) : std::nullopt;
}

std::optional<std::string_view> TlpValueOf(std::string_view squeezed) {
  for (const std::string_view predicate : kTlpPredicates) {
    if (squeezed.starts_with(predicate)) return squeezed.substr(predicate.size());
  }
  return ValueOf(squeezed, "tlp");
}

}  // namespace

void Markings::Read(std::string_view tag_name) {
  const std::string_view trimmed = AsciiTrim(tag_name);
  if (!MayMark(trimmed)) return;
  const std::string squeezed = Squeeze(trimmed);
  if (const auto value = ValueOf(squeezed, "pap")) {
    Tighten(pap, FindPap(*value).value_or(Pap::kRed));
    return;
  }
  const std::optional<std::string_view> value = TlpValueOf(squeezed);
  if (value == "ex:chr") {
    hide_source = true;
    return;
  }
  if (!value) {  // spelled in a way that nobody agreed on: no value is known
    const std::string folded = FoldTag(trimmed);
    if (ClaimsPap(folded)) Tighten(pap, Pap::kRed);
    if (!ClaimsTlp(folded) && !ClaimsOther(folded)) return;
  }
  const std::optional<Tlp> known = value ? FindTlp(*value) : std::nullopt;
  unknown_tlp = unknown_tlp || !known;
  several_tlp = Tighten(tlp, known.value_or(Tlp::kRed)) || several_tlp;
}

void Markings::Add(const Markings& other) {
  if (other.tlp) Tighten(tlp, *other.tlp);
  if (other.pap) Tighten(pap, *other.pap);
  hide_source = hide_source || other.hide_source;
  unknown_tlp = unknown_tlp || other.unknown_tlp;
  several_tlp = several_tlp || other.several_tlp;
}

}  // namespace gapferry::intel
