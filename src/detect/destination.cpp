#include "detect/destination.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/suggest.h"
#include "detect/alert_rate.h"
#include "detect/format.h"
#include "detect/rights.h"

namespace gapferry::detect {
namespace {

constexpr std::size_t kMaxName = 40;
constexpr std::size_t kMaxPrefix = 16;
constexpr std::size_t kMaxIndex = 200;
constexpr std::int64_t kMaxSid = 4'294'967'294;  // Suricata 7 and 8
constexpr std::int64_t kMaxWazuhId = 999'999;
constexpr std::size_t kMaxSigmaValues = 500;  // more becomes queries that engines refuse

bool IsName(std::string_view name, std::size_t limit) {
  return !name.empty() && name.size() <= limit && name[0] != '-' && name[0] != '_' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return IsAsciiDigit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
         });
}

Error BadDestination(const Destination& destination, std::string_view what) {
  return Error::Make(Kind::kConfig, "destination {}: {}", destination.name, what);
}

bool IsPath(std::string_view path) {
  return !path.empty() && std::all_of(path.begin(), path.end(), [](char c) {
    return IsAsciiAlnum(c) || std::string_view("._/-").find(c) != std::string_view::npos;
  });
}

Status CheckPlace(const Destination& destination) {
  if (!destination.folder.empty() && !destination.folder.is_absolute())
    return BadDestination(
        destination, fmt::format("the folder {} is not absolute", destination.folder.string()));
  if (!destination.owner.empty() && !IsOwnerText(destination.owner))
    return BadDestination(
        destination,
        fmt::format("the owner \"{}\" is not user, user:group or :group", destination.owner));
  if (!destination.mode.empty() && !IsModeText(destination.mode))
    return BadDestination(
        destination,
        fmt::format("the mode \"{}\" is not three octal digits that let the owner read, "
                    "others not write and nobody execute, such as 0640",
                    destination.mode));
  return Ok();
}

Status CheckOptions(const Destination& destination) {
  const SuricataOptions& suricata = destination.suricata;
  if (suricata.sid_base < 1 || suricata.sid_count < 1 ||
      suricata.sid_base > kMaxSid - suricata.sid_count + 1)
    return BadDestination(destination,
                          fmt::format("{} sids from {} on go beyond {}, the last that there is",
                                      suricata.sid_count, suricata.sid_base, kMaxSid));
  if (!IsName(suricata.prefix, kMaxPrefix))
    return BadDestination(destination,
                          fmt::format("the prefix \"{}\" is not 1 to 16 of a-z, 0-9, - and _, "
                                      "beginning with a letter or digit",
                                      suricata.prefix));
  if (suricata.source_net != "any" && suricata.source_net != "$HOME_NET")
    return BadDestination(destination, "the source network must be any or $HOME_NET");
  const WazuhOptions& wazuh = destination.wazuh;
  if (wazuh.rule_id_base < 1 || wazuh.rule_id_count < 1 || wazuh.level > 15 ||
      wazuh.rule_id_base + wazuh.rule_id_count - 1 > kMaxWazuhId)
    return BadDestination(
        destination,
        fmt::format("{} rule ids from {} on do not lie between 1 and {}, or "
                    "level {} not between 0 and 15",
                    wazuh.rule_id_count, wazuh.rule_id_base, kMaxWazuhId, wazuh.level));
  if (!IsPath(wazuh.list_folder))
    return BadDestination(destination,
                          fmt::format("the list folder \"{}\" may hold letters, digits and ._/- "
                                      "only",
                                      wazuh.list_folder));
  const SigmaOptions& sigma = destination.sigma;
  if (sigma.values_per_rule < 1 || sigma.values_per_rule > kMaxSigmaValues)
    return BadDestination(destination,
                          fmt::format("a Sigma rule may hold 1 to {} values", kMaxSigmaValues));
  const StoredRulesOptions& stored = destination.stored_rules;
  if (stored.sid_base < 1 || stored.sid_count < 1 ||
      stored.sid_base > kMaxSid - stored.sid_count + 1)
    return BadDestination(destination,
                          fmt::format("{} sids from {} on go beyond {}, the last that there is",
                                      stored.sid_count, stored.sid_base, kMaxSid));
  if (stored.may_block && destination.use.power != policy::Power::kBlocks)
    return BadDestination(destination, "stored_rules: may_block goes with power: block");
  const std::string& index = destination.ecs.index;
  if (!index.empty() && !IsName(index, kMaxIndex))
    return BadDestination(destination,
                          fmt::format("the index \"{}\" is not 1 to {} of a-z, 0-9, - and _, "
                                      "beginning with a letter or digit",
                                      index, kMaxIndex));
  return CheckNetOptions(destination);
}

