// policy/additions.h: indicators that a site adds itself, beside those of its bundles.
//
// One a line, `type value`; `#` at the start of a line or after white space begins a comment:
//   domain     evil.example          # seen in our proxy log
//   ip-dst     198.51.100.7
//   user-agent Mozilla/5.0 (bad)
//   user-agent "Bot #1"              # in quotes; \" and \\ are a quote and a backslash
// Types are those of MISP, values are read as those of its attributes are, also defanged.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/allowlist.h"

namespace gapferry::policy {

struct Addition {
  std::string type;
  std::string value;  // normalised
  std::string comment;
  std::uint32_t line = 0;
};

class Additions {
 public:
  static constexpr std::size_t kMaxEntries = 100'000;
  static constexpr std::size_t kMaxLineBytes = 8192;

  // Of two lines that say the same the first counts.
  // Errors: kConfig with "file:line: reason" for an unknown type, a value that is none of its type,
  // that nothing can look for or that would match everywhere, a public suffix; kTooLarge.
  [[nodiscard]] static Result<Additions> Parse(std::string_view text, std::string_view file_name);

  [[nodiscard]] const std::vector<Addition>& entries() const { return entries_; }
  [[nodiscard]] const std::string& file() const { return file_; }
  // "file:line".
  [[nodiscard]] std::string Where(const Addition& addition) const;

  // The site cannot mean both. `blocking`: also where an entry lies within an addition. Error:
  // kConfig with both lines.
  [[nodiscard]] Status CheckAgainst(const Allowlist& allowlist, bool blocking) const;

 private:
  std::string file_;
  std::vector<Addition> entries_;
};

}  // namespace gapferry::policy
