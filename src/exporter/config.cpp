#include "exporter/config.h"

#include <algorithm>

#include "base/config.h"
#include "base/suggest.h"
#include "base/uuid.h"
#include "bundle/manifest.h"
#include "bundle/text.h"
#include "exporter/config_select.h"
#include "exporter/config_web.h"
#include "intel/types.h"
#include "policy/config_decay.h"

namespace gapferry::exporter {
namespace {

constexpr std::int64_t kMostDays = 3650;

const std::vector<std::string_view> kKinds = {"misp-feed", "misp-event", "warninglists",
                                              "csv",       "freetext",   "misp"};
const std::vector<std::string_view> kHoldOrCross = {"hold", "cross"};
const std::vector<std::string_view> kFullRules = {"auto", "always", "never"};

std::filesystem::path ReadPath(ConfigMap& map, std::string_view key,
                               const std::filesystem::path& base,
                               const std::optional<std::string>& fallback) {
  const bool required = !fallback;
  const std::string path = map.String(key, fallback);
  if (path.empty() && required) map.Fail(key, "is empty");
  if (path.starts_with("~"))
    map.Fail(key, fmt::format("\"{}\": nobody expands ~ here; write the whole path", path));
  return path.empty() ? std::filesystem::path() : (base / path).lexically_normal();
}

intel::Tlp ReadTlp(ConfigMap& map, std::string_view key,
                   const std::optional<std::string>& fallback) {
  return intel::FindTlp(map.Choice(key, intel::TlpNames(), fallback)).value_or(intel::Tlp::kClear);
}

// A name is a key and, of a site, a part of file names. `taken` are those before it.
template <typename Named>
std::string ReadName(ConfigMap& map, const std::vector<Named>& taken) {
  std::string name = map.String("name");
  if (!bundle::IsStreamName(name)) {
    map.Fail("name", fmt::format("\"{}\" is not 1 to 40 letters a-z, digits and hyphens, with no "
                                 "hyphen at either end",
                                 name));
  }
  const auto same = [&](const Named& other) { return other.name == name; };
  if (std::any_of(taken.begin(), taken.end(), same))
    map.Fail("name", fmt::format("\"{}\" is already the name of another one above", name));
  return name;
}

Result<SourceConfig> ReadSource(ConfigMap& map, const std::filesystem::path& base,
                                const std::vector<SourceConfig>& before) {
  SourceConfig source;
  source.name = ReadName(map, before);
  source.kind = map.Choice("kind", kKinds);
  source.path = ReadPath(map, "path", base, "");
  source.default_tlp = ReadTlp(map, "default_tlp", "amber");
  GF_TRY(source.values, ReadValueSource(map, source.kind));
  GF_CHECK(ReadWebSource(map, base, &source));
  return source;
}

void ReadDistributions(ConfigMap& map, policy::CrossPolicy* cross) {
  if (!map.Has("distributions")) return;
  cross->distributions = {};
  for (const std::string& level : map.Strings("distributions")) {
    if (level.size() == 1 && level[0] >= '0' && level[0] <= '3') {
      cross->distributions[static_cast<std::size_t>(level[0] - '0')] = true;
    } else {
      map.Fail("distributions", fmt::format("\"{}\" is not one of 0, 1, 2, 3; for level 4 list the "
                                            "UUIDs of the groups in sharing_groups",
                                            level));
    }
  }
}

void ReadSharingGroups(ConfigMap& map, policy::CrossPolicy* cross) {
  for (const std::string& text : map.Strings("sharing_groups")) {
    const auto uuid = ParseUuid(text);
    if (!uuid)
      map.Fail("sharing_groups", fmt::format("\"{}\" is not the UUID of a sharing group", text));
    cross->sharing_groups.insert(uuid.value_or(Uuid{}).ToString());
  }
}

std::vector<std::string_view> CategoryNames() {
  std::vector<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(intel::Category::kOther); ++i)
    names.push_back(intel::CategoryName(static_cast<intel::Category>(i)));
  return names;
}

void ReadExcludedCategories(ConfigMap& map, policy::CrossPolicy* cross) {
  if (!map.Has("exclude_categories")) return;
  const std::vector<std::string> names = map.Choices("exclude_categories", CategoryNames());
  cross->excluded_categories = {names.begin(), names.end()};
}

void ReadExcludedTypes(ConfigMap& map, policy::CrossPolicy* cross) {
  for (std::string& name : map.Strings("exclude_types")) {
    if (intel::FindType(name) == nullptr) {
      std::vector<std::string> known;
      for (const intel::TypeInfo& type : intel::AllTypes())
        known.emplace_back(type.name);
      map.Fail("exclude_types",
               fmt::format("\"{}\" is no attribute type of MISP{}", name, DidYouMean(name, known)));
    }
    cross->excluded_types.insert(std::move(name));
  }
}

std::vector<std::string> ReadSourceNames(ConfigMap& map, const std::vector<SourceConfig>& sources) {
  std::vector<std::string> known;
  for (const SourceConfig& source : sources)
    known.push_back(source.name);
  std::vector<std::string> names = map.Strings("sources");
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      map.Fail("sources", fmt::format("there is no source \"{}\" in this file{}", name,
                                      DidYouMean(name, known)));
    }
  }
  return names;
}

