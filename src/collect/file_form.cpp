#include "collect/file_form.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/bytes.h"
#include "collect/words.h"
#include "intel/tld.h"

namespace gapferry::collect {
namespace {

// Sorted. Without those that are top-level domains first of all: com, sh, pl, rs, so, ps, md, app,
// one, pub, dot; "zip", "py", "mov", "cab" and "save" are both, and files far more often.
constexpr auto kEndings = std::to_array<std::string_view>(
    {"7z",   "a3x",  "accdb", "ace",  "apk",  "appx", "arj",  "asp",  "aspx",  "au3",  "avi",
     "bak",  "bas",  "bat",   "bin",  "bmp",  "bz2",  "cab",  "cer",  "cfg",   "chm",  "class",
     "cmd",  "cpl",  "crt",   "css",  "csv",  "dat",  "db",   "deb",  "dex",   "dll",  "dmg",
     "doc",  "docm", "docx",  "dotm", "drv",  "elf",  "eml",  "exe",  "gif",   "gz",   "hta",
     "htm",  "html", "icl",   "ico",  "img",  "inf",  "ini",  "ipa",  "iqy",   "iso",  "jar",
     "jpeg", "jpg",  "js",    "jse",  "json", "jsp",  "jspx", "key",  "ko",    "lnk",  "log",
     "lzh",  "mdb",  "mht",   "mov",  "mp3",  "mp4",  "msc",  "msi",  "msp",   "msu",  "ocx",
     "odt",  "pdf",  "php",   "pif",  "png",  "pot",  "potm", "ppam", "pps",   "ppsm", "ppt",
     "pptm", "pptx", "prn",   "ps1",  "psd1", "psm1", "py",   "pyc",  "pyd",   "pyw",  "rar",
     "reg",  "rpm",  "rtf",   "sav",  "save", "scf",  "scr",  "sct",  "shtml", "slk",  "sln",
     "sql",  "swf",  "sys",   "tar",  "temp", "tgz",  "tmp",  "ttf",  "txt",   "url",  "vb",
     "vba",  "vbe",  "vbs",   "vhd",  "vhdx", "vmdk", "wav",  "wim",  "wll",   "wsc",  "wsf",
     "wsh",  "xht",  "xla",   "xlam", "xll",  "xls",  "xlsb", "xlsm", "xlsx",  "xlt",  "xltm",
     "xml",  "xps",  "xsl",   "xz",   "yml",  "zip"});

// Endings of scripts, sources and libraries that are top-level domains as well. Sorted.
constexpr auto kScriptEndings =
    std::to_array<std::string_view>({"cc", "md", "pl", "ps", "rs", "sh", "so"});
// Names that are files wherever they stand. Sorted.
constexpr auto kScripts = std::to_array<std::string_view>(
    {"autogen.sh", "bootstrap.sh", "build.rs", "build.sh", "deploy.sh", "entrypoint.sh",
     "install.pl", "install.sh",   "lib.cc",   "lib.rs",   "main.cc",   "main.pl",
     "main.rs",    "mod.rs",       "run.sh",   "setup.sh", "start.sh",  "stop.sh",
     "test.sh",    "uninstall.sh", "update.sh"});
constexpr auto kProjectFiles = std::to_array<std::string_view>(
    {"authors.md", "changelog.md", "code_of_conduct.md", "configure.ac", "contributing.md",
     "history.md", "index.md", "install.md", "license.md", "makefile.am", "news.md", "readme.md",
     "security.md", "support.md", "system.io", "todo.md"});

constexpr auto kHives = std::to_array<std::string_view>(
    {"HKLM\\", "HKCU\\", "HKCR\\", "HKU\\", "HKCC\\", "HKEY_LOCAL_MACHINE\\", "HKEY_CURRENT_USER\\",
     "HKEY_CLASSES_ROOT\\", "HKEY_USERS\\", "HKEY_CURRENT_CONFIG\\"});

// Programs of Windows that appear in the commands of reports. Sorted.
constexpr auto kSystemPrograms = std::to_array<std::string_view>(
    {"at.exe",       "attrib.exe",      "bcdedit.exe",  "bitsadmin.exe",  "certutil.exe",
     "cmd.exe",      "conhost.exe",     "control.exe",  "cscript.exe",    "curl.exe",
     "dllhost.exe",  "esentutl.exe",    "expand.exe",   "explorer.exe",   "icacls.exe",
     "iexplore.exe", "installutil.exe", "ipconfig.exe", "lsass.exe",      "makecab.exe",
     "msbuild.exe",  "mshta.exe",       "msiexec.exe",  "net.exe",        "net1.exe",
     "netsh.exe",    "netstat.exe",     "nltest.exe",   "notepad.exe",    "nslookup.exe",
     "ntdsutil.exe", "odbcconf.exe",    "ping.exe",     "powershell.exe", "powershell_ise.exe",
     "reg.exe",      "regasm.exe",      "regedit.exe",  "regsvcs.exe",    "regsvr32.exe",
     "rundll32.exe", "sc.exe",          "schtasks.exe", "services.exe",   "shutdown.exe",
     "svchost.exe",  "systeminfo.exe",  "taskkill.exe", "tasklist.exe",   "userinit.exe",
     "vssadmin.exe", "wbadmin.exe",     "wevtutil.exe", "whoami.exe",     "winlogon.exe",
     "winword.exe",  "wmic.exe",        "wscript.exe",  "xcopy.exe"});

template <std::size_t kSize>
bool IsListed(const std::array<std::string_view, kSize>& words, std::string_view word) {
  return std::binary_search(words.begin(), words.end(), word);
}

std::string Ending(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == kNowhere ? std::string() : AsciiLower(name.substr(dot + 1));
}

bool StartsWithoutCase(std::string_view text, std::string_view prefix) {
  return text.size() > prefix.size() &&
         AsciiLower(text.substr(0, prefix.size())) == AsciiLower(prefix);
}

std::size_t HiveLength(std::string_view text) {
  if (text.empty() || (text[0] != 'H' && text[0] != 'h')) return 0;
  for (const std::string_view hive : kHives) {
    if (StartsWithoutCase(text, hive)) return hive.size();
  }
  return 0;
}

// "C:\", "%VAR%\", "\\host\"
std::size_t RootLength(std::string_view text) {
  if (text.size() < 4) return 0;
  const char first = text[0];
  const bool letter = (first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z');
  if (letter && text[1] == ':' && text[2] == '\\') return 3;
  if (first == '%') {
    const std::size_t close = text.find('%', 1);
    if (close == kNowhere || close < 2 || close > 40 || close + 1 >= text.size()) return 0;
    const std::string_view name = text.substr(1, close - 1);
    const auto in_name = [](char c) { return IsAsciiAlnum(c) || c == '_' || c == '(' || c == ')'; };
    if (!std::all_of(name.begin(), name.end(), in_name)) return 0;
    return text[close + 1] == '\\' ? close + 2 : 0;
  }
  if (text.starts_with("\\\\") && IsAsciiAlnum(text[2])) {
    const std::size_t share = text.find('\\', 2);
    return share > 256 ? 0 : share + 1;  // also if there is none
  }
  return 0;
}

// What no name of a file on Windows may have, and what stands for one: C:\Users\[username].
bool HasPlaceholder(std::string_view text) {
  return text.find_first_of("[]<>*?\"|") != kNowhere;
}

// A key ends with its line or a quote; its names may have blanks, so words that begin with a
// capital letter or that lead to another backslash go on with it.
std::size_t KeyLength(std::string_view text) {
  const std::size_t quote = text.find_first_of("\"'|<>,;\t");
  const std::size_t end = std::min({quote, text.find("\xE2\x80"), text.size()});
  std::size_t at = text.find(' ');
  while (at != kNowhere && at < end) {
    const std::string_view next = text.substr(at + 1, end - at - 1);
    const std::string_view word = next.substr(0, next.find(' '));
    const bool goes_on = !word.empty() && HiveLength(word) == 0 && word[0] >= 'A' && word[0] <= 'Z';
    if (!goes_on) return at;
    at = text.find(' ', at + 1);
  }
  return end;
}

}  // namespace

bool IsFileName(std::string_view text) {
  const std::size_t dot = text.rfind('.');
  if (dot == kNowhere || dot == 0 || text.size() - dot > 7 || text.size() - dot < 2) return false;
  if (text.size() > 255 || HasPlaceholder(text)) return false;
  if (text.find_first_of("/\\:\n\t") != kNowhere) return false;
  const std::string_view ending = text.substr(dot + 1);
  return std::all_of(ending.begin(), ending.end(), IsAsciiAlnum);
}

bool FindFile(std::string_view text) {
  if (!IsFileName(text) || !IsListed(kEndings, Ending(text)) || IsSystemProgram(text)) return false;
  // "com.py" is where Paraguay sells names.
  const std::size_t before = text.rfind('.', text.rfind('.') - 1);
  if (before != kNowhere && intel::IsRegistrySuffix(AsciiLower(text.substr(before + 1))))
    return false;
  return text.find_first_of("=&@{}();,!$") == kNowhere && text.find("..") == kNowhere;
}

bool FindScript(std::string_view text, bool prose) {
  if (!IsFileName(text) || std::count(text.begin(), text.end(), '.') != 1) return false;
  if (text.find_first_of("=&@{}();,!$|") != kNowhere) return false;
  if (IsListed(kScripts, AsciiLower(text))) return true;
  return prose && IsListed(kScriptEndings, Ending(text)) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<std::uint8_t>(c) < 0x80; });
}

