#include "detect/generation.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>

namespace gapferry::detect {
namespace {

constexpr const char* kReloadPending = "reload.pending";
constexpr const char* kRefused = "refused.txt";
constexpr std::uint64_t kMaxRefusalBytes = 1 << 16;

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxManifestBytes = 64 << 20;

// The number of "000012-1a2b3c4d"; 0 for any other name.
std::uint64_t NumberOf(const std::string& name) {
  std::uint64_t number = 0;
  const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc{} && stop != name.data() + name.size() && *stop == '-' ? number : 0;
}

Status Remove(const fs::path& path) {
  std::error_code code;
  fs::remove_all(path, code);
  if (code) return SystemError("cannot remove " + path.string(), code.value());
  return Ok();
}

}  // namespace

bool IsComplete(const fs::path& generation) {
  std::error_code code;
  return fs::is_regular_file(generation / kManifestName, code);
}

Result<Generations> Generations::Open(fs::path folder) {
  GF_CHECK(MakeFolder(folder / "generations"));
  Generations generations(std::move(folder));
  const fs::path link = generations.folder_ / "current";
  std::error_code code;
  const fs::file_status status = fs::symlink_status(link, code);
  if (status.type() == fs::file_type::not_found) return generations;
  if (status.type() != fs::file_type::symlink) {
    return Error::Make(Kind::kMalformed, "{} is no symbolic link", link.string())
        .Hint("move it away: gapferry keeps the link to the generation in use there");
  }
  const fs::path target = fs::read_symlink(link, code);
  if (code) return SystemError("cannot read " + link.string(), code.value());
  generations.current_ = generations.folder_ / target;
  const auto text = ReadFile(generations.current_ / kManifestName, kMaxManifestBytes);
  if (text.ok()) {
    auto manifest = ParseJson(*text, {.max_bytes = kMaxManifestBytes});
    if (manifest.ok()) generations.manifest_ = std::move(manifest).value();
  } else if (!IsComplete(generations.current_)) {
    generations.current_.clear();
  }
  return generations;
}

Result<std::vector<std::pair<std::uint64_t, fs::path>>> Generations::All() const {
  std::vector<std::pair<std::uint64_t, fs::path>> all;
  std::error_code code;
  for (fs::directory_iterator entry(folder_ / "generations", code), end; !code && entry != end;
       entry.increment(code)) {
    const std::uint64_t number = NumberOf(entry->path().filename().string());
    if (number > 0) all.emplace_back(number, entry->path());
  }
  if (code) return SystemError("cannot list " + folder_.string(), code.value());
  std::sort(all.begin(), all.end());
  return all;
}

Result<fs::path> Generations::Next(std::string_view state_digest) const {
  GF_TRY(const auto all, All());
  std::uint64_t highest = 0;
  for (const auto& [number, path] : all) {
    highest = std::max(highest, number);
    if (!IsComplete(path) && path != current_) GF_CHECK(Remove(path));
  }
  return folder_ / "generations" /
         fmt::format("{:06}-{}", highest + 1,
                     state_digest.empty() ? "00000000" : state_digest.substr(0, 8));
}

Status Generations::Switch(const fs::path& generation) {
  const fs::path link = folder_ / "current.new";
  ::unlink(link.c_str());
  const fs::path target = fs::path("generations") / generation.filename();
  if (::symlink(target.c_str(), link.c_str()) != 0)
    return SystemError("cannot create " + link.string(), errno);
  if (::rename(link.c_str(), (folder_ / "current").c_str()) != 0)
    return SystemError("cannot replace " + (folder_ / "current").string(), errno);
  GF_CHECK(SyncFolder(folder_));
  current_ = generation;
  return Ok();
}

Status Generations::LetThrough(const Rights& rights) const {
  GF_CHECK(detect::LetThrough(folder_ / "generations", rights));
  return detect::LetThrough(folder_, rights);
}

Status Generations::Withdraw() {
  if (::unlink(current_link().c_str()) != 0 && errno != ENOENT)
    return SystemError("cannot remove " + current_link().string(), errno);
  GF_CHECK(SyncFolder(folder_));
  current_.clear();
  return Ok();
}

bool Generations::reload_pending() const {
  std::error_code error;
  return fs::exists(folder_ / kReloadPending, error);
}

Status Generations::SetReloadPending(bool pending) const {
  const fs::path mark = folder_ / kReloadPending;
  if (pending) return WriteFileAtomically(mark, "");
  if (::unlink(mark.c_str()) != 0 && errno != ENOENT)
    return SystemError("cannot remove " + mark.string(), errno);
  return Ok();
}

Status Generations::SetRefusal(const std::string& why) const {
  const fs::path note = folder_ / kRefused;
  if (!why.empty()) return WriteFileAtomically(note, why.substr(0, kMaxRefusalBytes));
  if (::unlink(note.c_str()) != 0 && errno != ENOENT)
    return SystemError("cannot remove " + note.string(), errno);
  return Ok();
}

std::string Generations::RefusalIn(const fs::path& folder) {
  const auto why = ReadFile(folder / kRefused, kMaxRefusalBytes);
  return why.ok() ? *why : "";
}

Status Generations::PurgeOthers(const std::set<std::string>& states) const {
  GF_TRY(const auto all, All());
  for (const auto& [number, path] : all) {
    if (path == current_) continue;
    const auto text = ReadFile(path / kManifestName, kMaxManifestBytes);
    const auto manifest = ParseJson(text.ok() ? *text : "", {.max_bytes = kMaxManifestBytes});
    const bool named = manifest.ok() && manifest->is_object() &&
                       manifest->contains("state_digest") &&
                       (*manifest)["state_digest"].is_string() &&
                       states.contains((*manifest)["state_digest"].get<std::string>());
    if (!named) GF_CHECK(Remove(path));
  }
  return Ok();
}

Status Generations::Prune(std::size_t keep) const {
  GF_TRY(const auto all, All());
  for (std::size_t i = 0; i + std::max<std::size_t>(keep, 1) < all.size(); ++i) {
    if (all[i].second != current_) GF_CHECK(Remove(all[i].second));
  }
  return Ok();
}

}  // namespace gapferry::detect
