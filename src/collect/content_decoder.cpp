#include "collect/content_decoder.h"

#include <zlib.h>

#include <array>
#include <cstdlib>

#include "base/bytes.h"
#include "base/console.h"

namespace gapferry::collect {
namespace {

constexpr std::size_t kPlainChunk = 64 << 10;
constexpr char kGzipStart = '\x1F';

// "deflate" means zlib's form, but some servers leave its two bytes of header out.
bool IsZlib(char first) {
  return (static_cast<unsigned char>(first) & 0x0FU) == Z_DEFLATED;
}

}  // namespace

struct ContentDecoder::Stream {
  std::string_view name;
  bool gzip = false;
  bool begun = false;
  bool ended = false;
  z_stream zlib{};
  std::array<std::uint8_t, kPlainChunk> plain;

  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() {
    if (begun) ::inflateEnd(&zlib);
  }

  void Begin(char first) {
    if (begun) {
      ::inflateReset(&zlib);
    } else {
      constexpr int kOfGzip = 16;
      const int bits = gzip ? MAX_WBITS + kOfGzip : IsZlib(first) ? MAX_WBITS : -MAX_WBITS;
      if (::inflateInit2(&zlib, bits) != Z_OK) std::abort();
    }
    begun = true;
    ended = false;
  }

  [[nodiscard]] Error Broken(std::string_view how) const {
    return Error::Make(Kind::kNetwork, "the answer {} within its {} encoding", how, name)
        .Hint("what was fetched is kept, run again");
  }

  // One stream, or what has come of it.
  Status Inflate(std::string_view* bytes, const TakeBytes& take) {
    zlib.next_in = const_cast<Bytef*>(AsBytes(*bytes).data());  // NOLINT: zlib only reads
    zlib.avail_in = static_cast<uInt>(bytes->size());
    do {
      zlib.next_out = plain.data();
      zlib.avail_out = static_cast<uInt>(plain.size());
      const int code = ::inflate(&zlib, Z_NO_FLUSH);
      ended = code == Z_STREAM_END;
      if (!ended && code != Z_OK && code != Z_BUF_ERROR) return Broken("is broken");
      const std::size_t made = plain.size() - zlib.avail_out;
      if (made > 0) GF_CHECK(take(AsText(ByteView(plain).first(made))));
    } while (!ended && zlib.avail_out == 0);
    bytes->remove_prefix(bytes->size() - zlib.avail_in);
    return Ok();
  }
};

ContentDecoder::ContentDecoder(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {}
ContentDecoder::ContentDecoder(ContentDecoder&&) noexcept = default;
ContentDecoder& ContentDecoder::operator=(ContentDecoder&&) noexcept = default;
ContentDecoder::~ContentDecoder() = default;

Result<ContentDecoder> ContentDecoder::For(std::string_view encoding) {
  const std::string name = AsciiLower(AsciiTrim(encoding));
  // Some servers write "none", which is no name of an encoding.
  if (name.empty() || name == "identity" || name == "none") return ContentDecoder(nullptr);
  auto stream = std::make_unique<Stream>();
  stream->gzip = name == "gzip" || name == "x-gzip";
  if (!stream->gzip && name != "deflate") {
    return Error::Make(Kind::kMalformed, "answers in the encoding \"{}\", which was not asked for",
                       Printable(name))
        .Hint("a proxy between may be at fault");
  }
  stream->name = stream->gzip ? "gzip" : "deflate";
  return ContentDecoder(std::move(stream));
}

Status ContentDecoder::Take(std::string_view bytes, const TakeBytes& take) {
  if (!stream_) return take(bytes);
  while (!bytes.empty()) {
    if (!stream_->begun || stream_->ended) {
      // Streams may follow each other; anything else is padding, which gzip's own tool ignores.
      const bool follows = stream_->gzip && bytes.front() == kGzipStart;
      if (stream_->ended && !follows) return Ok();
      stream_->Begin(bytes.front());
    }
    GF_CHECK(stream_->Inflate(&bytes, take));
  }
  return Ok();
}

Status ContentDecoder::CheckEnd() const {
  if (!stream_ || stream_->ended) return Ok();
  return stream_->Broken("ends");
}

}  // namespace gapferry::collect