std::vector<bundle::AgeRecipient> ReadRecipients(ConfigMap& map) {
  std::vector<bundle::AgeRecipient> recipients;
  for (const std::string& text : map.Strings("recipients")) {
    const auto recipient = bundle::ParseAgeRecipient(text);
    if (!recipient.ok()) {
      map.Fail("recipients", fmt::format("\"{}\": {}", text, recipient.error().what));
    } else if (std::find(recipients.begin(), recipients.end(), *recipient) != recipients.end()) {
      map.Fail("recipients", fmt::format("\"{}\" is there twice", text));
    } else {
      recipients.push_back(*recipient);
    }
  }
  if (recipients.size() > bundle::kMaxRecipients) {
    map.Fail("recipients", fmt::format("{} recipients; the limit is {}", recipients.size(),
                                       bundle::kMaxRecipients));
  }
  return recipients;
}

std::uint64_t ReadVolumeSize(ConfigMap& map) {
  auto bytes = bundle::ParseVolumeSize(map.String("volume_size", "fat32"));
  if (!bytes.ok()) map.Fail("volume_size", bytes.error().what);
  return bytes.ok() ? *bytes : bundle::kFat32FileBytes;
}

std::optional<bundle::PublicKey> ReadReceiptKey(ConfigMap& map) {
  if (!map.Has("receipt_key")) return std::nullopt;
  auto key = bundle::ParsePublicKey(map.String("receipt_key"));
  if (key.ok()) return *key;
  map.Fail("receipt_key", "is no public key of minisign, 56 characters that begin with RW");
  return std::nullopt;
}

Result<SiteConfig> ReadSite(ConfigMap& map, const std::filesystem::path& base,
                            const Config& before) {
  SiteConfig site;
  site.name = ReadName(map, before.sites);
  site.cross.clearance = ReadTlp(map, "clearance", std::nullopt);
  site.unencrypted = map.Bool("unencrypted", false);
  site.recipients = ReadRecipients(map);
  site.show_counts = map.Bool("show_counts", false);
  if (site.cross.clearance >= intel::Tlp::kAmber && site.recipients.empty() && !site.unencrypted) {
    map.Fail("clearance",
             "TLP:AMBER and above would leave unencrypted; name `recipients`, or say `unencrypted: "
             "true` if that is meant");
  }
  site.cross.hold_unpublished = map.Choice("unpublished", kHoldOrCross, "hold") == "hold";
  ReadDistributions(map, &site.cross);
  ReadSharingGroups(map, &site.cross);
  ReadExcludedCategories(map, &site.cross);
  ReadExcludedTypes(map, &site.cross);
  if (map.Has("hold_back_tags")) site.cross.hold_back_tags = map.Strings("hold_back_tags");
  site.sources = ReadSourceNames(map, before.sources);
  site.known_sources = SourceNames(before);
  ConfigMap select = map.Map("select");
  site.select = ReadSelection(select);
  GF_CHECK(policy::ReadDecay(select, "decay", &site.select.decay));
  GF_CHECK(select.Finish());
  site.days_valid = map.Integer("days_valid", 1, kMostDays, site.days_valid);
  site.days_between = map.Integer("days_between", 1, kMostDays, site.days_between);
  const std::string full = map.Choice("full", kFullRules, "auto");
  site.full = full == "always"  ? FullRule::kAlways
              : full == "never" ? FullRule::kNever
                                : FullRule::kAuto;
  site.receipt_key = ReadReceiptKey(map);
  site.to = ReadPath(map, "to", base, "");
  site.volume_bytes = ReadVolumeSize(map);
  return site;
}

}  // namespace

