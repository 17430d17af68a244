// bundle/age.h: encryption to the X25519 recipients of a site in the format of age v1, so that
// `age -d` opens what gapferry writes and the other way round. Source: C2SP age.md; judged by age
// 1.1. Streams both ways with 64 KiB of memory. Encryption hides content and shows changes to it;
// who wrote it is said by the manifest's signature, not by age.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "bundle/age_header.h"
#include "bundle/age_key.h"
#include "bundle/age_wrap.h"

namespace gapferry::bundle {

constexpr std::size_t kAgeChunkBytes = 64 << 10;  // of plain text
constexpr std::size_t kAgeTagBytes = 16;

// Where the result goes, in order. The bytes are valid during the call only.
using AgeSink = std::function<Status(ByteView)>;

// STREAM: ChaCha20-Poly1305 over chunks, numbered, the last one marked.
class AgeChunks {
 public:
  explicit AgeChunks(const Wiped<32>& key) : key_(key) {}
  // `sealed` has room for the tag too.
  void Seal(ByteView plain, bool last, std::span<std::uint8_t> sealed);
  // False if it is not the next chunk as it was sealed; then it may be tried again.
  [[nodiscard]] bool Open(ByteView sealed, bool last, std::span<std::uint8_t> plain);
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  // Eleven bytes of number, big endian, and one that marks the last chunk.
  using Nonce = std::array<std::uint8_t, 12>;
  [[nodiscard]] Nonce NonceOf(bool last) const;

  Wiped<32> key_;
  std::uint64_t count_ = 0;
};

class AgeEncryptor {
 public:
  // Writes the header. There is at least one recipient.
  [[nodiscard]] static Result<AgeEncryptor> Start(const std::vector<AgeRecipient>& recipients,
                                                  AgeSink sink);
  [[nodiscard]] Status Write(ByteView plain);
  // Writes the last chunk. Without it the file is cut off, and every reader says so.
  [[nodiscard]] Status Finish();

 private:
  AgeEncryptor(const Wiped<32>& key, AgeSink sink);
  [[nodiscard]] Status Flush(bool last);

  AgeChunks chunks_;
  AgeSink sink_;
  Bytes plain_;
  Bytes sealed_;
};

class AgeDecryptor {
 public:
  // The sink gets authenticated chunks only. What it got before an error, or before Finish
  // succeeds, is a beginning of the plain text and not the whole.
  AgeDecryptor(AgeIdentities identities, AgeSink sink);

  // Takes the file in any pieces. The identities are gone, and their memory wiped, as soon as the
  // header is read: before the first byte reaches the sink. Errors: those of AgeHeaderReader,
  // ParseAgeHeader and UnwrapFileKey; kDamaged, naming the chunk; those of the sink.
  [[nodiscard]] Status Write(ByteView stored);
  // Errors: kMalformed if the file ends within its header; kIncomplete if it was cut between two
  // chunks; kDamaged for a last chunk that was altered or cut.
  [[nodiscard]] Status Finish();

 private:
  [[nodiscard]] Status TakeHeader(ByteView* stored);
  [[nodiscard]] Status TakeNonce(ByteView* stored);
  [[nodiscard]] Status OpenChunk();

  AgeIdentities identities_;
  AgeSink sink_;
  AgeHeaderReader header_;
  std::optional<AgeFileKey> file_key_;  // from the header to the nonce
  std::optional<AgeChunks> chunks_;     // from the nonce on
  Bytes sealed_;                        // what has come of the nonce, then of the next chunk
  Bytes plain_;
};

}  // namespace gapferry::bundle
