#include "transfer/unpack.h"

#include <zstd.h>

#include <memory>

#include "base/file.h"
#include "bundle/age.h"
#include "transfer/payload.h"

namespace gapferry::transfer {
namespace {

using Decompressor = std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)>;

Error Zstd(std::size_t code) {
  return Error::Make(Kind::kMalformed, "zstd: {}", ZSTD_getErrorName(code));
}

// Writes what decompression gives into the scratch file, within the signed size.
class PlainWriter {
 public:
  PlainWriter(int scratch, const Expected& expected) : scratch_(scratch), expected_(expected) {}

  Status Write(ByteView bytes) {
    written_ += bytes.size();
    if (written_ > expected_.plain_size) {
      return Error::Make(Kind::kTooLarge, "more than the signed {} bytes", expected_.plain_size);
    }
    if (expected_.plain_digest) hash_.Update(bytes);
    return WriteFull(scratch_, bytes);
  }
  Status Finish() {
    if (written_ != expected_.plain_size) {
      return Error::Make(Kind::kMalformed, "{} bytes after decompression; the manifest says {}",
                         written_, expected_.plain_size);
    }
    if (expected_.plain_digest && hash_.Finish512() != *expected_.plain_digest) {
      return Error::Make(Kind::kMalformed, "after decompression it is not what the manifest says");
    }
    return Ok();
  }

 private:
  int scratch_;
  const Expected& expected_;
  std::uint64_t written_ = 0;
  Blake2b hash_{64};
};

// Exactly one zstd frame, in pieces.
class Inflater {
 public:
  static Result<Inflater> Start(PlainWriter* plain) {
    Decompressor zstd(ZSTD_createDCtx(), &ZSTD_freeDCtx);
    if (!zstd) return Error::Make(Kind::kTooLarge, "no memory to decompress");
    ZSTD_DCtx_setParameter(zstd.get(), ZSTD_d_windowLogMax, kZstdMaxWindowLog);
    return Inflater(std::move(zstd), plain);
  }

  Status Write(ByteView bytes) {
    if (bytes.empty()) return Ok();
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    bool more = true;  // input left, or output that did not fit
    while (more) {
      if (wanted_ == 0)
        return Error::Make(Kind::kMalformed, "bytes after the end of the zstd frame");
      ZSTD_outBuffer out{buffer_.data(), buffer_.size(), 0};
      wanted_ = ZSTD_decompressStream(zstd_.get(), &out, &in);
      if (ZSTD_isError(wanted_) != 0) return Zstd(wanted_);
      GF_CHECK(plain_->Write(ByteView(buffer_).first(out.pos)));
      more = in.pos < in.size || (out.pos == out.size && wanted_ != 0);
    }
    return Ok();
  }
  Status Finish() {
    if (wanted_ != 0) return Error::Make(Kind::kMalformed, "the zstd frame is not complete");
    return plain_->Finish();
  }

 private:
  Inflater(Decompressor zstd, PlainWriter* plain)
      : zstd_(std::move(zstd)), plain_(plain), buffer_(ZSTD_DStreamOutSize()) {}

  Decompressor zstd_;
  PlainWriter* plain_;
  Bytes buffer_;
  std::size_t wanted_ = 1;  // 0: the frame is complete
};

// The stored payload, piece by piece until its end.
template <typename Take>
Status ForEachPiece(int input, Take&& take) {
  Bytes buffer(ZSTD_DStreamInSize());
  for (;;) {
    GF_TRY(const std::size_t got, ReadFull(input, buffer));
    if (got == 0) return Ok();
    GF_CHECK(take(ByteView(buffer).first(got)));
  }
}

}  // namespace

Status Unpack(int stored, int scratch, const Expected& expected, bundle::AgeIdentities identities) {
  PlainWriter plain(scratch, expected);
  GF_TRY(Inflater inflater, Inflater::Start(&plain));
  const auto inflate = [&](ByteView bytes) { return inflater.Write(bytes); };
  if (!expected.encrypted) {
    identities.clear();
    GF_CHECK(ForEachPiece(stored, inflate));
    return inflater.Finish();
  }
  bundle::AgeDecryptor age(std::move(identities), inflate);
  GF_CHECK(ForEachPiece(stored, [&](ByteView bytes) { return age.Write(bytes); }));
  GF_CHECK(age.Finish());
  return inflater.Finish();
}

}  // namespace gapferry::transfer
