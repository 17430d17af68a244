// bundle/volume.h: the file that crosses the gap: its name and what it carries before its chunks.
// Format: docs/bundle-format.md §2. volume_writer.h writes it, reader.h reads it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
  std::uint64_t epoch = 1;
  std::uint64_t seq = 1;
  BundleKind kind = BundleKind::kFull;
  std::uint32_t part = 1;
  std::uint32_t parts = 1;

  friend bool operator==(const VolumeName&, const VolumeName&) = default;
};
// "ot-plant-000042-full.gfb", "ot-plant-000042-full-v2of3.gfb". Only later epochs are named, by a
// dot, which no stream name holds: "ot-plant-2.000001-full.gfb".
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

// Name and content, in the order of the file.
using MemberList = std::vector<std::pair<std::string, std::string>>;

// The members before the payload. Signatures are ordered by key id, the first one is
// `<document>.minisig`, the others
// `<document>.<KEYID>.minisig`.
// Errors: kMalformed if a document has no signature, two by one key, or one that does not parse;
// kTooLarge.
[[nodiscard]] Result<MemberList> HeadMembers(const VolumeHead& head);
// What they take in the file, with headers and padding.
[[nodiscard]] std::uint64_t StoredBytesOf(const MemberList& members);

}  // namespace gapferry::bundle
