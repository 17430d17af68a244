#include "importer/gunzip.h"

#include <zlib.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace gapferry::importer {
namespace {

constexpr std::size_t kPackedBytes = 64 << 10;
constexpr int kGzip = 16 + MAX_WBITS;

class Gunzip {
 public:
  Gunzip(ByteSource source, std::vector<std::uint8_t> head)
      : source_(std::move(source)), packed_(std::move(head)) {
    good_ = ::inflateInit2(&stream_, kGzip) == Z_OK;
    stream_.next_in = packed_.data();
    stream_.avail_in = static_cast<uInt>(packed_.size());
  }
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;
  ~Gunzip() { ::inflateEnd(&stream_); }

  Result<std::size_t> Read(std::span<std::uint8_t> into) {
    if (!good_) return Error::Make(Kind::kInternal, "zlib does not start");
    stream_.next_out = into.data();
    stream_.avail_out = static_cast<uInt>(into.size());
    while (stream_.avail_out == into.size()) {
      if (stream_.avail_in == 0) {
        GF_TRY(const bool more, Fill());
        if (!more) {
          if (at_end_) return std::size_t{0};
          return Error::Make(Kind::kMalformed, "the packed log ends in the middle");
        }
      }
      // Another member follows.
      if (at_end_ && ::inflateReset(&stream_) != Z_OK)
        return Error::Make(Kind::kInternal, "zlib does not start");
      at_end_ = false;
      const int result = ::inflate(&stream_, Z_NO_FLUSH);
      at_end_ = result == Z_STREAM_END;
      if (result != Z_OK && !at_end_ && result != Z_BUF_ERROR)
        return Error::Make(Kind::kMalformed, "the packed log is damaged");
    }
    return into.size() - stream_.avail_out;
  }

 private:
  Result<bool> Fill() {
    packed_.resize(kPackedBytes);
    GF_TRY(const std::size_t got, source_(packed_));
    stream_.next_in = packed_.data();
    stream_.avail_in = static_cast<uInt>(got);
    return got > 0;
  }

  ByteSource source_;
  std::vector<std::uint8_t> packed_;
  z_stream stream_{};
  bool good_ = false;
  bool at_end_ = false;
};

}  // namespace

Result<ByteSource> MaybeGunzip(ByteSource source) {
  std::vector<std::uint8_t> head(2);
  std::size_t held = 0;
  while (held < head.size()) {
    GF_TRY(const std::size_t got, source(std::span(head).subspan(held)));
    if (got == 0) break;
    held += got;
  }
  head.resize(held);
  if (held == 2 && head[0] == 0x1F && head[1] == 0x8B) {
    auto gunzip = std::make_shared<Gunzip>(std::move(source), std::move(head));
    return ByteSource([gunzip](std::span<std::uint8_t> into) { return gunzip->Read(into); });
  }
  return ByteSource([source = std::move(source), head = std::move(head),
                     given = false](std::span<std::uint8_t> into) mutable -> Result<std::size_t> {
    if (given || head.empty()) return source(into);
    given = true;
    std::copy(head.begin(), head.end(), into.begin());
    return head.size();
  });
}

}  // namespace gapferry::importer
