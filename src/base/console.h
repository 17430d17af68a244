// base/console.h: the one voice of all programs. Results go to stdout; progress, notes, warnings
// and errors to stderr.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "base/result.h"

namespace gapferry {

// Text that came from outside, made safe for a terminal: control characters, bidirectional
// overrides and bytes that are not UTF-8 are shown as \xHH.
[[nodiscard]] std::string Printable(std::string_view text);

// 1234567 → "1,234,567"
[[nodiscard]] std::string Grouped(std::uint64_t number);
// 5368709 → "5.1 MiB"
[[nodiscard]] std::string HumanBytes(std::uint64_t bytes);

class Console {
 public:
  struct Options {
    bool json = false;
    bool quiet = false;
  };
  explicit Console(Options options);

  [[nodiscard]] bool json() const { return options_.json; }
  [[nodiscard]] bool quiet() const { return options_.quiet; }
  // Whether a Progress is seen: what it counts up to need not be known otherwise.
  [[nodiscard]] bool shows_progress() const;

  // One line of a result for people; nothing with --json.
  void Say(std::string_view line);
  // The result of the command with --json: one object on one line, key "message_type" first.
  void Emit(std::string_view message_type, const Json& body);
  // A note beside the result (stderr); with --json an object of type "note" on stderr. Nothing with
  // --quiet.
  void Note(std::string_view line);
  // What whoever is responsible must learn although the command goes on: something was left out,
  // refused or kept, a server lied, a bundle cannot be used yet. A line `warning: …` (stderr), also
  // with --quiet; with --json an object of type "warning" on stderr.
  void Warn(std::string_view line);
  // How often that was.
  [[nodiscard]] std::uint64_t warnings() const { return warnings_; }
  // `error:` and `hint:` lines; with --json one object of type "error" on stderr.
  void Report(const Error& error);

  // At the end: whether all of the result got out. Error: kIo, kNoSpace.
  [[nodiscard]] Status Close();

 private:
  void PutResult(std::string_view line);

  Options options_;
  std::uint64_t warnings_ = 0;
  int write_error_ = 0;  // errno of the first line that did not get out
};

// A line that rewrites itself on a terminal: "collecting  43 %  12,345 of 28,000 files  1,234/s  12
// s left". Silent where stderr is no terminal, with --quiet and with --json.
class Progress {
 public:
  Progress(const Console& console, std::string label, std::string unit, std::uint64_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Advance(std::uint64_t amount);

 private:
  void Draw();

  bool visible_;
  std::string label_;
  std::string unit_;
  std::uint64_t total_;
  std::uint64_t done_ = 0;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point drawn_;
};

}  // namespace gapferry
