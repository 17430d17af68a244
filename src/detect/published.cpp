#include "detect/published.h"

#include <algorithm>

#include "base/hash.h"

namespace gapferry::detect {
namespace {

using store::ObjectVersion;

bool IsBeforeById(const ObjectVersion& left, const ObjectVersion& right) {
  return left.id < right.id;
}

}  // namespace

Status PublishedObjects::Open(std::string family) {
  family_ = std::move(family);
  fresh_.clear();
  changed_ = false;
  GF_TRY(known_, registry_.Objects(space_, family_));
  return Ok();
}

ObjectVersion PublishedObjects::Publish(const Uuid& id, std::string_view content) {
  ObjectVersion object;
  object.id = id;
  object.content = FingerprintOf(AsBytes(content));
  object.changed = now_;
  const auto found = std::lower_bound(known_.begin(), known_.end(), object, IsBeforeById);
  if (found == known_.end() || found->id != id) {
    fresh_.push_back(object);
    return object;
  }
  if (found->content == object.content) return *found;
  const bool same = found->content == store::ContentOf(Hash256(AsBytes(content)));
  found->content = object.content;
  changed_ = true;
  // A store that was made before fingerprints were taken.
  if (same) return *found;
  ++found->rev;
  // After a rollback an older bundle may be the one in use.
  found->changed = std::max(found->changed, now_);
  return *found;
}

Status PublishedObjects::Close() {
  if (fresh_.empty() && !changed_) return Ok();
  // Two events may name one object; it is the last that is remembered.
  std::reverse(fresh_.begin(), fresh_.end());
  std::stable_sort(fresh_.begin(), fresh_.end(), IsBeforeById);
  fresh_.erase(std::unique(fresh_.begin(), fresh_.end(),
                           [](const ObjectVersion& left, const ObjectVersion& right) {
                             return left.id == right.id;
                           }),
               fresh_.end());
  std::vector<ObjectVersion> all;
  all.reserve(known_.size() + fresh_.size());
  std::merge(known_.begin(), known_.end(), fresh_.begin(), fresh_.end(), std::back_inserter(all),
             IsBeforeById);
  // Before the blob is made: a large family would lie in memory once more.
  fresh_ = {};
  known_ = {};
  return registry_.PutObjects(space_, family_, all);
}

}  // namespace gapferry::detect
