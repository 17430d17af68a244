#include "collect/line_reader.h"

#include <algorithm>

namespace gapferry::collect {
namespace {

constexpr std::size_t kLineChunk = 256 << 10;
constexpr std::size_t kShown = 64;

}  // namespace

LineReader::LineReader(ByteSource source, Encoding encoding, std::uint64_t max_bytes,
                       Long long_lines)
    : source_(WithoutMark(std::move(source), encoding)),
      max_bytes_(max_bytes),
      long_lines_(long_lines) {}

Status LineReader::Fill() {
  buffer_.erase(0, at_);
  at_ = 0;
  const std::size_t held = buffer_.size();
  buffer_.resize(held + kLineChunk);
  auto got = source_({reinterpret_cast<std::uint8_t*>(buffer_.data()) + held, kLineChunk});
  buffer_.resize(held + (got.ok() ? *got : 0));
  if (!got.ok()) return std::move(got).error();
  read_ += *got;
  if (read_ > max_bytes_) return Error::Make(Kind::kTooLarge, "more than {} bytes", max_bytes_);
  ended_ = *got == 0;
  if (!begun_ && !ended_) {
    begun_ = true;
    if (buffer_.find('\n') == std::string::npos && buffer_.find('\r') != std::string::npos)
      end_ = '\r';
  }
  return Ok();
}

LineReader::Line LineReader::Take(std::size_t size, std::size_t skip) {
  Line line{std::string_view(buffer_).substr(at_, size), number_, false, goes_on_};
  at_ += size + skip;
  goes_on_ = skip == 0;
  if (skip > 0) ++number_;
  if (skip > 0 && line.text.ends_with('\r')) line.text.remove_suffix(1);
  return line;
}

Result<std::optional<LineReader::Line>> LineReader::TakeLong() {
  const std::string_view rest = std::string_view(buffer_).substr(at_, kMaxLineBytes);
  const std::size_t cut =
      long_lines_ == Long::kCut ? rest.find_last_of(" \t,;\"") : std::string_view::npos;
  if (cut != std::string_view::npos) return std::optional(Take(cut + 1, 0));
  Line line = Take(rest.size(), 0);
  line.text = line.text.substr(0, kShown);
  line.too_long = true;
  skipping_ = true;
  return std::optional(line);
}

Result<std::optional<LineReader::Line>> LineReader::Next() {
  std::size_t searched = 0;
  while (true) {
    const std::size_t found = buffer_.find(end_, at_ + searched);
    if (found != std::string::npos && (skipping_ || found - at_ <= kMaxLineBytes)) {
      const Line line = Take(found - at_, 1);
      searched = 0;
      if (std::exchange(skipping_, false)) continue;
      return std::optional(line);
    }
    if (skipping_) {
      at_ = buffer_.size();
    } else if (buffer_.size() - at_ > kMaxLineBytes) {
      return TakeLong();
    }
    if (ended_) break;
    searched = buffer_.size() - at_;
    GF_CHECK(Fill());
  }
  if (at_ >= buffer_.size() || skipping_) return std::optional<Line>();
  return std::optional(Take(buffer_.size() - at_, 0));
}

void LineReader::PutBack(std::string_view text, std::uint64_t number) {
  buffer_.replace(0, at_, text);
  at_ = 0;
  number_ = number;
  goes_on_ = false;
}

}  // namespace gapferry::collect
