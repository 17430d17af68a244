// importer/line_feed.h: a stream of any length, line by line as it comes, in bounded memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace gapferry::importer {

// Reads some bytes, at least one; 0 at the end.
using ByteSource = std::function<Result<std::size_t>(std::span<std::uint8_t>)>;

// "" and "-" are standard input. Otherwise a regular file, or a link to one: whoever wants a pipe
// or a device read gives it as standard input. Errors: kNotFound, kIo.
[[nodiscard]] Result<Fd> OpenInput(const std::filesystem::path& path);
[[nodiscard]] ByteSource SourceOf(Fd fd);

class LineFeed {
 public:
  LineFeed(ByteSource source, std::size_t max_line)
      : source_(std::move(source)), max_line_(max_line) {}

  // Waits for more bytes; false at the end. Then Next gives what there is.
  [[nodiscard]] Result<bool> Fill();

  struct Line {
    std::string_view bytes;    // with the LF that ends it; good until the next Fill
    std::uint64_t number = 0;  // from 1
    // A line of more than max_line bytes comes in pieces, all of them marked.
    bool piece = false;
    bool first = true;  // the line begins here
  };
  [[nodiscard]] std::optional<Line> Next();

 private:
  Line Take(std::size_t size, bool ends);

  ByteSource source_;
  std::size_t max_line_;
  std::string buffer_;
  std::size_t at_ = 0;       // what Next has given
  std::size_t scanned_ = 0;  // no LF from at_ to here
  std::uint64_t number_ = 1;
  bool inside_ = false;  // a line of which pieces were given
  bool ended_ = false;
};

}  // namespace gapferry::importer
