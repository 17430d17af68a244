#include "bundle/age.h"

#include <sodium.h>

#include <algorithm>

namespace gapferry::bundle {
namespace {

constexpr std::size_t kSealedChunkBytes = kAgeChunkBytes + kAgeTagBytes;
static_assert(kAgeTagBytes == crypto_aead_chacha20poly1305_ietf_ABYTES);

// Moves bytes from the front of `from` to `to`, until that has `wanted`.
void Fill(std::size_t wanted, ByteView* from, Bytes* to) {
  const ByteView taken = from->first(std::min(wanted - to->size(), from->size()));
  to->insert(to->end(), taken.begin(), taken.end());
  *from = from->subspan(taken.size());
}

}  // namespace

AgeChunks::Nonce AgeChunks::NonceOf(bool last) const {
  Nonce nonce{};
  for (std::size_t i = 0; i < 8; ++i)
    nonce[10 - i] = static_cast<std::uint8_t>(count_ >> (8 * i));
  nonce[11] = last ? 1 : 0;
  return nonce;
}

void AgeChunks::Seal(ByteView plain, bool last, std::span<std::uint8_t> sealed) {
  const Nonce nonce = NonceOf(last);
  crypto_aead_chacha20poly1305_ietf_encrypt(sealed.data(), nullptr, plain.data(), plain.size(),
                                            nullptr, 0, nullptr, nonce.data(), key_.data());
  ++count_;
}

bool AgeChunks::Open(ByteView sealed, bool last, std::span<std::uint8_t> plain) {
  const Nonce nonce = NonceOf(last);
  const bool opened = crypto_aead_chacha20poly1305_ietf_decrypt(
                          plain.data(), nullptr, nullptr, sealed.data(), sealed.size(), nullptr, 0,
                          nonce.data(), key_.data()) == 0;
  if (opened) ++count_;
  return opened;
}

AgeEncryptor::AgeEncryptor(const Wiped<32>& key, AgeSink sink)
    : chunks_(key), sink_(std::move(sink)), sealed_(kSealedChunkBytes) {
  plain_.reserve(kAgeChunkBytes);
}

Result<AgeEncryptor> AgeEncryptor::Start(const std::vector<AgeRecipient>& recipients,
                                         AgeSink sink) {
  if (recipients.empty() || recipients.size() > kMaxAgeStanzas) {
    return Error::Make(Kind::kTooLarge, "{} recipients; there can be 1 to {}", recipients.size(),
                       kMaxAgeStanzas);
  }
  InitCrypto();
  AgeFileKey file_key;
  randombytes_buf(file_key.data(), kAgeFileKeyBytes);
  AgeNonce nonce;
  randombytes_buf(nonce.data(), nonce.size());
  GF_TRY(const AgeHeader header, WrapFileKey(file_key, recipients));
  GF_CHECK(sink(AsBytes(SerializeAgeHeader(header))));
  GF_CHECK(sink(nonce));
  return AgeEncryptor(AgePayloadKey(file_key, nonce), std::move(sink));
}

Status AgeEncryptor::Write(ByteView plain) {
  while (!plain.empty()) {
    // A full chunk waits for the byte after it: only the last chunk is marked, and it is not empty
    // unless everything is.
    if (plain_.size() == kAgeChunkBytes) GF_CHECK(Flush(/*last=*/false));
    Fill(kAgeChunkBytes, &plain, &plain_);
  }
  return Ok();
}

Status AgeEncryptor::Finish() {
  return Flush(/*last=*/true);
}

Status AgeEncryptor::Flush(bool last) {
  const std::size_t size = plain_.size() + kAgeTagBytes;
  chunks_.Seal(plain_, last, sealed_);
  plain_.clear();
  return sink_(ByteView(sealed_).first(size));
}

AgeDecryptor::AgeDecryptor(AgeIdentities identities, AgeSink sink)
    : identities_(std::move(identities)), sink_(std::move(sink)), plain_(kAgeChunkBytes) {
  sealed_.reserve(kSealedChunkBytes);
}

Status AgeDecryptor::TakeHeader(ByteView* stored) {
  GF_TRY(const std::size_t taken, header_.Take(*stored));
  *stored = stored->subspan(taken);
  if (!header_.complete()) return Ok();
  GF_TRY(const AgeHeader header, ParseAgeHeader(header_.text()));
  GF_TRY(file_key_, UnwrapFileKey(header, identities_));
  identities_.clear();
  return Ok();
}

Status AgeDecryptor::TakeNonce(ByteView* stored) {
  AgeNonce nonce;
  Fill(nonce.size(), stored, &sealed_);
  if (sealed_.size() < nonce.size()) return Ok();
  std::copy(sealed_.begin(), sealed_.end(), nonce.begin());
  sealed_.clear();
  chunks_.emplace(AgePayloadKey(*file_key_, nonce));
  file_key_.reset();
  return Ok();
}

Status AgeDecryptor::Write(ByteView stored) {
  if (!header_.complete()) GF_CHECK(TakeHeader(&stored));
  if (header_.complete() && !chunks_) GF_CHECK(TakeNonce(&stored));
  while (!stored.empty()) {
    // The byte after a full chunk tells that it was not the last.
    if (sealed_.size() == kSealedChunkBytes) GF_CHECK(OpenChunk());
    Fill(kSealedChunkBytes, &stored, &sealed_);
  }
  return Ok();
}

Status AgeDecryptor::OpenChunk() {
  if (!chunks_->Open(sealed_, /*last=*/false, plain_)) {
    return Error::Make(Kind::kDamaged, "chunk {} of the encrypted bytes is not as it was written",
                       chunks_->count());
  }
  sealed_.clear();
  return sink_(plain_);
}

Status AgeDecryptor::Finish() {
  if (!chunks_) return Error::Make(Kind::kMalformed, "the age file ends within its header");
  const std::uint64_t number = chunks_->count();
  if (sealed_.empty()) {
    return Error::Make(Kind::kIncomplete, "the encrypted bytes are cut off before chunk {}",
                       number);
  }
  // Of an empty chunk there can be one only: of an empty file.
  const bool can_be_last =
      sealed_.size() > kAgeTagBytes || (sealed_.size() == kAgeTagBytes && number == 0);
  if (can_be_last && chunks_->Open(sealed_, /*last=*/true, plain_))
    return sink_(ByteView(plain_).first(sealed_.size() - kAgeTagBytes));
  if (sealed_.size() == kSealedChunkBytes && chunks_->Open(sealed_, /*last=*/false, plain_)) {
    return Error::Make(Kind::kIncomplete, "the encrypted bytes are cut off after chunk {}", number);
  }
  return Error::Make(Kind::kDamaged,
                     "chunk {}, the last of the encrypted bytes, was altered or cut short", number);
}

}  // namespace gapferry::bundle
