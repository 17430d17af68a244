// tests/bundle/oracle.h: other people's tools as judges of what gapferry writes.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace gapferry::bundle {

struct Ran {
  int exit_code = -1;
  std::string output;  // stdout and stderr
};

inline Ran Shell(const std::string& command) {
  Ran ran;
  std::FILE* pipe = ::popen(("{ " + command + "\n} 2>&1").c_str(), "r");
  if (pipe == nullptr) return ran;
  char buffer[4096];
  for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0;) {
    ran.output.append(buffer, got);
  }
  const int status = ::pclose(pipe);
  ran.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ran;
}

inline bool HasTool(const std::string& name) {
  return Shell("command -v " + name).exit_code == 0;
}

// A folder of its own for one test, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gapferry-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  std::string Write(const std::string& name, std::string_view content) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
    return (path_ / name).string();
  }
  [[nodiscard]] std::string Read(const std::string& name) const {
    std::ostringstream content;
    content << std::ifstream(path_ / name, std::ios::binary).rdbuf();
    return content.str();
  }
  // Runs a command in this folder.
  [[nodiscard]] Ran Run(const std::string& command) const {
    return Shell("cd " + path_.string() + " && " + command);
  }

 private:
  std::filesystem::path path_;
};

// The shared corpus, or empty.
inline std::filesystem::path Corpus() {
  if (const char* given = std::getenv("GAPFERRY_CORPUS")) return given;
  std::filesystem::path path = std::filesystem::path(GAPFERRY_SOURCE_DIR) / "../shared/corpus";
  return std::filesystem::exists(path) ? path : std::filesystem::path();
}

}  // namespace gapferry::bundle

// Skips the test without the tool, or fails if GAPFERRY_REQUIRE_ORACLES is set.
#define NEEDS_TOOL(name)                                      \
  do {                                                        \
    if (gapferry::bundle::HasTool(name)) break;               \
    if (std::getenv("GAPFERRY_REQUIRE_ORACLES") != nullptr) { \
      FAIL() << (name) << " is missing";                      \
    }                                                         \
    GTEST_SKIP() << (name) << " is not installed";            \
  } while (false)
