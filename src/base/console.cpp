#include "base/console.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/bytes.h"
#include "base/file.h"

namespace gapferry {
namespace {

// False if the line did not get out; errno says why.
bool PutLine(std::FILE* stream, std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), stream);
  std::fputc('\n', stream);
  return std::fflush(stream) == 0;
}

// Bidirectional controls and separators that can make a terminal show another text than was
// written.
bool IsDeceptive(std::string_view sequence) {
  if (sequence.size() == 2 && sequence[0] == '\xC2') {
    return static_cast<std::uint8_t>(sequence[1]) < 0xA0;  // C1 controls
  }
  if (sequence.size() != 3 || sequence[0] != '\xE2') return false;
  const auto second = static_cast<std::uint8_t>(sequence[1]);
  const auto third = static_cast<std::uint8_t>(sequence[2]);
  if (second == 0x80) return (third >= 0x8B && third <= 0x8F) || (third >= 0xA8 && third <= 0xAE);
  return second == 0x81 && third >= 0xA0 && third <= 0xAF;
}

std::size_t SequenceLength(std::string_view text) {
  const auto lead = static_cast<std::uint8_t>(text[0]);
  std::size_t length = 1;
  if (lead >= 0xF0) {
    length = 4;
  } else if (lead >= 0xE0) {
    length = 3;
  } else if (lead >= 0xC0) {
    length = 2;
  }
  return length <= text.size() && IsUtf8(text.substr(0, length)) ? length : 0;
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    const std::size_t length = SequenceLength(text);
    const auto byte = static_cast<std::uint8_t>(text[0]);
    const bool control = byte < 0x20 || byte == 0x7F;
    if (length == 0 || control || IsDeceptive(text.substr(0, length))) {
      const std::size_t shown = length == 0 ? 1 : length;
      for (std::size_t i = 0; i < shown; ++i) {
        safe += fmt::format("\\x{:02x}", static_cast<std::uint8_t>(text[i]));
      }
      text.remove_prefix(shown);
    } else {
      safe += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return safe;
}

std::string Grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3)
    digits.insert(i - 3, ",");
  return digits;
}

std::string HumanBytes(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} bytes", bytes);
  double value = static_cast<double>(bytes);
  const char* unit = "";
  for (const char* next : {"KiB", "MiB", "GiB", "TiB"}) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return fmt::format("{:.1f} {}", value, unit);
}

Console::Console(Options options) : options_(options) {}

void Console::Say(std::string_view line) {
  if (!options_.json) PutResult(line);
}

void Console::Emit(std::string_view message_type, const Json& body) {
  if (!options_.json) return;
  Json message = {{"message_type", message_type}};
  message.update(body);
  PutResult(DumpJson(message));
}

void Console::Note(std::string_view line) {
  if (options_.quiet) return;
  if (options_.json) {
    PutLine(stderr, DumpJson({{"message_type", "note"}, {"message", line}}));
  } else {
    PutLine(stderr, line);
  }
}

void Console::Warn(std::string_view line) {
  ++warnings_;
  if (options_.json) {
    PutLine(stderr, DumpJson({{"message_type", "warning"}, {"message", line}}));
  } else {
    PutLine(stderr, fmt::format("warning: {}", line));
  }
}

void Console::Report(const Error& error) {
  const KindInfo& info = Info(error.kind);
  if (options_.json) {
    PutLine(stderr, DumpJson({{"message_type", "error"},
                              {"code", info.exit_code},
                              {"kind", info.name},
                              {"message", error.what},
                              {"hints", error.hints}}));
    return;
  }
  PutLine(stderr, fmt::format("error: {}", Printable(error.what)));
  for (const std::string& hint : error.hints)
    PutLine(stderr, fmt::format("hint: {}", Printable(hint)));
}

void Console::PutResult(std::string_view line) {
  if (!PutLine(stdout, line) && write_error_ == 0) write_error_ = errno;
}

Status Console::Close() {
  // Commands that print text as it is write past PutResult.
  if (std::fflush(stdout) != 0 && write_error_ == 0) write_error_ = errno;
  if (write_error_ == 0 && std::ferror(stdout) != 0) write_error_ = EIO;
  if (write_error_ == 0) return Ok();
  return SystemError("cannot write the result to standard output", write_error_);
}

bool Console::shows_progress() const {
  return !options_.json && !options_.quiet && ::isatty(STDERR_FILENO) == 1;
}

Progress::Progress(const Console& console, std::string label, std::string unit, std::uint64_t total)
    : visible_(console.shows_progress()),
      label_(std::move(label)),
      unit_(std::move(unit)),
      total_(total),
      start_(std::chrono::steady_clock::now()),
      drawn_(start_) {}

Progress::~Progress() {
  if (visible_) std::fputs("\r\x1b[K", stderr);
}

void Progress::Advance(std::uint64_t amount) {
  done_ += amount;
  if (!visible_) return;
  constexpr auto kRedraw = std::chrono::milliseconds(100);
  const auto now = std::chrono::steady_clock::now();
  if (now - drawn_ < kRedraw) return;
  drawn_ = now;
  Draw();
}

void Progress::Draw() {
  const double seconds = std::chrono::duration<double>(drawn_ - start_).count();
  const double rate = seconds > 0 ? static_cast<double>(done_) / seconds : 0;
  std::string line = fmt::format("{}  {} {}", label_, Grouped(done_), unit_);
  if (total_ > 0) {
    const auto percent = done_ * 100 / total_;
    line = fmt::format("{}  {} %  {} of {} {}", label_, percent, Grouped(done_), Grouped(total_),
                       unit_);
  }
  line += fmt::format("  {}/s", Grouped(static_cast<std::uint64_t>(rate)));
  if (total_ > done_ && rate > 0) {
    line += fmt::format("  {:.0f} s left", static_cast<double>(total_ - done_) / rate);
  }
  std::fprintf(stderr, "\r%s\x1b[K", line.c_str());
  std::fflush(stderr);
}

}  // namespace gapferry
