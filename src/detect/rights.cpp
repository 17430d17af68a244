#include "detect/rights.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"

namespace gapferry::detect {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxOwnerName = 32;  // useradd(8)
constexpr std::size_t kLineBytes = 1 << 16;

bool IsAccountName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxOwnerName && name[0] != '-' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return IsAsciiAlnum(c) || std::string_view("._-$").find(c) != std::string_view::npos;
         });
}

// 2³² - 1 means "leave it" to chown.
std::optional<std::uint32_t> ReadNumber(std::string_view text) {
  std::uint32_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || stop != text.data() + text.size() || number == UINT32_MAX)
    return std::nullopt;
  return number;
}

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
File OpenText(const char* path) {
  return File(std::fopen(path, "re"), &std::fclose);
}

// The local files only: getpwnam may ask a daemon through a socket, which this process never opens.
std::optional<uid_t> FindUser(const std::string& name) {
  const File file = OpenText("/etc/passwd");
  std::vector<char> line(kLineBytes);
  passwd entry{};
  passwd* found = nullptr;
  while (file && fgetpwent_r(file.get(), &entry, line.data(), line.size(), &found) == 0 && found) {
    if (name == found->pw_name) return found->pw_uid;
  }
  return ReadNumber(name);
}

std::optional<gid_t> FindGroup(const std::string& name) {
  const File file = OpenText("/etc/group");
  std::vector<char> line(kLineBytes);
  group entry{};
  group* found = nullptr;
  while (file && fgetgrent_r(file.get(), &entry, line.data(), line.size(), &found) == 0 && found) {
    if (name == found->gr_name) return found->gr_gid;
  }
  return ReadNumber(name);
}

Error Unknown(const Destination& destination, std::string_view what, const std::string& name,
              const char* file) {
  return Error::Make(Kind::kConfig, "destination {}: owner: this machine has no {} \"{}\"",
                     destination.name, what, name)
      .Hint("a name of {}, or a number", file);
}

// The owner writes: old generations are removed.
mode_t FolderMode(mode_t file_mode) {
  return file_mode | (file_mode & 0444U) >> 2 | 0200U;
}

Status SetOpen(int file, const fs::path& path, const Rights& rights, mode_t mode) {
  const uid_t user_id = rights.owner.value_or(static_cast<uid_t>(-1));
  const gid_t group_id = rights.group.value_or(static_cast<gid_t>(-1));
  if ((rights.owner || rights.group) && ::fchown(file, user_id, group_id) != 0) {
    return SystemError("cannot give " + path.string() + " to its owner", errno)
        .Hint(
            "only root can give files to another user; a user can give them to a group that it "
            "is in");
  }
  // After the owner, who would lose bits otherwise.
  if (::fchmod(file, mode) != 0)
    return SystemError("cannot set the mode of " + path.string(), errno);
  return Ok();
}

Status SetOne(const fs::path& path, const Rights& rights, mode_t mode) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.open()) return SystemError("cannot open " + path.string(), errno);
  return SetOpen(file.get(), path, rights, mode);
}

}  // namespace

bool IsOwnerText(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view user = text.substr(0, colon);
  if (colon == std::string_view::npos) return IsAccountName(user);
  return (user.empty() || IsAccountName(user)) && IsAccountName(text.substr(colon + 1));
}

bool IsModeText(std::string_view text) {
  if (text.size() == 4 && text[0] == '0') text.remove_prefix(1);
  const auto is = [&](std::size_t at, std::string_view digits) {
    return digits.find(text[at]) != std::string_view::npos;
  };
  return text.size() == 3 && is(0, "46") && is(1, "046") && is(2, "04");
}

Result<std::optional<Rights>> FindRights(const Destination& destination) {
  if (destination.owner.empty() && destination.mode.empty()) return std::optional<Rights>();
  Rights rights;
  if (!destination.mode.empty())
    rights.file_mode = static_cast<mode_t>(std::stoul(destination.mode, nullptr, 8));
  rights.folder_mode = FolderMode(rights.file_mode);
  const std::size_t colon = std::min(destination.owner.find(':'), destination.owner.size());
  const std::string user = destination.owner.substr(0, colon);
  if (!user.empty()) {
    rights.owner = FindUser(user);
    if (!rights.owner) return Unknown(destination, "user", user, "/etc/passwd");
  }
  if (colon < destination.owner.size()) {
    const std::string name = destination.owner.substr(colon + 1);
    rights.group = FindGroup(name);
    if (!rights.group) return Unknown(destination, "group", name, "/etc/group");
  }
  return std::optional(rights);
}

Status SetRights(const fs::path& folder, const Rights& rights) {
  std::vector<fs::path> folders = {folder};
  std::error_code code;
  for (fs::recursive_directory_iterator entry(folder, code), end; !code && entry != end;
       entry.increment(code)) {
    std::error_code unknown;
    if (entry->symlink_status(unknown).type() == fs::file_type::directory) {
      folders.push_back(entry->path());
    } else {
      GF_CHECK(SetOne(entry->path(), rights, rights.file_mode));
    }
  }
  if (code) return SystemError("cannot list " + folder.string(), code.value());
  // From the innermost: until the last of them nobody else comes in.
  for (auto each = folders.rbegin(); each != folders.rend(); ++each)
    GF_CHECK(SetOne(*each, rights, rights.folder_mode));
  return Ok();
}

Status WriteWithRights(const fs::path& file, std::string_view content,
                       const std::optional<Rights>& rights) {
  if (!rights) return WriteFileAtomically(file, content);
  GF_TRY(AtomicFile out, AtomicFile::Create(file, 0600));
  GF_CHECK(out.Write(content));
  GF_CHECK(SetOpen(out.fd(), file, *rights, rights->file_mode));
  return out.Commit();
}

Status LetThrough(const fs::path& folder, const Rights& rights) {
  const Rights through{std::nullopt, rights.group, 0, 0};
  // Whoever could write here could put another generation in place. Who owns the files comes
  // through as one of the others.
  const mode_t owner_passes = rights.owner ? 0011U : 0;
  return SetOne(folder, through, 0700U | (rights.folder_mode & 0055U) | owner_passes);
}

}  // namespace gapferry::detect
