#include "detect/suricata_rule.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/clock.h"

namespace gapferry::detect {
namespace {

using intel::IndicatorKind;

constexpr std::size_t kMaxMessage = 200;
constexpr std::size_t kMaxValue = 100;
constexpr std::size_t kMaxRuleInfo = 80;
constexpr std::size_t kMaxListName = 60;

// Of the classification.config that all engines ship.
std::string_view ClassType(IndicatorKind kind) {
  const bool mild = kind == IndicatorKind::kEmail || kind == IndicatorKind::kUserAgent;
  return mild ? "bad-unknown" : "trojan-activity";
}

// Of ET's metadata schema.
std::string_view Severity(std::uint8_t threat_level) {
  constexpr std::array<std::string_view, 4> kNames = {"Critical", "Major", "Minor",
                                                      "Informational"};
  return kNames[threat_level >= 1 && threat_level <= 4 ? threat_level - 1 : 3];
}

std::string UnderscoreDate(Time time) {
  std::string date = FormatDate(time);
  std::replace(date.begin(), date.end(), '-', '_');
  return date;
}

}  // namespace

std::string SuricataContent(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  bool hex = false;
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    const bool plain =
        byte >= 0x20 && byte < 0x7F && std::string_view("\";:\\|").find(c) == std::string::npos;
    if (plain) {
      if (hex) text += '|';
      text += c;
    } else {
      text += hex ? ' ' : '|';
      text += kDigits[byte >> 4];
      text += kDigits[byte & 0xF];
    }
    hex = !plain;
  }
  if (hex) text += '|';
  return text;
}

std::string SuricataMessage(std::string_view text, std::size_t limit) {
  const bool utf8 = IsUtf8(text);
  std::string message;
  for (char c : text.substr(0, limit)) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (c == '"') c = '\'';
    if (c == ';') c = ',';
    if (c == '\\') c = '/';
    if (byte >= 0x80 && !utf8) c = '?';
    if (byte < 0x20 || byte == 0x7F) c = ' ';
    message += c;
  }
  // The cut may have fallen into a sequence.
  while (!IsUtf8(message))
    message.pop_back();
  return message;
}

std::string SuricataWord(std::string_view text, std::size_t limit) {
  std::string word;
  for (const char c : text.substr(0, limit))
    word += IsAsciiAlnum(c) || std::string_view("._+-").find(c) != std::string::npos ? c : '_';
  return word;
}

std::string SuricataRule::Content() const {
  std::string content = header + '\n' + message + '\n' + match + '\n' + classtype + '\n' +
                        std::to_string(priority) + '\n';
  for (const auto& [key, value] : metadata)
    content += key + ' ' + value + '\n';
  return content;
}

std::string SuricataRule::Line(const StableId& id) const {
  std::string line = header + " (msg:\"" + SuricataMessage(message, kMaxMessage) + "\"; " + match +
                     "classtype:" + classtype + "; priority:" + std::to_string(priority) +
                     "; metadata:";
  for (const auto& [key, value] : metadata)
    line += key + ' ' + value + ", ";
  line += "created_at " + UnderscoreDate(id.first) + ", updated_at " + UnderscoreDate(id.changed);
  return line + "; sid:" + std::to_string(id.id) + "; rev:" + std::to_string(id.rev) + ";)\n";
}

SuricataRule RuleOf(const Candidate& candidate, const EventHead& event) {
  SuricataRule rule;
  rule.message = fmt::format("MISP {} {}", IndicatorKindName(candidate.kind),
                             SuricataMessage(candidate.value, kMaxValue));
  const std::string info = SuricataMessage(AsciiTrim(event.info), kMaxRuleInfo);
  if (!info.empty()) rule.message += ": " + info;
  rule.classtype = ClassType(candidate.kind);
  rule.priority = candidate.threat_level;
  std::vector<Uuid> named;
  for (const Mention& mention : candidate.mentions) {
    if (!named.empty() && named.back() == mention.event_uuid) continue;
    named.push_back(mention.event_uuid);
    rule.metadata.emplace_back("misp_event_uuid", mention.event_uuid.ToString());
  }
  // A rule may stand for many ports, and the event of the first one is not that of all.
  const bool ports =
      candidate.from_ports.mentions.size() > 1 || candidate.to_ports.mentions.size() > 1;
  if (ports && named.size() > 1)
    rule.message += fmt::format(" (and {} more attributes)", candidate.mention_count - 1);
  rule.metadata.emplace_back("misp_attribute_uuid",
                             candidate.mentions[0].attribute_uuid.ToString());
  rule.metadata.emplace_back("tlp", intel::TlpName(candidate.tlp));
  rule.metadata.emplace_back("signature_severity", Severity(candidate.threat_level));
  if (!candidate.warninglist.empty())
    rule.metadata.emplace_back("misp_warninglist",
                               SuricataWord(candidate.warninglist, kMaxListName));
  return rule;
}

}  // namespace gapferry::detect
