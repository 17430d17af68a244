// collect/encoding.h: text in the encodings that spreadsheets and editors write, as UTF-8. Adapter:
// iconv of the C library stays in encoding.cpp.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collect/byte_stream.h"

namespace gapferry::collect {

// kAuto: UTF-16 if a byte order mark says so; else each line is UTF-8 where it is well formed, and
// Windows-1252 where it is not. Latin-1 is read as Windows-1252, as browsers do. 0xCA, the no-break
// space of a Mac, is "Ê" in all other tables: such files must be named.
enum class Encoding { kAuto, kUtf8, kUtf16, kWindows1252, kMacRoman, kWindows1251, kShiftJis };

// For configuration: "auto", "utf-8", "utf-16", "windows-1252", "mac-roman", …
[[nodiscard]] std::optional<Encoding> FindEncoding(std::string_view name);
[[nodiscard]] const std::vector<std::string_view>& EncodingNames();

// One line, or one cell, at a time. Not for UTF-16, whose lines are found only when it is decoded.
class LineDecoder {
 public:
  explicit LineDecoder(Encoding encoding);
  LineDecoder(LineDecoder&&) noexcept;
  ~LineDecoder();

  // The text as UTF-8: the same bytes if they are ASCII, else good until the next call. Nothing if
  // the bytes are no text in this encoding.
  [[nodiscard]] std::optional<std::string_view> Decode(std::string_view bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Takes a byte order mark away, and turns UTF-16 into UTF-8 where the mark or `encoding` says so.
// Errors of the source: kMalformed for bytes that are no UTF-16, and those of `source`.
[[nodiscard]] ByteSource WithoutMark(ByteSource source, Encoding encoding);

}  // namespace gapferry::collect
