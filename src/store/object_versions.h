// store/object_versions.h: what was published last of each of many objects, as one blob. A row an
// object would cost more than the objects do.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/uuid.h"

namespace gapferry::store {

struct ObjectVersion {
  using Content = std::array<std::uint8_t, 16>;

  Uuid id;
  Content content{};      // FingerprintOf what was published, earlier ContentOf its Hash256
  std::uint32_t rev = 1;  // rises with each change
  Time changed = 0;       // when rev last rose; never goes back

  friend bool operator==(const ObjectVersion&, const ObjectVersion&) = default;
};

[[nodiscard]] ObjectVersion::Content ContentOf(const Digest256& digest);

// 44 bytes an object: id, content, rev and changed, numbers with the highest byte first. The
// objects rise by id.
[[nodiscard]] Bytes EncodeObjectVersions(std::span<const ObjectVersion> objects);
// nullopt for a blob that EncodeObjectVersions would not have made.
[[nodiscard]] std::optional<std::vector<ObjectVersion>> DecodeObjectVersions(ByteView blob);

}  // namespace gapferry::store
