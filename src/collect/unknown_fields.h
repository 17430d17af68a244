// collect/unknown_fields.h: counts the fields that no list names, by their path.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace gapferry::collect {

// One place in a document: "Event.Object.Attribute".
struct FieldPath {
  std::string name;
  std::map<std::string, std::unique_ptr<FieldPath>, std::less<>> below;
  std::unordered_map<std::string, std::uint64_t> unknown;
};

class UnknownFields {
 public:
  // The place without one above it; "" for the document itself.
  [[nodiscard]] FieldPath* Root(std::string_view name);
  [[nodiscard]] FieldPath* Below(FieldPath* path, std::string_view key);
  void Count(FieldPath* path, const std::string& key);
  [[nodiscard]] std::map<std::string, std::uint64_t> All() const;

 private:
  FieldPath roots_;
  std::size_t different_ = 0;
  std::uint64_t others_ = 0;
};

}  // namespace gapferry::collect
