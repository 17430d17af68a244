// detect/rights.h: whose the files of a generation are, and who may read them.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "detect/destination.h"

namespace gapferry::detect {

struct Rights {
  std::optional<uid_t> owner;  // else who runs this
  std::optional<gid_t> group;
  mode_t file_mode = 0644;
  mode_t folder_mode = 0755;  // that of the files, x where there is r, and w for the owner
};

// "user", "user:group" or ":group": names of /etc/passwd and /etc/group, or numbers.
[[nodiscard]] bool IsOwnerText(std::string_view text);
// Three octal digits, a 0 before them allowed: the owner reads, nobody executes, others do not
// write.
[[nodiscard]] bool IsModeText(std::string_view text);

// What the destination asks for; nullopt if it asks for nothing, and files are then as the umask
// has them. Error: kConfig for a name that this machine does not have.
[[nodiscard]] Result<std::optional<Rights>> FindRights(const Destination& destination);

// Sets them on everything in the folder, and on the folder last. Only for what nobody else could
// change so far. Error: kIo.
[[nodiscard]] Status SetRights(const std::filesystem::path& folder, const Rights& rights);
// Writes one more file atomically, with these rights from its first moment on. Errors: kIo,
// kNoSpace.
[[nodiscard]] Status WriteWithRights(const std::filesystem::path& file, std::string_view content,
                                     const std::optional<Rights>& rights);
// Lets those who may read a generation come to it through this folder, which stays its maker's.
// Error: kIo.
[[nodiscard]] Status LetThrough(const std::filesystem::path& folder, const Rights& rights);

}  // namespace gapferry::detect
