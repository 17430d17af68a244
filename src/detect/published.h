// detect/published.h: which objects were published, and when each changed last, for formats whose
// consumers go by that and not by an id (STIX). What is gone and comes back is known again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "detect/registry.h"
#include "store/object_versions.h"

namespace gapferry::detect {

class PublishedObjects {
 public:
  // `now` is the bundle's time of creation, `space` the destination and the kind of object.
  PublishedObjects(Registry& registry, std::string space, Time now)
      : registry_(registry), space_(std::move(space)), now_(now) {}

  // The objects of `family` follow: those that are written together. All of one family are held
  // in memory, 48 bytes each, and up to three times that while Close remembers them. Errors: kIo,
  // kNoSpace.
  [[nodiscard]] Status Open(std::string family);
  // `content` is what is published under `id` now; the version of what is new is 1.
  [[nodiscard]] store::ObjectVersion Publish(const Uuid& id, std::string_view content);
  // Remembers the family. Errors: kIo, kNoSpace.
  [[nodiscard]] Status Close();

 private:
  Registry& registry_;
  std::string space_;
  Time now_;
  std::string family_;
  std::vector<store::ObjectVersion> known_;  // by id
  std::vector<store::ObjectVersion> fresh_;  // in the order in which they came
  bool changed_ = false;
};

}  // namespace gapferry::detect
