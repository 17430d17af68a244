#include "collect/byte_stream.h"

#include <algorithm>
#include <cstring>
#include <memory>

namespace gapferry::collect {
namespace {

constexpr std::size_t kChunk = 256 << 10;

}  // namespace

ByteSource FileSource(Fd fd) {
  // std::function wants copies; the descriptor has one owner.
  auto shared = std::make_shared<Fd>(std::move(fd));
  return [shared](std::span<std::uint8_t> buffer) { return ReadFull(shared->get(), buffer); };
}

ByteSource TextSource(std::string_view text) {
  return [text](std::span<std::uint8_t> buffer) mutable -> Result<std::size_t> {
    const std::size_t size = std::min(buffer.size(), text.size());
    if (size > 0) std::memcpy(buffer.data(), text.data(), size);
    text.remove_prefix(size);
    return size;
  };
}

Result<std::string> HeadOf(const ByteSource& source, std::size_t size) {
  std::string head(size, '\0');
  std::size_t read = 0;
  while (read < size) {
    auto* const to = reinterpret_cast<std::uint8_t*>(head.data()) + read;
    GF_TRY(const std::size_t got, source({to, size - read}));
    if (got == 0) break;
    read += got;
  }
  head.resize(read);
  return head;
}

ByteSource WithHead(std::string head, ByteSource source) {
  // std::function wants copies.
  auto shared = std::make_shared<const std::string>(std::move(head));
  return [shared, at = std::size_t{0},
          source = std::move(source)](std::span<std::uint8_t> into) mutable -> Result<std::size_t> {
    if (at == shared->size()) return source(into);
    const std::size_t size = std::min(into.size(), shared->size() - at);
    std::memcpy(into.data(), shared->data() + at, size);
    at += size;
    return size;
  };
}

ByteStream::ByteStream(ByteSource source, std::uint64_t max_bytes, std::uint64_t max_token_bytes)
    : source_(std::move(source)),
      max_bytes_(max_bytes),
      max_token_bytes_(max_token_bytes),
      buffer_(kChunk),
      hash_(sizeof(Digest256)) {}

std::uint64_t ByteStream::Line() {
  // A number ends only with the character after it, which may be a newline: not counted yet.
  if (counted_ != nullptr && gptr() - 1 > counted_) {
    lines_ += static_cast<std::uint64_t>(
        std::count(counted_, static_cast<const char*>(gptr() - 1), '\n'));
    counted_ = gptr() - 1;
  }
  return lines_ + 1;
}

ByteStream::int_type ByteStream::Stop(Error error) {
  problem_ = std::move(error);
  return traits_type::eof();
}

ByteStream::int_type ByteStream::underflow() {
  if (gptr() < egptr()) return traits_type::to_int_type(*gptr());
  if (problem_) return traits_type::eof();
  without_token_ = token_seen_ ? 0 : without_token_ + static_cast<std::uint64_t>(egptr() - eback());
  token_seen_ = false;
  if (without_token_ > max_token_bytes_) {
    return Stop(
        Error::Make(Kind::kTooLarge, "a single value of more than {} bytes", max_token_bytes_));
  }
  auto got = source_(buffer_);
  if (!got.ok()) return Stop(std::move(got).error());
  if (*got == 0) return traits_type::eof();
  read_ += *got;
  if (read_ > max_bytes_)
    return Stop(Error::Make(Kind::kTooLarge, "more than {} bytes", max_bytes_));
  if (counted_ != nullptr) {
    lines_ +=
        static_cast<std::uint64_t>(std::count(counted_, static_cast<const char*>(egptr()), '\n'));
  }
  hash_.Update(ByteView(buffer_).first(*got));
  char* start = reinterpret_cast<char*>(buffer_.data());
  setg(start, start, start + *got);
  counted_ = start;
  return traits_type::to_int_type(*start);
}

}  // namespace gapferry::collect
