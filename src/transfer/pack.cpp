#include <zstd.h>

#include <algorithm>
#include <memory>

#include "base/file.h"
#include "bundle/age.h"
#include "transfer/payload_writer.h"

namespace gapferry::transfer {
namespace {

// Cuts what is written into chunks, hashing each.
class ChunkWriter {
 public:
  explicit ChunkWriter(int fd) : fd_(fd) {}

  Status Write(ByteView bytes) {
    size_ += bytes.size();
    GF_CHECK(WriteFull(fd_, bytes));
    while (!bytes.empty()) {
      const std::size_t take = std::min<std::size_t>(bytes.size(), bundle::kChunkBytes - in_chunk_);
      hash_.Update(bytes.first(take));
      in_chunk_ += take;
      bytes = bytes.subspan(take);
      if (in_chunk_ == bundle::kChunkBytes) CloseChunk();
    }
    return Ok();
  }
  void Finish() {
    if (in_chunk_ > 0) CloseChunk();
  }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] const std::vector<Digest512>& digests() const { return digests_; }

 private:
  void CloseChunk() {
    digests_.push_back(hash_.Finish512());
    hash_ = Blake2b(64);
    in_chunk_ = 0;
  }

  int fd_;
  std::uint64_t size_ = 0;
  std::size_t in_chunk_ = 0;
  Blake2b hash_{64};
  std::vector<Digest512> digests_;
};

// What comes out of compression goes on into chunks, through age if there are recipients.
class Store {
 public:
  static Result<Store> Start(int fd, const std::vector<bundle::AgeRecipient>& recipients) {
    Store store;
    store.chunks_ = std::make_unique<ChunkWriter>(fd);
    if (!recipients.empty()) {
      GF_TRY(store.age_, bundle::AgeEncryptor::Start(
                             recipients, [chunks = store.chunks_.get()](ByteView bytes) {
                               return chunks->Write(bytes);
                             }));
    }
    return store;
  }
  Status Write(ByteView bytes) { return age_ ? age_->Write(bytes) : chunks_->Write(bytes); }
  Status Finish() {
    if (age_) GF_CHECK(age_->Finish());
    chunks_->Finish();
    return Ok();
  }
  [[nodiscard]] const ChunkWriter& chunks() const { return *chunks_; }

 private:
  std::unique_ptr<ChunkWriter> chunks_;  // where it is for as long as age writes to it
  std::optional<bundle::AgeEncryptor> age_;
};

// As the manifest lists them.
std::vector<std::string> Listed(const std::vector<bundle::AgeRecipient>& recipients) {
  std::vector<std::string> texts;
  for (const bundle::AgeRecipient& recipient : recipients)
    texts.push_back(recipient.ToString());
  std::sort(texts.begin(), texts.end());
  return texts;
}

using Compressor = std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)>;

Status Compress(const Compressor& zstd, ByteView input, ZSTD_EndDirective directive, Bytes* buffer,
                Store* out) {
  ZSTD_inBuffer in{input.data(), input.size(), 0};
  std::size_t remaining = 0;
  do {
    ZSTD_outBuffer produced{buffer->data(), buffer->size(), 0};
    remaining = ZSTD_compressStream2(zstd.get(), &produced, &in, directive);
    if (ZSTD_isError(remaining) != 0) {
      return Error::Make(Kind::kInternal, "zstd: {}", ZSTD_getErrorName(remaining));
    }
    GF_CHECK(out->Write(ByteView(*buffer).first(produced.pos)));
  } while (directive == ZSTD_e_end ? remaining != 0 : in.pos < in.size);
  return Ok();
}

}  // namespace

Result<bundle::Payload> Pack(const std::filesystem::path& plain, int stored_fd,
                             const std::vector<bundle::AgeRecipient>& recipients,
                             const PackProgress& progress) {
  GF_TRY(const Fd input, OpenRegular(plain));
  const Compressor zstd(ZSTD_createCCtx(), &ZSTD_freeCCtx);
  if (!zstd) return Error::Make(Kind::kInternal, "zstd: no memory");
  ZSTD_CCtx_setParameter(zstd.get(), ZSTD_c_compressionLevel, kZstdLevel);
  ZSTD_CCtx_setParameter(zstd.get(), ZSTD_c_checksumFlag, 1);

  Bytes in_buffer(1 << 20);
  Bytes out_buffer(ZSTD_CStreamOutSize());
  Blake2b plain_hash(64);
  GF_TRY(Store out, Store::Start(stored_fd, recipients));
  bundle::Payload payload;
  for (;;) {
    GF_TRY(const std::size_t got, ReadFull(input.get(), in_buffer));
    const ByteView bytes = ByteView(in_buffer).first(got);
    plain_hash.Update(bytes);
    payload.plain_size += got;
    const bool last = got < in_buffer.size();
    GF_CHECK(Compress(zstd, bytes, last ? ZSTD_e_end : ZSTD_e_continue, &out_buffer, &out));
    if (progress) progress(got);
    if (last) break;
  }
  GF_CHECK(out.Finish());
  payload.plain_digest = plain_hash.Finish512();
  payload.recipients = Listed(recipients);
  payload.stored_size = out.chunks().size();
  GF_TRY(payload.chunks, bundle::MakeChunkTable(payload.stored_size, out.chunks().digests()));
  return payload;
}

}  // namespace gapferry::transfer
