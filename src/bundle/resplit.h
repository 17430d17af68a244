// bundle/resplit.h: work on finished bundles: other volumes, another signature. Both copy chunk by
// chunk, each compared with the table of the bundle's own manifest; neither knows a root, so
// neither says who signed it.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "bundle/medium.h"
#include "bundle/medium_writer.h"
#include "bundle/minisign.h"

namespace gapferry::bundle {

// Writes the bundle in `found` into `folder`, cut for `max_bytes` a volume: the same manifest and
// head, byte for byte. The first root goes with it if it lies beside the bundle. Errors:
// kIncomplete, kDamaged for what is not whole; those of WriteMedium.
[[nodiscard]] Result<WrittenMedium> Resplit(FoundBundle& found, const std::filesystem::path& folder,
                                            std::uint64_t max_bytes,
                                            const VolumeProgress& progress = {});

// Adds a signature by `key` to the head of every volume in `found`, each rewritten beside its name,
// read back, then renamed. Volumes that have it, from a run that was interrupted, stay as they are;
// one under its id that does not fit is replaced.
// Returns the volumes rewritten. Errors: kUsage if all have it; kTooLarge beyond kMaxSignatures;
// kNoSpace; those of StagedVolume.
[[nodiscard]] Result<std::vector<WrittenVolume>> AddSignature(FoundBundle& found,
                                                              const SecretKey& key,
                                                              const VolumeProgress& progress = {});

}  // namespace gapferry::bundle
