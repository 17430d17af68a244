// collect/file_form.h: names of files and keys of the Windows registry, judged by their form.
#pragma once

#include <cstddef>
#include <string_view>

namespace gapferry::collect {

// One word that can be the name of a file: something, a dot, and an ending.
[[nodiscard]] bool IsFileName(std::string_view text);
// The same, with an ending of the list of those that malware comes as or leaves behind. "a.com" and
// "a.sh" are names of hosts, "a.zip" and "a.py" are files.
[[nodiscard]] bool FindFile(std::string_view text);
// A script or source file whose ending is a top-level domain too: install.sh, main.rs. `prose`: not
// alone, so that one label and such an ending (evil.pl) are a file rather than a name.
[[nodiscard]] bool FindScript(std::string_view text, bool prose);
// What projects have and nobody blocks: README.md, Makefile.am, System.IO.
[[nodiscard]] bool IsProjectFile(std::string_view text);
// A path of Windows from its drive, share or variable, or a key of the registry from its hive.
[[nodiscard]] bool FindPath(std::string_view text);
[[nodiscard]] bool IsRegistryKey(std::string_view text);
// How much of `text`, which begins with a path or key, belongs to it, when more text may follow.
[[nodiscard]] std::size_t PathLength(std::string_view text);
// A part of Windows itself, such as powershell.exe: what it is told to do may be an indicator, it
// is not.
[[nodiscard]] bool IsSystemProgram(std::string_view path);

}  // namespace gapferry::collect
