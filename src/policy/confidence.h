// policy/confidence.h: how sure the authors of an event are, as the tags of MISP's taxonomies say
// it, from 0 to 100. The numbers are the taxonomies' own (misp-taxonomies, numerical_value).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "intel/event.h"

namespace gapferry::policy {

struct ConfidenceTag {
  std::string_view predicate;  // "admiralty-scale:source-reliability"
  std::string_view value;      // "a"
  std::uint8_t confidence;
};
// Every tag that counts, by predicate.
[[nodiscard]] std::span<const ConfidenceTag> AllConfidenceTags();

// The lowest that any of the tags says; nullopt if none says anything. Compared without case and
// without quotes; a value that the taxonomy does not have says nothing.
[[nodiscard]] std::optional<std::uint8_t> ReadConfidence(std::span<const intel::Tag> tags);

}  // namespace gapferry::policy
