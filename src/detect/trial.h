// detect/trial.h: the consumer's own engine reads the rules of strangers, within fences, and those
// that it refuses are found by halving.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/fence.h"
#include "base/result.h"

namespace gapferry::detect {

class Trial {
 public:
  // `command` reads the file `name` in a folder whose name stands for "{}" in it, and ends with
  // another code than 0 if it refuses any of what is there. The folder, the only one that it may
  // write to, is made below `parent` and removed at the end. Engines that work with threads and
  // tables reserve more memory than they use.
  Trial(const FencedRunner& run, std::vector<std::string> command,
        const std::filesystem::path& parent, std::string name,
        std::uint64_t memory_bytes = 8ULL << 30);
  ~Trial();
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  // Whether the engine takes this text alone. Errors: kSandbox, kIo, kNoSpace.
  [[nodiscard]] Result<bool> Takes(const std::string& text);
  // The first line of what the engine printed last that tells of an error.
  [[nodiscard]] std::string FirstError() const;

  // For each text, in turn, what the engine has against it beside those before it that it took;
  // empty if nothing. After kMaxRuns runs, which many bad texts need, the rest is "not tried".
  static constexpr int kMaxRuns = 500;
  [[nodiscard]] Result<std::vector<std::string>> Sift(const std::vector<std::string>& texts);

 private:
  [[nodiscard]] Status SiftPart(const std::vector<std::string>& texts, std::size_t begin,
                                std::size_t end, std::vector<std::string>* problems);

  const FencedRunner& run_;
  std::vector<std::string> command_;
  std::filesystem::path folder_;
  std::string name_;
  std::uint64_t memory_bytes_;
  std::string said_;
  std::string taken_;  // all texts that were found good so far
  int runs_ = 0;
};

}  // namespace gapferry::detect
