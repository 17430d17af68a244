// transfer/frames.h: the pipe between the confined reader and the importer. The importer believes
// nothing on it: each frame has a bounded length and each record is decoded strictly.
//   frame = type (1 byte), length (4 bytes, little-endian), that many bytes
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "store/record.h"
#include "transfer/payload.h"

namespace gapferry::transfer {

enum class FrameType : std::uint8_t {
  kMeta = 'M',       // stream uuid (16), epoch (8), seq (8), digest key (32)
  kTombstone = 'T',  // a key of store/record.h; all of them come before the first record
  kRecord = 'R',     // store/record.h
  kError = 'E',      // kind (1), message
  kEnd = 'Z',        // number of records (8)
};

class FrameWriter {
 public:
  explicit FrameWriter(int fd) : fd_(fd) {}
  [[nodiscard]] Status Put(FrameType type, std::string_view body);
  [[nodiscard]] Status Flush();

 private:
  int fd_;
  std::string buffer_;
};

class FrameReader {
 public:
  explicit FrameReader(int fd) : fd_(fd) {}
  // The next frame; its body stays valid until the next call. Errors: kSandbox for a stream that
  // does not follow the form or stops early.
  struct Frame {
    FrameType type;
    ByteView body;
  };
  [[nodiscard]] Result<Frame> Next();

 private:
  [[nodiscard]] Status Fill(std::size_t needed);

  int fd_;
  Bytes buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

[[nodiscard]] std::string EncodeMeta(const PayloadMeta& meta);
[[nodiscard]] Result<PayloadMeta> DecodeMeta(ByteView body);
[[nodiscard]] std::string EncodeError(const Error& error);
// Always an error: the one that was sent, or kSandbox if it makes no sense. Its text is bounded and
// safe to show.
[[nodiscard]] Error DecodeError(ByteView body);

}  // namespace gapferry::transfer
