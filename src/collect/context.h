// collect/context.h: what a source says of itself beside its events, as it was when it was last
// collected: taxonomies and their tags, sharing groups, attribute types, feeds, galaxies, decaying
// models, ATT&CK clusters. For people and for explanations: it decides nothing, and nothing of it
// crosses.
#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"

namespace gapferry::collect {

enum class ContextPart : std::uint8_t {
  kTaxonomies,
  kSharingGroups,
  kTypes,
  kFeeds,
  kGalaxies,
  kDecayingModels,
  kTaxonomyTags,  // of the taxonomies that are enabled or in use
  kClusters,      // of the galaxies of MITRE ATT&CK
};
constexpr std::size_t kContextParts = 8;
[[nodiscard]] std::string_view ContextPartName(ContextPart part);  // "sharing_groups", …

constexpr std::size_t kMaxContextRows = 20'000;  // of one part
constexpr std::size_t kMaxContextText = 500;     // of one field or key: what is longer is cut
constexpr std::size_t kMaxContextList = 8'000;   // of a field that is a list

// One thing, by the names of its fields. Flags are "true" or "false".
using ContextRow = std::map<std::string, std::string, std::less<>>;
using ContextRows = std::map<std::string, ContextRow, std::less<>>;  // by name, UUID or id
struct ContextList {
  bool visible = false;
  std::string note;  // why it is not, or why it is that of an earlier day
  ContextRows rows;
};
struct ContextChange {
  ContextPart part = ContextPart::kTaxonomies;
  std::string what;  // added, removed or changed
  std::string key;
};
struct Context {
  Time taken = 0;
  std::array<ContextList, kContextParts> parts;
  std::vector<ContextChange> changes;  // against what it was one collect before
  std::set<std::string> stale_tags;    // taxonomies whose tags could not be read for their new row

  [[nodiscard]] ContextList& operator[](ContextPart part) {
    return parts[static_cast<std::size_t>(part)];
  }
  [[nodiscard]] const ContextList& operator[](ContextPart part) const {
    return parts[static_cast<std::size_t>(part)];
  }
};

// Field `name`, or "".
[[nodiscard]] std::string FieldOf(const ContextRow& row, std::string_view name);
// How many rows have "true" there.
[[nodiscard]] std::size_t CountWith(const ContextList& list, std::string_view flag);

// Of parts that are visible in both.
[[nodiscard]] std::vector<ContextChange> CompareContext(const Context& before,
                                                        const Context& after);

[[nodiscard]] Json ContextJson(const Context& context);
// Accepts what ContextJson makes. Error: kMalformed.
[[nodiscard]] Result<Context> ParseContext(std::string_view text);

// In the folder where what is fetched of a source is kept. Nothing if there is none yet.
[[nodiscard]] Result<std::optional<Context>> LoadContext(const std::filesystem::path& cache);
[[nodiscard]] Status SaveContext(const std::filesystem::path& cache, const Context& context);

}  // namespace gapferry::collect
