// detect/suricata_rule.h: the text of one Suricata rule. Grammar and limits: reference of Suricata
// 7 and 8, "Rules format"; what `suricata -T` lets pass although it is wrong is refused or escaped
// here.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "detect/candidate.h"
#include "detect/registry.h"

namespace gapferry::detect {

constexpr std::size_t kMaxSuricataLine = 8000;   // its buffer is 8192 bytes
constexpr std::size_t kMaxSuricataString = 765;  // more is 1024 bytes of base64, and cut by 7.0

// A content pattern: printable ASCII but for `" ; : \ |` as it is, all else as |HH HH|.
[[nodiscard]] std::string SuricataContent(std::string_view bytes);
// Text for msg: nothing in it ends the option, at most `limit` bytes, whole UTF-8 sequences.
[[nodiscard]] std::string SuricataMessage(std::string_view text, std::size_t limit);
// A value of metadata: letters, digits and ._+- only.
[[nodiscard]] std::string SuricataWord(std::string_view text, std::size_t limit);

struct SuricataRule {
  std::string header;   // "alert dns any any -> any any"
  std::string message;  // plain text
  std::string match;    // options, each ended by "; "
  std::string classtype;
  int priority = 3;
  std::vector<std::pair<std::string, std::string>> metadata;

  // All that decides whether the rule is the same: no id, no date.
  [[nodiscard]] std::string Content() const;
  [[nodiscard]] std::string Line(const StableId& id) const;
};

// All that a rule for one value says of it, but header and match. Snort's rules say the same in the
// same words.
[[nodiscard]] SuricataRule RuleOf(const Candidate& candidate, const EventHead& event);

}  // namespace gapferry::detect
