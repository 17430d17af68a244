// bundle/reader.h: reads the volumes of one bundle so that no byte is used before it is known to be
// signed.
//
//   Open             structure of the members before the payload, within caps; nothing is parsed
//   roots            the caller walks them with NextRoot and persists what it learns
//   CheckSignatures  the manifest is signed for its stream under the caller's root
//   CheckComplete    from file sizes alone: is every chunk there
//   ReadPayload      each chunk is read once into one buffer, hashed, compared with the signed
//                    table and handed on from that buffer
//
// Memory: one chunk (4 MiB) and each different head (at most kMaxHeadBytes), whatever the bundle's
// size.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "bundle/source.h"
#include "bundle/trust.h"
#include "bundle/volume.h"
#include "bundle/volume_plan.h"

namespace gapferry::bundle {

class BundleReader {
 public:
  using Sink = std::function<Status(ByteView chunk)>;

  // Volumes in any order, at least one, all with the same manifest bytes. Signatures and roots are
  // those of all volumes together. Errors: kMalformed (not a bundle, foreign member, volumes of
  // different bundles), kIncomplete (the file ends within the head), kTooLarge, kIo.
  [[nodiscard]] static Result<BundleReader> Open(std::vector<std::unique_ptr<ByteSource>> volumes);
  // The same one by one. Errors of Merge: kMalformed, and nothing has changed.
  [[nodiscard]] static Result<BundleReader> OpenVolume(std::unique_ptr<ByteSource> volume);
  [[nodiscard]] Status Merge(BundleReader other);

  BundleReader(BundleReader&&) noexcept = default;
  BundleReader& operator=(BundleReader&&) noexcept = default;
  ~BundleReader() = default;

  // As stored and not yet believed.
  [[nodiscard]] const SignedDocument& manifest() const { return manifest_document_; }
  [[nodiscard]] const std::map<std::uint64_t, SignedDocument>& roots() const { return roots_; }
  // Whether both are volumes of one bundle: the same manifest, and the same roots, of which an
  // altered copy may hold others. Signatures may differ.
  [[nodiscard]] bool IsOneWith(const BundleReader& other) const;
  [[nodiscard]] std::size_t volume_count() const { return volumes_.size(); }
  // Name and content of every member before the payload of one volume, in the order of the file.
  [[nodiscard]] const MemberList& members(std::size_t volume) const {
    return *volumes_.at(volume).members;
  }
  // What a volume of this bundle must carry before its chunks: the very members of the volumes if
  // they are all the same, else the signatures of all. Errors: those of HeadMembers.
  [[nodiscard]] Result<MemberList> Head() const;

  // bundle::WalkRoots over the chain that the volumes carry.
  [[nodiscard]] Status WalkRoots(Root& now, const std::set<KeyId>& revoked_here = {}) const;

  // Errors: those of VerifySignatures.
  [[nodiscard]] Result<VerifiedManifest> CheckSignatures(const Root& root,
                                                         const std::set<KeyId>& revoked_here = {});

  // Takes the manifest as it stands, for work that needs no key: what is then read fits this
  // manifest, and nobody knows who wrote it. Errors: those of ParseManifest.
  [[nodiscard]] Result<Manifest> AssumeManifest();

  // The following need CheckSignatures or AssumeManifest first, else kNotReady.

  // Errors: kIncomplete names what is missing; kMalformed for bytes after the end.
  [[nodiscard]] Status CheckComplete();

  // From file sizes alone: is every volume that is here whole. Errors: those of CheckComplete.
  [[nodiscard]] Status CheckWhole();
  // The chunks of one volume and its size, after any of the checks.
  [[nodiscard]] VolumePart PartHere(std::size_t volume) const;

  // One chunk, from whichever volume has it whole. It lies within `buffer`. CheckComplete first.
  // Errors: kDamaged, kIncomplete, kIo: those of the first volume that should have it.
  [[nodiscard]] Result<ByteView> ReadChunk(std::size_t index, Bytes& buffer) const;

  // CheckComplete, then hands every chunk to `sink`, in order; an error of the sink ends it.
  // Errors: kIncomplete; kDamaged names the bytes of the file; kIo.
  [[nodiscard]] Status ReadPayload(const Sink& sink);

  // Reads every byte of every volume that is here and returns every fault; empty if they are whole.
  // What is not here at all, MissingChunks says afterwards.
  [[nodiscard]] std::vector<Error> FindDamage();
  // The chunks that no volume holds, as their sizes say. After CheckComplete or FindDamage.
  [[nodiscard]] std::vector<std::size_t> MissingChunks() const;

 private:
  struct Volume {
    std::unique_ptr<ByteSource> source;
    std::shared_ptr<const MemberList> members;
    std::uint64_t payload_at = 0;  // offset of the first chunk's header, or of the end blocks
    std::size_t first_chunk = 0;   // as that header says; a wrong one cannot give the signed hashes
    std::size_t end_chunk = 0;     // from the file's size, once the manifest is signed
    bool is_cut = false;           // the file ends within a chunk or before its end mark
  };
  class HeadReader;

  BundleReader() = default;
  void Collect(const Volume& volume);
  [[nodiscard]] Status LayOut(Volume& volume) const;
  [[nodiscard]] std::vector<Error> LayOutAll();
  [[nodiscard]] Status CheckCovered() const;
  [[nodiscard]] const std::vector<Chunk>& chunks() const;
  // Checks the chunk where it lies in this volume.
  [[nodiscard]] Result<ByteView> ReadChunkOf(const Volume& volume, std::size_t index,
                                             Bytes& buffer) const;
  [[nodiscard]] static Status CheckEnd(const Volume& volume, std::uint64_t end_at);
  [[nodiscard]] static Error Damaged(const Volume& volume, std::string_view part,
                                     std::uint64_t from, std::uint64_t to);

  std::vector<Volume> volumes_;
  SignedDocument manifest_document_;
  std::map<std::uint64_t, SignedDocument> roots_;
  std::optional<Manifest> manifest_;
};

}  // namespace gapferry::bundle
