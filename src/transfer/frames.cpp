#include "transfer/frames.h"

#include <unistd.h>

#include <algorithm>

#include <cerrno>
#include <cstring>

#include "base/console.h"
#include "base/file.h"

namespace gapferry::transfer {
namespace {

constexpr std::size_t kHeadBytes = 5;
constexpr std::size_t kFlushBytes = 1 << 16;
constexpr std::size_t kMetaBytes = 16 + 8 + 8 + store::kDigestKeyBytes;
constexpr std::size_t kMaxMessage = 1000;

void PutInteger(std::uint64_t value, std::size_t size, std::string* out) {
  for (std::size_t i = 0; i < size; ++i)
    out->push_back(static_cast<char>(value >> (8 * i)));
}

std::uint64_t GetInteger(ByteView bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i)
    value = value << 8 | bytes[i - 1];
  return value;
}

Error BrokenPipe(std::string_view why) {
  return Error::Make(Kind::kSandbox, "the confined reader {}", why);
}

}  // namespace

Status FrameWriter::Put(FrameType type, std::string_view body) {
  buffer_.push_back(static_cast<char>(type));
  PutInteger(body.size(), 4, &buffer_);
  buffer_.append(body);
  return buffer_.size() >= kFlushBytes ? Flush() : Ok();
}

Status FrameWriter::Flush() {
  GF_CHECK(WriteFull(fd_, AsBytes(buffer_)));
  buffer_.clear();
  return Ok();
}

Status FrameReader::Fill(std::size_t needed) {
  if (end_ - begin_ >= needed) return Ok();
  if (end_ > begin_) std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  if (buffer_.size() < std::max(needed, kFlushBytes)) buffer_.resize(std::max(needed, kFlushBytes));
  while (end_ < needed) {
    const ssize_t got = ::read(fd_, buffer_.data() + end_, buffer_.size() - end_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("cannot read from the confined reader", errno);
    if (got == 0) return BrokenPipe("stopped before the end");
    end_ += static_cast<std::size_t>(got);
  }
  return Ok();
}

Result<FrameReader::Frame> FrameReader::Next() {
  GF_CHECK(Fill(kHeadBytes));
  const std::size_t size = GetInteger(ByteView(buffer_).subspan(begin_ + 1, 4));
  if (size > store::kMaxRecordBytes) return BrokenPipe("sent a frame that is too long");
  GF_CHECK(Fill(kHeadBytes + size));
  const Frame frame{static_cast<FrameType>(buffer_[begin_]),
                    ByteView(buffer_).subspan(begin_ + kHeadBytes, size)};
  begin_ += kHeadBytes + size;
  return frame;
}

std::string EncodeMeta(const PayloadMeta& meta) {
  std::string body(AsText(meta.stream.bytes));
  PutInteger(static_cast<std::uint64_t>(meta.epoch), 8, &body);
  PutInteger(static_cast<std::uint64_t>(meta.seq), 8, &body);
  return body + std::string(AsText(meta.digest_key));
}

Result<PayloadMeta> DecodeMeta(ByteView body) {
  if (body.size() != kMetaBytes) return BrokenPipe("sent no proper description of the payload");
  PayloadMeta meta;
  std::copy_n(body.begin(), 16, meta.stream.bytes.begin());
  meta.epoch = static_cast<std::int64_t>(GetInteger(body.subspan(16, 8)));
  meta.seq = static_cast<std::int64_t>(GetInteger(body.subspan(24, 8)));
  meta.digest_key.assign(body.begin() + 32, body.end());
  return meta;
}

std::string EncodeError(const Error& error) {
  return static_cast<char>(error.kind) + error.what.substr(0, kMaxMessage);
}

Error DecodeError(ByteView body) {
  if (body.empty() || body.size() > kMaxMessage + 1)
    return BrokenPipe("failed and could not say why");
  const auto kind = static_cast<Kind>(body[0]);
  if (kind != Kind::kMalformed && kind != Kind::kTooLarge && kind != Kind::kUnsupported &&
      kind != Kind::kIo && kind != Kind::kNoSpace && kind != Kind::kWrongRecipient) {
    return BrokenPipe("failed and could not say why");
  }
  return Error::Make(kind, "the payload is signed but cannot be read: {}",
                     Printable(AsText(body.subspan(1))));
}

}  // namespace gapferry::transfer
