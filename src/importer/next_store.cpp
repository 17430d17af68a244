#include "importer/next_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <tuple>

namespace gapferry::importer {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kOwnFolder = 0700;
constexpr mode_t kOwnFile = 0600;
constexpr std::string_view kStateEnding = ".db";

fs::path AsidePath(const Home& home) {
  return home.work() / "next.db";
}

fs::path CompactPath(const Home& home) {
  return home.work() / "compact.db";
}

Result<fs::path> FreshPath(const Home& home) {
  GF_CHECK(MakeFolder(home.work(), kOwnFolder));
  RemoveLeftAside(home);
  return AsidePath(home);
}

fs::path HalfKept(const Home& home) {
  return home.states() / "keeping";
}

std::string KeptName(const bundle::StatePoint& point) {
  return fmt::format("{}.{:06}{}", point.epoch, point.seq, kStateEnding);
}

std::optional<KeptState> ParseKept(const fs::path& path) {
  const std::string name = path.filename().string();
  KeptState kept;
  kept.path = path;
  const char* end = name.data() + name.size();
  const auto epoch = std::from_chars(name.data(), end, kept.epoch);
  if (epoch.ec != std::errc{} || epoch.ptr == end || *epoch.ptr != '.') return std::nullopt;
  const auto seq = std::from_chars(epoch.ptr + 1, end, kept.seq);
  if (seq.ec != std::errc{} || std::string_view(seq.ptr, end) != kStateEnding) return std::nullopt;
  return kept;
}

// A link costs nothing; where the file system has none, a copy.
Status Keep(const Home& home, const bundle::StatePoint& point) {
  GF_CHECK(MakeFolder(home.states(), kOwnFolder));
  const fs::path kept = home.states() / KeptName(point);
  const fs::path temporary = HalfKept(home);
  ::unlink(temporary.c_str());
  if (::link(home.store_file().c_str(), temporary.c_str()) != 0)
    GF_CHECK(CopyFile(home.store_file(), temporary));
  if (::rename(temporary.c_str(), kept.c_str()) != 0)
    return SystemError("cannot keep " + kept.string(), errno);
  // Renaming onto another link of the same file does nothing and leaves both names.
  ::unlink(temporary.c_str());
  return SyncFolder(home.states());
}

Status Prune(const Home& home, std::size_t keep) {
  GF_TRY(const std::vector<KeptState> states, KeptStates(home));
  for (std::size_t i = 0; i + keep < states.size(); ++i) {
    if (::unlink(states[i].path.c_str()) != 0)
      return SystemError("cannot remove " + states[i].path.string(), errno);
  }
  return Ok();
}

}  // namespace

void RemoveLeftAside(const Home& home) {
  std::error_code ignored;
  for (fs::directory_iterator entry(home.work(), ignored), end; !ignored && entry != end;) {
    const fs::path path = entry->path();
    entry.increment(ignored);
    std::error_code stays;
    fs::remove_all(path, stays);
  }
}

NextStore::~NextStore() {
  store_.reset();
  if (!path_.empty()) ::unlink(path_.c_str());
}

Result<NextStore> NextStore::Create(const Home& home, Start start) {
  GF_TRY(fs::path path, FreshPath(home));
  NextStore next(home, std::move(path));
  if (start == Start::kCopy) GF_CHECK(CopyFile(home.store_file(), next.path_));
  GF_TRY(next.store_, store::Store::OpenAside(next.path_));
  if (start == Start::kEmpty) GF_CHECK(next.store_->TakeLasting(home.store_file()));
  return next;
}

Result<NextStore> NextStore::FromKept(const Home& home, const fs::path& kept) {
  GF_TRY(fs::path path, FreshPath(home));
  NextStore next(home, std::move(path));
  GF_CHECK(CopyFile(kept, next.path_));
  GF_TRY(next.store_, store::Store::OpenAside(next.path_));
  std::map<std::string, std::string> own;
  for (const char* key : kStateKeys) {
    GF_TRY(const std::optional<std::string> value, next.store_->GetMeta(key));
    own[key] = value.value_or("");
  }
  GF_CHECK(next.store_->TakeLasting(home.store_file()));
  for (const auto& [key, value] : own)
    GF_CHECK(next.store_->SetMeta(key, value));
  return next;
}

Status NextStore::Compact() {
  const fs::path compact = CompactPath(home_);
  ::unlink(compact.c_str());
  if (Status written = store_->SnapshotTo(compact); !written.ok()) {
    ::unlink(compact.c_str());
    return written;
  }
  if (::chmod(compact.c_str(), kOwnFile) != 0)
    return SystemError("cannot set the rights of " + compact.string(), errno);
  store_.reset();
  if (::rename(compact.c_str(), path_.c_str()) != 0)
    return SystemError("cannot replace " + path_.string(), errno);
  GF_TRY(store_, store::Store::OpenAside(path_));
  return Ok();
}

Status NextStore::Adopt(const std::optional<bundle::StatePoint>& replaced,
                        std::size_t keep_states) {
  store_.reset();
  GF_CHECK(SyncFile(path_));
  if (replaced && keep_states > 0) GF_CHECK(Keep(home_, *replaced));
  if (::rename(path_.c_str(), home_.store_file().c_str()) != 0)
    return SystemError("cannot replace " + home_.store_file().string(), errno);
  path_.clear();
  GF_CHECK(SyncFolder(home_.folder()));
  return Prune(home_, keep_states);
}

Result<std::vector<KeptState>> KeptStates(const Home& home) {
  std::vector<KeptState> states;
  std::error_code error;
  if (!fs::exists(home.states(), error)) return states;
  GF_TRY(const std::vector<fs::path> files, ListFiles(home.states()));
  for (const fs::path& file : files) {
    if (const auto kept = ParseKept(file)) states.push_back(*kept);
  }
  std::sort(states.begin(), states.end(), [](const KeptState& left, const KeptState& right) {
    return std::tie(left.epoch, left.seq) < std::tie(right.epoch, right.seq);
  });
  return states;
}

void RemoveHalfKept(const Home& home) {
  ::unlink(HalfKept(home).c_str());
}

}  // namespace gapferry::importer
