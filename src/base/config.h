// base/config.h: YAML configuration written by people. Every key is named by its reader; any other
// key is an error with file, line and the nearest known key. Adapter: yaml-cpp and its exceptions
// stay in config.cpp.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"

namespace YAML {
class Node;
}

namespace gapferry {

constexpr std::size_t kMaxConfigBytes = 1 << 20;

// One mapping of a configuration file. Getters remember the first error; Finish returns it, or the
// first key that no getter asked for, with a hint that lists the keys that were. So a reader lists
// its keys once, in order, and checks once at the end.
class ConfigMap {
 public:
  // Errors: kConfig with "file:line: reason".
  [[nodiscard]] static Result<ConfigMap> Load(const std::filesystem::path& path);
  [[nodiscard]] static Result<ConfigMap> Parse(std::string_view text, std::string_view file_name);
  ConfigMap(ConfigMap&&) noexcept;
  ConfigMap& operator=(ConfigMap&&) noexcept;
  ~ConfigMap();

  [[nodiscard]] bool Has(std::string_view key);
  [[nodiscard]] std::string String(std::string_view key,
                                   const std::optional<std::string>& fallback = std::nullopt);
  [[nodiscard]] bool Bool(std::string_view key, bool fallback);
  [[nodiscard]] std::int64_t Integer(std::string_view key, std::int64_t low, std::int64_t high,
                                     std::optional<std::int64_t> fallback = std::nullopt);
  // Digits with or without a fraction, as 0.3; nothing else that C++ would read as a number.
  [[nodiscard]] double Number(std::string_view key, double low, double high,
                              std::optional<double> fallback = std::nullopt);
  // One of `choices`, compared exactly.
  [[nodiscard]] std::string Choice(std::string_view key,
                                   const std::vector<std::string_view>& choices,
                                   const std::optional<std::string>& fallback = std::nullopt);
  [[nodiscard]] std::vector<std::string> Strings(std::string_view key);
  // Each one of `choices`.
  [[nodiscard]] std::vector<std::string> Choices(std::string_view key,
                                                 const std::vector<std::string_view>& choices);
  // A missing key gives an empty map or list.
  [[nodiscard]] ConfigMap Map(std::string_view key);
  [[nodiscard]] std::vector<ConfigMap> Maps(std::string_view key);
  // Keys of this mapping in file order, for maps whose keys are data (list names, types).
  [[nodiscard]] std::vector<std::string> Keys();

  // Records an error at `key` (or at this mapping), for a value that only the reader can judge.
  void Fail(std::string_view key, std::string_view reason);
  // Call on every map, innermost first; errors of a nested map are reported by its own Finish.
  [[nodiscard]] Status Finish();
  // The first error so far, for a reader whose next step depends on what it has read.
  [[nodiscard]] Status Check() const;

 private:
  struct State;
  explicit ConfigMap(std::unique_ptr<State> state);
  [[nodiscard]] YAML::Node Find(std::string_view key);
  // A required key without a value; `wanted` says what it should be.
  void FailMissing(std::string_view key, std::string_view wanted);
  void CheckChoice(std::string_view key, std::string_view word,
                   const std::vector<std::string_view>& choices);
  std::unique_ptr<State> state_;
};

}  // namespace gapferry
