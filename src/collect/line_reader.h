// collect/line_reader.h: a file of any size line by line, in bounded memory.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "collect/byte_stream.h"
#include "collect/encoding.h"

namespace gapferry::collect {

constexpr std::size_t kMaxLineBytes = 256 << 10;

class LineReader {
 public:
  // What to do with a line of more than kMaxLineBytes: JSON without line breaks is cut at a blank,
  // comma or quote; a row of a table is passed over.
  enum class Long { kCut, kSkip };

  LineReader(ByteSource source, Encoding encoding, std::uint64_t max_bytes, Long long_lines);

  struct Line {
    std::string_view text;     // without its end; raw bytes, good until the next call
    std::uint64_t number = 0;  // from 1
    bool too_long = false;     // `text` is how it begins
    bool goes_on = false;      // not the first piece of its line
  };
  // Nothing at the end. A file without LF has its lines ended by CR. Errors: kTooLarge beyond
  // max_bytes, and those of the source.
  [[nodiscard]] Result<std::optional<Line>> Next();
  // The lines of `text`, each with its end, come next, before those of the file; the first one has
  // this number.
  void PutBack(std::string_view text, std::uint64_t number);
  // What ends a line.
  [[nodiscard]] char end() const { return end_; }
  [[nodiscard]] std::uint64_t bytes_read() const { return read_; }

 private:
  [[nodiscard]] Status Fill();
  Line Take(std::size_t size, std::size_t skip);
  [[nodiscard]] Result<std::optional<Line>> TakeLong();

  ByteSource source_;
  std::uint64_t max_bytes_;
  Long long_lines_;
  std::string buffer_;
  std::size_t at_ = 0;
  std::uint64_t read_ = 0;
  std::uint64_t number_ = 1;
  char end_ = '\n';
  bool begun_ = false;
  bool ended_ = false;
  bool goes_on_ = false;
  bool skipping_ = false;
};

}  // namespace gapferry::collect
