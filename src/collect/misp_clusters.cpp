#include "collect/misp_clusters.h"

#include <algorithm>
#include <iterator>

#include "base/bytes.h"
#include "collect/misp_fields.h"

namespace gapferry::collect {
namespace {

constexpr std::string_view kAttackType = "mitre-";
constexpr std::size_t kMaxTactics = 20;

// T1071, T1071.001, G0007, S0154, M1031, TA0011: what ATT&CK numbers look like.
bool IsAttackNumber(std::string_view text) {
  std::size_t letters = 0;
  while (letters < text.size() && text[letters] >= 'A' && text[letters] <= 'Z')
    ++letters;
  constexpr std::size_t kLongest = 10;
  return letters >= 1 && letters <= 2 && text.size() >= letters + 4 && text.size() <= kLongest &&
         std::all_of(text.begin() + static_cast<std::ptrdiff_t>(letters), text.end(),
                     [](char c) { return IsAsciiDigit(c) || c == '.'; });
}

// "attack-Windows:initial-access", "mitre-attack:enterprise-attack:collection"
std::string_view TacticOf(std::string_view phase) {
  const std::size_t colon = phase.rfind(':');
  return colon == std::string_view::npos ? phase : phase.substr(colon + 1);
}

class ClusterReader {
 public:
  explicit ClusterReader(const Json& cluster) {
    // An event shows elements as `meta`, a galaxy as rows.
    if (cluster.contains("meta") && cluster["meta"].is_object()) {
      for (const auto& [key, values] : cluster["meta"].items()) {
        if (!values.is_array()) continue;
        for (const Json& value : values) {
          if (value.is_string()) Take(key, value.get_ref<const std::string&>());
        }
      }
    }
    if (!cluster.contains("GalaxyElement") || !cluster["GalaxyElement"].is_array()) return;
    for (const Json& element : cluster["GalaxyElement"])
      Take(TextOf(element, "key"), TextOf(element, "value"));
  }

  [[nodiscard]] const std::string& number() const { return number_; }
  [[nodiscard]] const std::string& tactics() const { return tactics_; }

 private:
  void Take(std::string_view key, std::string_view value) {
    if (key == "external_id" && number_.empty() && IsAttackNumber(value)) number_ = value;
    if (key == "kill_chain") TakeTactic(TacticOf(value));
  }

  void TakeTactic(std::string_view tactic) {
    if (tactic.empty() || seen_.size() == kMaxTactics) return;
    if (std::find(seen_.begin(), seen_.end(), tactic) != seen_.end()) return;
    tactics_.append(seen_.empty() ? "" : ", ").append(tactic);
    seen_.emplace_back(tactic);
  }

  std::string number_;
  std::string tactics_;
  std::vector<std::string> seen_;
};

std::string CutText(const std::string& text) {
  return text.size() <= kMaxContextText ? text : std::string();
}

bool IsOfAttack(const ContextRow& galaxy) {
  return FieldOf(galaxy, "type").starts_with(kAttackType) && FieldOf(galaxy, "enabled") != "false";
}

}  // namespace

Result<ContextRows> ReadClusters(const Json& answer, const std::string& galaxy,
                                 const std::string& version) {
  if (!answer.is_object() || !answer.contains("GalaxyCluster") ||
      !answer["GalaxyCluster"].is_array())
    return Error::Make(Kind::kMalformed, "the galaxy {} lists no clusters", galaxy);
  ContextRows rows;
  for (const Json& cluster : answer["GalaxyCluster"]) {
    if (!cluster.is_object()) continue;
    const ClusterReader read(cluster);
    const std::string tag = CutText(TextOf(cluster, "tag_name"));
    if (tag.empty() || read.number().empty()) continue;
    if (rows.size() == kMaxContextRows) {
      return Error::Make(Kind::kTooLarge, "the galaxy {} lists more than {} clusters", galaxy,
                         kMaxContextRows);
    }
    rows[tag] = {{"name", CutText(TextOf(cluster, "value"))},
                 {"attack", read.number()},
                 {"tactics", CutText(read.tactics())},
                 {"galaxy", galaxy},
                 {"version", version}};
  }
  return rows;
}

Status FetchClusters(MispApi& api, const ContextRows& galaxies, ContextRows* clusters) {
  std::map<std::string, std::string> held;  // by galaxy, the version that was read
  for (const auto& [tag, row] : *clusters)
    held[FieldOf(row, "galaxy")] = FieldOf(row, "version");
  ContextRows now;
  for (const auto& entry : galaxies) {
    const std::string& uuid = entry.first;
    const ContextRow& galaxy = entry.second;
    if (!IsOfAttack(galaxy)) continue;
    const std::string version = FieldOf(galaxy, "version");
    const auto known = held.find(uuid);
    ContextRows rows;
    if (known != held.end() && known->second == version) {
      std::copy_if(clusters->begin(), clusters->end(), std::inserter(rows, rows.end()),
                   [&](const auto& each) { return FieldOf(each.second, "galaxy") == uuid; });
    } else {
      GF_TRY(const Json answer, api.Get("/galaxies/view/" + uuid));
      GF_TRY(rows, ReadClusters(answer, uuid, version));
    }
    if (now.size() + rows.size() > kMaxContextRows) {
      return Error::Make(Kind::kTooLarge, "the galaxies of ATT&CK list more than {} clusters",
                         kMaxContextRows);
    }
    now.merge(rows);
  }
  *clusters = std::move(now);
  return Ok();
}

}  // namespace gapferry::collect
