#include "collect/looks_like.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gapferry::collect {
namespace {

struct Likeness {
  std::array<std::string_view, 3> keys;  // all of them
  std::string_view name;
};

constexpr Likeness kLikenesses[] = {
    {{"type", "id", "objects"}, "a STIX 2 bundle"},
    {{"namespace", "predicates", "version"}, "a taxonomy"},
    {{"attributes", "meta-category", "name"}, "the definition of an object"},
    {{"matching_attributes", "list", "name"}, "a warninglist"},
    {{"name", "list", "version"}, "a warninglist"},
    {{"values", "authors", "uuid"}, "a cluster of a galaxy"},
    {{"namespace", "uuid", "icon"}, "a galaxy"},
    {{"GalaxyCluster", "uuid", "type"}, "a galaxy"},
    {{"SharingGroup", "Organisation", "SharingGroupOrg"}, "a list of sharing groups"},
    {{"Attribute", "Attribute", "Attribute"}, "attributes without their event"},
    {{"Object", "Object", "Object"}, "objects without their event"},
    {{"name", "message", "url"}, "an error message of MISP"},
};

}  // namespace

void KeySketch::Add(const std::string& key) {
  constexpr std::size_t kLongest = 40;
  if (keys_.size() < kMost && key.size() <= kLongest) keys_.push_back(key);
}

bool KeySketch::Has(std::string_view key) const {
  return std::find(keys_.begin(), keys_.end(), key) != keys_.end();
}

std::string KeySketch::LooksLike() const {
  for (const Likeness& likeness : kLikenesses) {
    if (std::all_of(likeness.keys.begin(), likeness.keys.end(),
                    [&](std::string_view key) { return Has(key); })) {
      return std::string(likeness.name);
    }
  }
  if (keys_.empty()) return "an empty object";
  std::string shown;
  for (std::size_t i = 0; i < std::min<std::size_t>(keys_.size(), 4); ++i)
    shown += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", keys_[i]);
  return fmt::format("an object with {}", shown);
}

}  // namespace gapferry::collect
