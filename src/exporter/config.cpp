#include "exporter/config.h"

#include <algorithm>
#include <set>

#include "base/config.h"
#include "base/suggest.h"

namespace gapferry::exporter {
namespace {

constexpr std::int64_t kMostDays = 3650;

const std::vector<std::string_view> kKinds = {"misp-feed", "misp-event", "warninglists"};
const std::vector<std::string_view> kTlps = {"clear", "green", "amber", "amber+strict", "red"};
const std::vector<std::string_view> kHoldOrCross = {"hold", "cross"};

std::filesystem::path Resolve(const std::filesystem::path& base, const std::string& path) {
  return path.empty() ? std::filesystem::path() : (base / path).lexically_normal();
}

intel::Tlp ReadTlp(ConfigMap& map, std::string_view key, std::optional<std::string> fallback) {
  return intel::FindTlp(map.Choice(key, kTlps, std::move(fallback))).value_or(intel::Tlp::kClear);
}

void CheckName(ConfigMap& map, const std::string& name) {
  const bool good =
      !name.empty() && name.size() <= 40 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || IsAsciiDigit(c) || c == '-';
      });
  if (!good) map.Fail("name", "a name has 1 to 40 letters a-z, digits and hyphens");
}

SourceConfig ReadSource(ConfigMap& map, const std::filesystem::path& base) {
  SourceConfig source;
  source.name = map.String("name");
  CheckName(map, source.name);
  source.kind = map.Choice("kind", kKinds);
  source.path = Resolve(base, map.String("path"));
  source.default_tlp = ReadTlp(map, "default_tlp", "amber");
  return source;
}

void ReadDistributions(ConfigMap& map, policy::CrossPolicy* cross) {
  if (!map.Has("distributions")) return;
  cross->distributions = {};
  for (const std::string& level : map.Strings("distributions")) {
    if (level.size() == 1 && level[0] >= '0' && level[0] <= '3') {
      cross->distributions[static_cast<std::size_t>(level[0] - '0')] = true;
    } else {
      map.Fail(
          "distributions",
          fmt::format("\"{}\" is not one of 0, 1, 2, 3 (sharing groups are listed apart)", level));
    }
  }
}

template <typename Set>
void ReadSet(ConfigMap& map, std::string_view key, Set* set) {
  if (!map.Has(key)) return;
  const std::vector<std::string> values = map.Strings(key);
  *set = Set(values.begin(), values.end());
}

SiteConfig ReadSite(ConfigMap& map, const std::filesystem::path& base) {
  SiteConfig site;
  site.name = map.String("name");
  CheckName(map, site.name);
  site.cross.clearance = ReadTlp(map, "clearance", std::nullopt);
  site.unencrypted = map.Bool("unencrypted", false);
  if (site.cross.clearance >= intel::Tlp::kAmber && !site.unencrypted) {
    map.Fail(
        "clearance",
        "TLP:AMBER and above would leave unencrypted; say `unencrypted: true` if that is meant");
  }
  site.cross.hold_unpublished = map.Choice("unpublished", kHoldOrCross, "hold") == "hold";
  ReadDistributions(map, &site.cross);
  ReadSet(map, "sharing_groups", &site.cross.sharing_groups);
  ReadSet(map, "exclude_categories", &site.cross.excluded_categories);
  ReadSet(map, "exclude_types", &site.cross.excluded_types);
  ReadSet(map, "hold_back_tags", &site.cross.hold_back_tags);
  site.sources = map.Strings("sources");
  site.days_valid = map.Integer("days_valid", 1, kMostDays, site.days_valid);
  site.days_between = map.Integer("days_between", 1, kMostDays, site.days_between);
  site.to = Resolve(base, map.String("to", ""));
  return site;
}

// Names are keys: each once, and each that is mentioned there.
Status CheckNames(const std::filesystem::path& file, const Config& config) {
  std::set<std::string> sources;
  for (const SourceConfig& source : config.sources) {
    if (!sources.insert(source.name).second) {
      return Error::Make(Kind::kConfig, "{}: two sources are called \"{}\"", file.string(),
                         source.name);
    }
  }
  std::set<std::string> sites;
  for (const SiteConfig& site : config.sites) {
    if (!sites.insert(site.name).second) {
      return Error::Make(Kind::kConfig, "{}: two sites are called \"{}\"", file.string(),
                         site.name);
    }
    for (const std::string& name : site.sources) {
      if (!sources.contains(name)) {
        return Error::Make(
            Kind::kConfig, "{}: site {} names source \"{}\", which is not configured{}",
            file.string(), site.name, name, DidYouMean(name, {sources.begin(), sources.end()}));
      }
    }
  }
  return Ok();
}

}  // namespace

Result<Config> LoadConfig(const std::filesystem::path& file) {
  GF_TRY(ConfigMap map, ConfigMap::Load(file));
  Config config;
  const std::filesystem::path base = file.parent_path();
  for (ConfigMap& source : map.Maps("sources")) {
    config.sources.push_back(ReadSource(source, base));
    GF_CHECK(source.Finish());
  }
  for (ConfigMap& site : map.Maps("sites")) {
    config.sites.push_back(ReadSite(site, base));
    GF_CHECK(site.Finish());
  }
  GF_CHECK(map.Finish());
  GF_CHECK(CheckNames(file, config));
  return config;
}

std::string DefaultConfig(const std::vector<std::string>& sites) {
  std::string text =
      R"(# gapferry, connected side. `gapferry-export status` shows what this file amounts to.
# Paths are relative to this file.

# Where intelligence comes from. Each source is kept apart: none may change another's.
#   kind: misp-feed      a folder as MISP and PyMISP publish it (manifest.json and <uuid>.json)
#         misp-event     a file or a folder of files with MISP events as JSON
#         warninglists   a folder as misp-warninglists publishes it (lists/<name>/list.json)
#   default_tlp: for what carries no TLP tag: clear, green, amber (the default), amber+strict, red
sources: []
#  - name: cert-feed
#    kind: misp-feed
#    path: /srv/feeds/cert
#    default_tlp: green
#  - name: misp-warninglists
#    kind: warninglists
#    path: /srv/misp-warninglists
#    default_tlp: clear

# Who gets what. Each site has a stream of its own, signed for it alone.
#   clearance        the highest TLP that may cross: clear, green, amber, amber+strict, red
#   unencrypted      true: TLP:AMBER and above may lie readable on the medium
#   unpublished      hold (the default) or cross: events that their author has not published
#   distributions    levels of MISP that may cross; 3 is "all communities"
#   days_valid       after so many days a bundle can no longer be imported
#   days_between     how often a courier goes; the far side shows when one is overdue
#   to               where `run` writes the bundles
sites:
)";
  for (const std::string& site : sites) {
    text += fmt::format(R"(  - name: {}
    clearance: green
    unpublished: hold
    distributions: [3]
    days_valid: 30
    days_between: 7
#    to: /media/usb
#    sources: [cert-feed, misp-warninglists]
#    sharing_groups: []
#    exclude_categories: [Person, Financial fraud, Targeting data]
#    exclude_types: []
)",
                        site);
  }
  return text;
}

}  // namespace gapferry::exporter
