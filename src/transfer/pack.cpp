#include <zstd.h>

#include <memory>

#include "base/file.h"
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

using Compressor = std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)>;

Status Compress(const Compressor& zstd, ByteView input, ZSTD_EndDirective directive, Bytes* buffer,
                ChunkWriter* out) {
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
                             const PackProgress& progress) {
  GF_TRY(const Fd input, OpenRegular(plain));
  const Compressor zstd(ZSTD_createCCtx(), &ZSTD_freeCCtx);
  if (!zstd) return Error::Make(Kind::kInternal, "zstd: no memory");
  ZSTD_CCtx_setParameter(zstd.get(), ZSTD_c_compressionLevel, kZstdLevel);
  ZSTD_CCtx_setParameter(zstd.get(), ZSTD_c_checksumFlag, 1);

  Bytes in_buffer(1 << 20);
  Bytes out_buffer(ZSTD_CStreamOutSize());
  Blake2b plain_hash(64);
  ChunkWriter out(stored_fd);
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
  out.Finish();
  payload.plain_digest = plain_hash.Finish512();
  payload.stored_size = out.size();
  GF_TRY(payload.chunks, bundle::MakeChunkTable(payload.stored_size, out.digests()));
  return payload;
}

}  // namespace gapferry::transfer