bool IsProjectFile(std::string_view text) {
  constexpr std::string_view kText = ".md";
  if (IsListed(kProjectFiles, AsciiLower(text))) return true;
  const auto is_capital = [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; };
  const std::string_view name = text.substr(0, text.size() - std::min(text.size(), kText.size()));
  return text.ends_with(kText) && !name.empty() &&
         std::all_of(name.begin(), name.end(), is_capital);
}

bool IsRegistryKey(std::string_view text) {
  return HiveLength(text) > 0;
}

bool FindPath(std::string_view text) {
  const std::size_t hive = HiveLength(text);
  if (hive > 0) return text.find('\\', hive) != kNowhere;
  const std::size_t root = RootLength(text);
  if (root == 0 || HasPlaceholder(text.substr(root)) || text.find('\n') != kNowhere) return false;
  return text.back() != '\\' && !IsSystemProgram(text);
}

std::size_t PathLength(std::string_view text) {
  if (HiveLength(text) > 0) return KeyLength(text);
  const std::size_t root = RootLength(text);
  if (root == 0) return 0;
  const std::size_t end = std::min(text.find_first_of("\"'<>|;\t", root), text.size());
  // Up to the first ending that a blank or the end follows; names may have blanks before that.
  for (std::size_t dot = text.find('.', root); dot != kNowhere && dot < end;
       dot = text.find('.', dot + 1)) {
    std::size_t stop = dot + 1;
    while (stop < end && IsAsciiAlnum(text[stop]))
      ++stop;
    const bool ends = stop == end || text[stop] == ' ' || text[stop] == ',' || text[stop] == ')';
    if (stop > dot + 1 && stop - dot <= 6 && ends) return stop;
  }
  return std::min(text.find(' ', root), end);
}

bool IsSystemProgram(std::string_view path) {
  const std::size_t slash = path.find_last_of("\\/");
  return IsListed(kSystemPrograms, AsciiLower(slash == kNowhere ? path : path.substr(slash + 1)));
}

}  // namespace gapferry::collect