Status CheckCanary(const Destination& destination, const Format& format) {
  if (!destination.canary) return Ok();
  const Canary& canary = *destination.canary;
  const intel::Normalised value = intel::Normalise(canary.type, canary.value);
  if (!value.ok() || value.count == 0)
    return BadDestination(destination,
                          fmt::format("the canary {} is no {}", canary.value, canary.type));
  const policy::Decision decision =
      Express(destination, format, value.indicators[0], value.port, canary.type);
  if (decision.allowed) return Ok();
  return BadDestination(
      destination, fmt::format("{} cannot look for the canary {}: {} {}", format.name, canary.value,
                               policy::ReasonCode(decision.reason), decision.detail));
}

Status CheckDestination(const Destination& destination) {
  if (!IsName(destination.name, kMaxName))
    return BadDestination(destination,
                          "a name is 1 to 40 of a-z, 0-9, - and _, and begins with a letter or "
                          "digit");
  const Format* format = FindFormat(destination.format);
  if (format == nullptr) {
    std::vector<std::string> known;
    for (const Format& each : AllFormats())
      known.emplace_back(each.name);
    return BadDestination(destination, fmt::format("unknown format \"{}\"{}", destination.format,
                                                   DidYouMean(destination.format, known)));
  }
  GF_CHECK(CheckPlace(destination));
  GF_CHECK(CheckOptions(destination));
  GF_CHECK(CheckAlertRate(destination, *format));
  return CheckCanary(destination, *format);
}

}  // namespace

std::filesystem::path FolderOf(const Destination& destination, const std::filesystem::path& all) {
  return destination.folder.empty() ? all / destination.name : destination.folder;
}

Status CheckSite(const Site& site) {
  if (site.destinations.size() > kMaxDestinations) {
    return Error::Make(Kind::kConfig, "{} destinations, at most {} are possible",
                       site.destinations.size(), kMaxDestinations);
  }
  std::set<std::string_view> names;
  for (const Destination& destination : site.destinations) {
    GF_CHECK(CheckDestination(destination));
    if (!names.insert(destination.name).second)
      return BadDestination(destination, "the name is used twice");
  }
  return Ok();
}

std::optional<IdBlock> SidsOf(const Destination& destination) {
  const auto block = [](const auto& options) {
    return IdBlock{options.sid_base, options.sid_base + options.sid_count - 1};
  };
  if (destination.format == "suricata") return block(destination.suricata);
  if (destination.format == "stored-rules") return block(destination.stored_rules);
  if (destination.format == "snort2" || destination.format == "snort3")
    return block(destination.net.snort);
  return std::nullopt;
}

std::vector<std::string> SharedSids(const std::vector<Destination>& destinations) {
  std::vector<std::string> shared;
  for (std::size_t i = 0; i < destinations.size(); ++i) {
    const auto one = SidsOf(destinations[i]);
    for (std::size_t k = 0; one && k < i; ++k) {
      const auto other = SidsOf(destinations[k]);
      if (!other || one->first > other->last || other->first > one->last) continue;
      shared.push_back(fmt::format("destinations {} and {} both give sids from {} to {}",
                                   destinations[k].name, destinations[i].name,
                                   std::max(one->first, other->first),
                                   std::min(one->last, other->last)));
    }
  }
  return shared;
}

std::vector<std::string> SuricataNotes(const std::vector<Destination>& destinations) {
  std::vector<std::string> notes;
  std::map<std::string_view, std::string_view> prefixes;  // and who has them
  for (const Destination& destination : destinations) {
    if (destination.format != "suricata") continue;
    const SuricataOptions& suricata = destination.suricata;
    const auto [first, added] = prefixes.try_emplace(suricata.prefix, destination.name);
    if (!added) {
      notes.push_back(fmt::format(
          "destinations {} and {} both name their sets `{}`: no sensor can load the rules of both. "
          "Give each its own `prefix`",
          first->second, destination.name, suricata.prefix));
    }
    if (suricata.hashes.size() > 1) {
      notes.push_back(fmt::format(
          "destination {}: with several kinds of `hashes` Suricata 7 loses matches without a word, "
          "unless `force-hash` names all of them in the section `files` of eve-log",
          destination.name));
    }
  }
  return notes;
}

}  // namespace gapferry::detect
