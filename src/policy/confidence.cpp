#include "policy/confidence.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace gapferry::policy {
namespace {

constexpr std::string_view kReliability = "admiralty-scale:source-reliability";
constexpr std::string_view kCredibility = "admiralty-scale:information-credibility";
constexpr std::string_view kJudgment = "estimative-language:confidence-in-analytic-judgment";
constexpr std::string_view kLikelihood = "estimative-language:likelihood-probability";
constexpr std::string_view kLevel = "misp:confidence-level";
constexpr std::string_view kCertainty = "osint:certainty";

constexpr auto kTags = std::to_array<ConfidenceTag>({
    {kCredibility, "1", 100},
    {kCredibility, "2", 75},
    {kCredibility, "3", 50},
    {kCredibility, "4", 25},
    {kCredibility, "5", 0},
    {kCredibility, "6", 50},  // cannot be judged
    {kReliability, "a", 100},
    {kReliability, "b", 75},
    {kReliability, "c", 50},
    {kReliability, "d", 25},
    {kReliability, "e", 0},
    {kReliability, "f", 50},  // cannot be judged
    {kReliability, "g", 0},   // deliberately deceptive
    {kJudgment, "low", 0},
    {kJudgment, "moderate", 55},
    {kJudgment, "high", 95},
    {kLikelihood, "almost-no-chance", 0},
    {kLikelihood, "very-unlikely", 5},
    {kLikelihood, "unlikely", 20},
    {kLikelihood, "roughly-even-chance", 45},
    {kLikelihood, "likely", 55},
    {kLikelihood, "very-likely", 80},
    {kLikelihood, "almost-certain", 95},
    {kLevel, "completely-confident", 100},
    {kLevel, "usually-confident", 75},
    {kLevel, "fairly-confident", 50},
    {kLevel, "rarely-confident", 25},
    {kLevel, "unconfident", 0},
    {kLevel, "confidence-cannot-be-evaluated", 50},
    {kCertainty, "100", 100},
    {kCertainty, "93", 93},
    {kCertainty, "75", 75},
    {kCertainty, "50", 50},
    {kCertainty, "30", 30},
    {kCertainty, "7", 7},
    {kCertainty, "0", 0},
});

bool SameWord(std::string_view a, std::string_view b) {
  return a.size() == b.size() && AsciiLower(a) == b;
}

std::string_view Unquoted(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return value;
  return value.substr(1, value.size() - 2);
}

std::optional<std::uint8_t> Find(std::string_view tag) {
  tag = AsciiTrim(tag);
  const std::size_t equals = tag.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const std::string_view predicate = tag.substr(0, equals);
  const std::string_view value = Unquoted(tag.substr(equals + 1));
  const auto* found = std::find_if(kTags.begin(), kTags.end(), [&](const ConfidenceTag& known) {
    return SameWord(predicate, known.predicate) && SameWord(value, known.value);
  });
  if (found == kTags.end()) return std::nullopt;
  return found->confidence;
}

}  // namespace

std::span<const ConfidenceTag> AllConfidenceTags() {
  return kTags;
}

std::optional<std::uint8_t> ReadConfidence(std::span<const intel::Tag> tags) {
  std::optional<std::uint8_t> lowest;
  for (const intel::Tag& tag : tags) {
    const std::optional<std::uint8_t> found = Find(tag.name);
    if (found && (!lowest || *found < *lowest)) lowest = found;
  }
  return lowest;
}

}  // namespace gapferry::policy
