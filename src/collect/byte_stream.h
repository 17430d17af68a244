// collect/byte_stream.h: a file as a stream that a JSON parser reads character by character, within
// limits, hashed on the way.
#pragma once

#include <functional>
#include <optional>
#include <streambuf>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "base/result.h"

namespace gapferry::collect {

// Fills the span as far as it can; 0 at the end.
using ByteSource = std::function<Result<std::size_t>(std::span<std::uint8_t>)>;

[[nodiscard]] ByteSource FileSource(Fd fd);
// The text must outlive the source.
[[nodiscard]] ByteSource TextSource(std::string_view text);

// The first bytes of a source, fewer only if it has no more; and the source with such bytes before
// it.
[[nodiscard]] Result<std::string> HeadOf(const ByteSource& source, std::size_t size);
[[nodiscard]] ByteSource WithHead(std::string head, ByteSource source);

class ByteStream : public std::streambuf {
 public:
  ByteStream(ByteSource source, std::uint64_t max_bytes, std::uint64_t max_token_bytes);

  // The line, from 1, of the last byte that a token can have ended with.
  [[nodiscard]] std::uint64_t Line();
  // Tells that the parser has just completed a token: a token longer than the limit ends the
  // stream, so that no parser has to hold it.
  void MarkToken() { token_seen_ = true; }
  // Why the stream ended before its source did: kTooLarge, or what the source said.
  [[nodiscard]] const std::optional<Error>& problem() const { return problem_; }
  // BLAKE2b-256 of all bytes; call once, at the end.
  [[nodiscard]] Digest256 FinishDigest() { return hash_.Finish256(); }

 protected:
  int_type underflow() override;

 private:
  int_type Stop(Error error);

  ByteSource source_;
  std::uint64_t max_bytes_;
  std::uint64_t max_token_bytes_;
  std::uint64_t read_ = 0;
  std::uint64_t without_token_ = 0;
  bool token_seen_ = false;
  std::uint64_t lines_ = 0;  // newlines before counted_
  const char* counted_ = nullptr;
  std::vector<std::uint8_t> buffer_;
  Blake2b hash_;
  std::optional<Error> problem_;
};

}  // namespace gapferry::collect
