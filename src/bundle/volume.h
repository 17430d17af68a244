// bundle/volume.h: the file that crosses the gap: its name, its parts, and how it is written.
// Format: docs/bundle-format.md §2.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "bundle/manifest.h"
#include "bundle/root.h"
#include "bundle/ustar.h"

namespace gapferry::bundle {

constexpr std::string_view kManifestMember = "manifest.json";
constexpr std::size_t kMaxRootsInVolume = 64;
// Of the members before the payload, together; also bounds the memory of a reader.
constexpr std::size_t kMaxHeadBytes = 4 << 20;

struct VolumeName {
  std::string stream;
  std::uint64_t seq = 1;
  BundleKind kind = BundleKind::kFull;
  std::uint32_t part = 1;
  std::uint32_t parts = 1;

  friend bool operator==(const VolumeName&, const VolumeName&) = default;
};
// "ot-plant-000042-full.gfb", "ot-plant-000042-full-v2of3.gfb"
[[nodiscard]] std::string FormatVolumeName(const VolumeName& name);
// A convenience for listing a medium: nothing is decided by a file's name.
[[nodiscard]] std::optional<VolumeName> ParseVolumeName(std::string_view file_name);

// "payload/00042"
[[nodiscard]] std::string ChunkMemberName(std::size_t index);

// What every volume carries before its chunks.
struct VolumeHead {
  SignedDocument manifest;
  std::vector<SignedDocument>
      roots;  // by version, without a gap, from 2 on (or from wherever an old chain was cut)
};

// The members before the payload. Signatures are ordered by key id, the first one is
// `<document>.minisig`, the others
// `<document>.<KEYID>.minisig`.
// Errors: kMalformed if a document has no signature, two by one key, or one that does not parse;
// kTooLarge.
[[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> HeadMembers(
    const VolumeHead& head);

struct WrittenVolume {
  std::filesystem::path path;
  std::uint64_t size = 0;
  Digest512 digest{};  // as `b2sum` prints it
};

// Called with the bytes written or read back since the last call.
using VolumeProgress = std::function<void(std::uint64_t)>;

// Writes one volume that holds the whole bundle into `folder` under its own name. `payload_fd` is a
// readable file of exactly the manifest's stored bytes (ignored for a heartbeat). Each chunk is
// compared with the signed table before it is written; then the file is synced, dropped from the
// cache, read back from the medium and compared, and only then takes its name. The same input gives
// the same bytes. Errors: kIo, kNoSpace; kMalformed, kTooLarge for the head; kDamaged if the
// payload is not what the manifest says, or the medium does not give back what was written.
[[nodiscard]] Result<WrittenVolume> WriteVolume(const std::filesystem::path& folder,
                                                const VolumeHead& head, int payload_fd,
                                                const VolumeProgress& progress = {});

}  // namespace gapferry::bundle
