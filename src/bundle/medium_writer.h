// bundle/medium_writer.h: puts one bundle on a medium: room first, then roots and volumes, read
// back, then the label. What lay there before stays, unless it is to be replaced.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "bundle/manifest.h"
#include "bundle/medium.h"
#include "bundle/volume_writer.h"

namespace gapferry::bundle {

struct MediumContent {
  const Manifest& manifest;
  MemberList head;
  std::vector<VolumePart> parts;
  ChunkSource chunks;
  // Lies beside the bundles, so that every medium can set up a site; believed by its fingerprint
  // only.
  std::optional<SignedDocument> first_root;
  // The same for sites that were added since: the newest root, by its version.
  std::map<std::uint64_t, SignedDocument> newest_root = {};
  // Another bundle of this number follows, a full after a delta: older bundles are left to it.
  bool more_follows = false;
};

struct WrittenMedium {
  std::vector<WrittenVolume> volumes;
  std::vector<std::string> older;       // names of older bundles of the stream that are still there
  std::vector<std::string> unfinished;  // what interrupted writers left of this stream
  std::vector<std::string> removed;     // older and unfinished ones that were replaced
  bool replace = false;                 // whether older ones were to go
};

// Compares what `parts` need, with label and root files, with what the folder's file system has.
// Writes nothing. Errors: kNotFound if there is no such folder; kNoSpace with both numbers;
// kTooLarge for a file system that cannot hold files of that size; kIo if it is read-only.
[[nodiscard]] Status CheckRoom(const std::filesystem::path& folder, const Manifest& manifest,
                               const std::vector<VolumePart>& parts);

// Errors: those of CheckRoom, before anything is written, and of WriteVolumes. With `replace` older
// bundles of the stream are removed once the new one is complete: those that their own manifests
// say are older. Of a delta that no full of its number follows, the fulls that it starts from stay;
// a full needs none. A heartbeat replaces nothing.
[[nodiscard]] Result<WrittenMedium> WriteMedium(const std::filesystem::path& folder,
                                                const MediumContent& content, bool replace,
                                                const VolumeProgress& progress = {});

// Writes the label for a bundle whose volumes lie in `folder`.
[[nodiscard]] Status WriteLabel(const std::filesystem::path& folder, const Manifest& manifest,
                                const MemberList& head,
                                const std::vector<std::filesystem::path>& volumes,
                                const std::optional<SignedDocument>& first_root);

}  // namespace gapferry::bundle