Result<Config> LoadConfig(const std::filesystem::path& file) {
  GF_TRY(ConfigMap map, ConfigMap::Load(file));
  Config config;
  const std::filesystem::path base = file.parent_path();
  for (ConfigMap& source : map.Maps("sources")) {
    GF_TRY(SourceConfig read, ReadSource(source, base, config.sources));
    config.sources.push_back(std::move(read));
    GF_CHECK(source.Finish());
  }
  // Else each site would complain that its sources are not there.
  GF_CHECK(map.Check());
  for (ConfigMap& site : map.Maps("sites")) {
    GF_TRY(SiteConfig read, ReadSite(site, base, config));
    config.sites.push_back(std::move(read));
    GF_CHECK(site.Finish());
  }
  GF_CHECK(map.Finish());
  return config;
}

std::vector<std::string> SourceNames(const Config& config) {
  std::vector<std::string> names;
  for (const SourceConfig& source : config.sources)
    names.push_back(source.name);
  return names;
}

std::string DefaultConfig(const std::vector<std::string>& sites) {
  std::string text =
      R"(# gapferry, connected side. `gapferry-export status` shows what this file amounts to.
# Paths are relative to this file.

# Where intelligence comes from. Each source is kept apart: none may change another's.
#   kind: misp-feed      a folder as MISP and PyMISP publish it (manifest.json and <uuid>.json)
#         misp-event     a file or a folder of files with MISP events as JSON
#         warninglists   a folder as misp-warninglists publishes it (lists/<name>/list.json)
#         csv            a table, or a folder of tables; `csv:` and `feed:` say more
#         freetext       a list or a report, or a folder of them; `feed:` says more
#         misp           an instance of MISP, read through its API
#   All kinds also take the folder, or the file, packed as zip, tar.gz or gz. docs/sources.md has all options.
#   url: instead of path, where the source is fetched from; path is then where what was fetched is kept (docs/misp.md)
#   key: where the key for that server lies, never the key itself: file:PATH, env:NAME or credential:NAME (systemd)
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
#  - name: url-list
#    kind: csv
#    path: /srv/feeds/urls.csv.gz
#    default_tlp: clear
#    csv:
#      columns: [3]
#    feed:
#      provider: Example CERT
#      exclude: /^https?:..example[.]com/
#  - name: misp
#    kind: misp
#    url: https://misp.example.org
#    key: file:/etc/gapferry/misp.key
#    operator_key: credential:misp-operator
#    warninglists: enabled
#    tls:
#      ca_file: /etc/ssl/certs/internal-ca.pem
#    select:
#      last: 365d
#      not_tags: ["misp:should-not-sync"]

# Who gets what. Each site has a stream of its own, signed for it alone.
#   clearance        the highest TLP that may cross: clear, green, amber, amber+strict, red
#   recipients       who can read the bundle: what `gapferry-import recipient` prints at the site. None: everyone
#   unencrypted      true: without recipients, TLP:AMBER and above may lie readable on the medium
#   show_counts      true: also an encrypted bundle says openly how many rows of which type and source it holds
#   select           of what the sources hold: types, to_ids, tags, not_tags, orgs, last, from, to, threat_levels, ...
#   unpublished      hold (the default) or cross: events that their author has not published
#   distributions    levels of MISP that may cross; 3 is "all communities"
#   days_valid       after so many days a bundle can no longer be imported
#   days_between     how often a courier goes; the far side shows when one is overdue
#   full             beside each delta: auto (up to 256 MiB, and when deltas have grown), always, never
#   receipt_key      the key with which the site signs receipts, if it sends any
#   to               where `run` writes the bundles
#   volume_size      the largest file: fat32 (the default), cd, dvd, bd, or such as 640M
sites:
)";
  for (const std::string& site : sites) {
    text += fmt::format(R"(  - name: {}
    clearance: green
    unpublished: hold
    distributions: [3]
    days_valid: 30
    days_between: 7
#    recipients: [age1xmwwc06ly3ee5rytxm9mflaz2u56jjj36s0mypdrwsvlul66mv4q47ryef]
#    full: auto
#    receipt_key: RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3
#    to: /media/usb
#    volume_size: dvd
#    sources: [cert-feed, misp-warninglists]
#    select: {{to_ids: true, last: 365d}}
#    sharing_groups: []
#    exclude_categories: [Person, Financial fraud, Targeting data]
#    exclude_types: []
)",
                        site);
  }
  return text;
}

}  // namespace gapferry::exporter
