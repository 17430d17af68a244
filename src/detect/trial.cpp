#include "detect/trial.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/console.h"
#include "base/file.h"

namespace gapferry::detect {
namespace {

constexpr std::chrono::seconds kTrialTimeout{60};
constexpr std::size_t kShownError = 160;

// Where the configuration lies that the command names, and that of engines which need not be told.
std::vector<std::filesystem::path> Readable(const std::vector<std::string>& command) {
  std::vector<std::filesystem::path> paths = {
      "/etc/suricata", "/etc/snort",         "/var/lib/suricata", "/proc/cpuinfo",
      "/proc/meminfo", "/proc/sys",          "/etc/localtime",    "/etc/passwd",
      "/etc/group",    "/etc/nsswitch.conf", "/etc/protocols"};
  for (const std::string& argument : command) {
    if (!argument.starts_with('/')) continue;
    std::error_code ignored;
    const std::filesystem::path path(argument);
    paths.push_back(std::filesystem::is_directory(path, ignored) ? path : path.parent_path());
  }
  std::erase(paths, std::filesystem::path("/"));
  return paths;
}

}  // namespace

Trial::Trial(const FencedRunner& run, std::vector<std::string> command,
             const std::filesystem::path& parent, std::string name, std::uint64_t memory_bytes)
    : run_(run),
      command_(std::move(command)),
      folder_(parent / ".trial"),
      name_(std::move(name)),
      memory_bytes_(memory_bytes) {}

Trial::~Trial() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

Result<bool> Trial::Takes(const std::string& text) {
  ++runs_;
  GF_CHECK(MakeFolder(folder_, 0700));
  GF_CHECK(WriteFileAtomically(folder_ / name_, text));
  std::vector<std::string> command = command_;
  for (std::string& argument : command) {
    const std::string path = folder_.string();
    for (std::size_t at = argument.find("{}"); at != std::string::npos;
         at = argument.find("{}", at + path.size()))
      argument.replace(at, 2, path);
  }
  Fence fence;
  fence.folder = folder_;
  fence.readable = Readable(command_);
  fence.memory_bytes = memory_bytes_;
  GF_TRY(CommandEnd end, run_(command, kTrialTimeout, fence));
  said_ = end.output.empty() ? end.Describe() : std::move(end.output);
  return end.ok();
}

Result<std::vector<std::string>> Trial::Sift(const std::vector<std::string>& texts) {
  std::vector<std::string> problems(texts.size());
  taken_.clear();
  runs_ = 0;
  GF_CHECK(SiftPart(texts, 0, texts.size(), &problems));
  return problems;
}

// Halves what is refused together, so that a few bad texts cost a few runs.
Status Trial::SiftPart(const std::vector<std::string>& texts, std::size_t begin, std::size_t end,
                       std::vector<std::string>* problems) {
  if (begin == end) return Ok();
  if (runs_ >= kMaxRuns) {
    std::fill(problems->begin() + static_cast<std::ptrdiff_t>(begin),
              problems->begin() + static_cast<std::ptrdiff_t>(end), "not tried");
    return Ok();
  }
  std::string text = taken_;
  for (std::size_t i = begin; i < end; ++i)
    text += texts[i] + "\n";
  GF_TRY(const bool takes, Takes(text));
  if (takes) {
    taken_ = std::move(text);
    return Ok();
  }
  if (end - begin == 1) {
    (*problems)[begin] = FirstError();
    return Ok();
  }
  const std::size_t middle = begin + (end - begin) / 2;
  GF_CHECK(SiftPart(texts, begin, middle, problems));
  return SiftPart(texts, middle, end, problems);
}

std::string Trial::FirstError() const {
  std::string_view rest = AsciiTrim(said_);
  std::string_view first = rest.substr(0, rest.find('\n'));
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    if (line.starts_with("E: ") || AsciiLower(line).find("error") != std::string::npos) {
      first = line;
      break;
    }
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  std::string shown(first);
  // The folder has another name each time.
  const std::string path = folder_.string() + "/";
  for (std::size_t at = shown.find(path); at != std::string::npos; at = shown.find(path, at))
    shown.erase(at, path.size());
  return Printable(std::string_view(shown).substr(0, kShownError));
}

}  // namespace gapferry::detect
