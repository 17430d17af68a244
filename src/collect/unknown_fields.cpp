#include "collect/unknown_fields.h"

#include "collect/misp_event.h"

namespace gapferry::collect {
namespace {

constexpr std::size_t kMaxKeyBytes = 200;

void Collect(const FieldPath& path, std::map<std::string, std::uint64_t>* all) {
  for (const auto& [key, seen] : path.unknown)
    (*all)[path.name.empty() ? key : path.name + "." + key] += seen;
  for (const auto& [key, below] : path.below)
    Collect(*below, all);
}

}  // namespace

FieldPath* UnknownFields::Root(std::string_view name) {
  return name.empty() ? &roots_ : Below(&roots_, name);
}

FieldPath* UnknownFields::Below(FieldPath* path, std::string_view key) {
  auto known = path->below.find(key);
  if (known != path->below.end()) return known->second.get();
  auto made = std::make_unique<FieldPath>();
  made->name = path->name.empty() ? std::string(key) : path->name + "." + std::string(key);
  return path->below.emplace(key, std::move(made)).first->second.get();
}

void UnknownFields::Count(FieldPath* path, const std::string& key) {
  auto known = path->unknown.find(key);
  if (known != path->unknown.end()) {
    ++known->second;
  } else if (different_ < kMaxUnknownFields && key.size() <= kMaxKeyBytes) {
    path->unknown.emplace(key, 1);
    ++different_;
  } else {
    ++others_;
  }
}

std::map<std::string, std::uint64_t> UnknownFields::All() const {
  std::map<std::string, std::uint64_t> all;
  Collect(roots_, &all);
  if (others_ > 0) all["…"] = others_;
  return all;
}

}  // namespace gapferry::collect
