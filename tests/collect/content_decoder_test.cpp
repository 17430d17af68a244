#include "collect/content_decoder.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace gapferry::collect {
namespace {

constexpr int kGzip = MAX_WBITS + 16;

// By zlib: in gzip's form, its own, or none.
std::string Encoded(std::string_view plain, int bits) {
  z_stream stream{};
  EXPECT_EQ(::deflateInit2(&stream, 9, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string encoded(::deflateBound(&stream, plain.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(encoded.data());
  stream.avail_out = static_cast<uInt>(encoded.size());
  EXPECT_EQ(::deflate(&stream, Z_FINISH), Z_STREAM_END);
  encoded.resize(stream.total_out);
  ::deflateEnd(&stream);
  return encoded;
}

struct Decoded {
  std::string text;
  bool whole = false;
};

Decoded Decode(std::string_view encoding, std::string_view bytes, std::size_t piece) {
  auto decoder = ContentDecoder::For(encoding);
  EXPECT_TRUE(decoder.ok());
  Decoded decoded;
  const auto take = [&](std::string_view plain) { return decoded.text += plain, Ok(); };
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    if (!decoder->Take(bytes.substr(0, piece), take).ok()) return decoded;
  }
  decoded.whole = decoder->CheckEnd().ok();
  return decoded;
}

std::string SomeText() {
  std::string text;
  for (int i = 0; i < 20000; ++i)
    text += std::to_string(i * i) + "\n";
  return text;
}

TEST(ContentDecoder, GivesWhatWasEncodedInPiecesOfAnySize) {
  const std::string text = SomeText();
  for (const std::size_t piece : {std::size_t{1}, std::size_t{999}, std::size_t{1} << 20}) {
    for (const auto& [name, bits] : {std::pair{"gzip", kGzip},
                                     {"X-GZIP", kGzip},
                                     {"deflate", MAX_WBITS},
                                     {"deflate", -MAX_WBITS}}) {
      const Decoded decoded = Decode(name, Encoded(text, bits), piece);
      EXPECT_EQ(decoded.text, text) << name << bits;
      EXPECT_TRUE(decoded.whole) << name << bits;
    }
    for (const char* none : {"", " ", "identity", "Identity", "none", "NONE"}) {
      EXPECT_EQ(Decode(none, text, piece).text, text) << none;
      EXPECT_TRUE(Decode(none, text, piece).whole) << none;
    }
    EXPECT_EQ(Decode("gzip", Encoded("a", kGzip) + Encoded("b", kGzip), piece).text, "ab");
    EXPECT_TRUE(Decode("gzip", Encoded("a", kGzip) + std::string(9, '\0'), piece).whole);
  }
}

TEST(ContentDecoder, TellsThatABodyBreaksOffWherever) {
  const std::string text = SomeText();
  for (const auto& [name, bits] :
       {std::pair{"gzip", kGzip}, {"deflate", MAX_WBITS}, {"deflate", -MAX_WBITS}}) {
    const std::string encoded = Encoded(text, bits);
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{15},
                                   encoded.size() / 2, encoded.size() - 1}) {
      EXPECT_FALSE(Decode(name, encoded.substr(0, size), 4096).whole) << name << bits << size;
    }
  }
  EXPECT_FALSE(Decode("gzip", "no gzip at all", 4096).whole);
  EXPECT_TRUE(Decode("identity", "", 1).whole);
}

TEST(ContentDecoder, RefusesWhatWasNotAskedFor) {
  for (const char* name : {"br", "zstd", "gzip, gzip", "none, br", "nothing", "utf-8", "\x1b[2J"}) {
    const auto decoder = ContentDecoder::For(name);
    ASSERT_FALSE(decoder.ok()) << name;
    EXPECT_EQ(decoder.error().kind, Kind::kMalformed);
  }
}

}  // namespace
}  // namespace gapferry::collect
