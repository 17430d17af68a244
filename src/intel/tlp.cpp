#include "intel/tlp.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/bytes.h"

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

// "tlp_red", "tlp;red", "tlp：red", "tlp", "tlpred": what begins so means a TLP, whatever follows.
// "tlpost" is a word.
bool ClaimsTlp(std::string_view squeezed) {
  constexpr std::string_view kTlp = "tlp";
  if (!squeezed.starts_with(kTlp)) return false;
  const std::string_view rest = squeezed.substr(kTlp.size());
  return rest.empty() || !IsAsciiAlnum(rest.front()) || FindTlp(rest);
}

}  // namespace

void Markings::Read(std::string_view tag_name) {
  const std::string_view trimmed = AsciiTrim(tag_name);
  // Nearly all tags are neither: look at the first letter before copying anything.
  if (trimmed.size() < 3) return;
  const char first = trimmed[0];
  if (first != 't' && first != 'T' && first != 'p' && first != 'P' && first != 'a' &&
      first != 'A' && first != 'i' && first != 'I') {
    return;
  }
  std::string_view value;
  bool is_tlp = false;
  const std::string squeezed = Squeeze(trimmed);
  if (StartsLike(squeezed, "tlp:") || StartsLike(squeezed, "tlp=") ||
      StartsLike(squeezed, "tlp-")) {
    is_tlp = true;
    value = std::string_view(squeezed).substr(4);
  } else if (ClaimsTlp(squeezed)) {
    is_tlp = true;  // spelled in a way that nobody agreed on: no value is known
  } else if (StartsLike(squeezed, "pap:")) {
    Tighten(pap, FindPap(std::string_view(squeezed).substr(4)).value_or(Pap::kRed));
    return;
  }
  for (const std::string_view predicate : kTlpPredicates) {
    if (StartsLike(squeezed, predicate)) {
      is_tlp = true;
      value = std::string_view(squeezed).substr(predicate.size());
    }
  }
  if (!is_tlp) return;
  if (value == "ex:chr") {
    hide_source = true;
    return;
  }
  const std::optional<Tlp> known = FindTlp(value);
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
