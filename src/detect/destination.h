// detect/destination.h: what a site wants to be made, and for whom.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fence.h"
#include "detect/net_options.h"
#include "intel/tlp.h"
#include "policy/additions.h"
#include "policy/allowlist.h"
#include "policy/use.h"
#include "policy/warninglist.h"

namespace gapferry::detect {

// An indicator that no event names, to prove the chain from bundle to alert.
struct Canary {
  std::string type;  // of MISP, such as "domain"
  std::string value;
};

// At most `count` alerts of one rule in `seconds`, of each host or of all together.
struct AlertRate {
  bool by_host = true;
  std::uint32_t count = 1;
  std::uint32_t seconds = 3600;
};

struct SuricataOptions {
  std::int64_t sid_base = 1'500'000;  // local use is 1,000,000 to 1,999,999 (sidallocation.org)
  std::int64_t sid_count = 490'000;   // sids are never reused
  // Values of one kind up to which each has a rule of its own; above it they go into datasets.
  std::size_t literal_limit = 5000;
  std::string prefix = "misp";                // of file and set names; [a-z0-9-], at most 16
  std::string source_net = "any";             // the left address of the rules: any, or $HOME_NET
  std::set<std::string> hashes = {"sha256"};  // also md5, sha1: see suricata.cpp before you do
  // Where many addresses and networks go: datasets and rule headers, or (`iprep`) one reputation
  // list, which suricata.yaml must name.
  std::string addresses = "datasets";
  bool context = false;  // datasets that name event and TLP in the alert: Suricata 8 only
  bool archive = false;  // also one tar.gz for suricata-update
};

struct WazuhOptions {
  std::int64_t rule_id_base = 110'000;  // 100,000 to 120,000 is for custom rules
  std::int64_t rule_id_count = 1000;
  std::uint32_t level = 12;                    // 0 to 15
  std::string list_folder = "etc/lists/misp";  // on the manager, below its home
  std::uint32_t network_limit = 4096;          // keys that one network may be written as
};

struct SigmaOptions {
  std::size_t values_per_rule = 500;
  std::string status = "experimental";
  std::string level;  // empty: from the event's threat level
  std::string author = "gapferry";
  // Values within the rules, or (`expand`) placeholders and lists beside the rules.
  std::string values = "list";
};

struct CsvOptions {
  bool guard_formulas = true;  // ' before cells that a spreadsheet would run
  bool crlf = false;           // line ends as RFC 4180 has them
};

struct EcsOptions {
  std::string index;  // with it, an action line for _bulk stands before each document
};

struct StoredRulesOptions {
  // Rules that block stay such, although nothing compares them with the site's own networks and the
  // allowlist; only with power: block. Else they are written as alerts.
  bool may_block = false;
  std::int64_t sid_base = 1'990'000;  // above the default block of the format suricata
  std::int64_t sid_count = 9'000;
  // Commands that try the rules of one engine (trial.h): those that it refuses are left out. Empty:
  // only gapferry's own checks.
  std::vector<std::string> suricata;
  std::vector<std::string> snort;
};

struct YaraOptions {
  std::string compiler = "yarac";  // stored rules that it does not compile are refused
};

// One artifact set for one consumer.
struct Destination {
  std::string name;  // [a-z0-9][a-z0-9_-]{0,39}: also the folder's name, unless `folder` is given
  std::string format;
  std::filesystem::path folder;  // absolute; empty: by its name below that of all destinations
  // Whose its files are and who may read them (rights.h); empty: as the process makes them.
  std::string owner;
  std::string mode;
  policy::UsePolicy use;  // its clearance, its power, the types it wants
  std::map<std::string, policy::ListMode> warninglist_modes;  // over the site's, by list name
  // An address with a port (ip-dst|port) matches at that port only, or is refused; else anywhere.
  bool exact_ports = true;
  std::optional<Canary> canary;
  std::optional<AlertRate> alert_rate;  // none: every match is an alert
  // Run before the switch; "{}" in an argument is the new generation's folder. Empty: none.
  std::vector<std::string> check;
  std::chrono::seconds check_timeout{120};
  // Run after the switch, so that the consumer takes the new generation; "{}" is the folder
  // `current`. If it fails, the generation before comes back and it is run once more.
  std::vector<std::string> reload;
  std::chrono::seconds reload_timeout{120};
  SuricataOptions suricata;
  WazuhOptions wazuh;
  SigmaOptions sigma;
  NetOptions net;
  CsvOptions csv;
  EcsOptions ecs;
  StoredRulesOptions stored_rules;
  YaraOptions yara;
};

constexpr std::size_t kMaxDestinations = 64;

// Where the generations of a destination lie; `all` is the folder of those without one of their
// own.
[[nodiscard]] std::filesystem::path FolderOf(const Destination& destination,
                                             const std::filesystem::path& all);

struct Site {
  std::vector<Destination> destinations;
  bool warninglists = true;  // false: those of the store are not looked at
  std::map<std::string, policy::ListMode>
      warninglist_modes;  // over policy's defaults, by list name
  const policy::Allowlist* allowlist = nullptr;
  const policy::Allowlist* own = nullptr;
  // What the site adds itself. Its own findings are for its own organisation, unless it says
  // otherwise.
  const policy::Additions* additions = nullptr;
  intel::Tlp additions_tlp = intel::Tlp::kAmberStrict;
  std::uint8_t shortest_prefix_v4 = 16;
  std::uint8_t shortest_prefix_v6 = 32;
  Time created = 0;          // of the bundle that the store's state came with
  std::string state_digest;  // lower-case hexadecimal of that state
  std::size_t keep = 5;      // generations kept for each destination
  // After a recall: the digests of the states since. Of another no earlier generation is kept.
  std::optional<std::set<std::string>> only_states;
  bool accept_change = false;
  bool preview = false;  // make everything, compare, and put nothing into use
  std::uint32_t shrink_percent = 30;
  std::uint32_t grow_percent = 100;
  std::uint32_t suppress_percent = 10;  // of the attributes, that lists suppress more than before
  // For checks; the importer has one outside its own fences.
  CommandRunner run = [](const std::vector<std::string>& argv, std::chrono::seconds timeout) {
    return RunCommand(argv, timeout);
  };
  // For what reads the rules of strangers; the importer has one with fences.
  FencedRunner fenced = [](const std::vector<std::string>& argv, std::chrono::seconds timeout,
                           const Fence&) { return RunCommand(argv, timeout); };
};

// Errors: kConfig for an unknown format, a bad or doubled name, or an option out of its range.
[[nodiscard]] Status CheckSite(const Site& site);

// A range of numbers that are given to rules.
struct IdBlock {
  std::int64_t first = 1;
  std::int64_t last = INT64_MAX;
};
// Where the sids of a destination lie; none: its format gives none.
[[nodiscard]] std::optional<IdBlock> SidsOf(const Destination& destination);

// Pairs of destinations that may give one sid twice, as sentences: no error, since each may be for
// a sensor of its own.
[[nodiscard]] std::vector<std::string> SharedSids(const std::vector<Destination>& destinations);

// What their options do in Suricata that it does not report, as sentences: sets of one name,
// several kinds of hashes.
[[nodiscard]] std::vector<std::string> SuricataNotes(const std::vector<Destination>& destinations);

}  // namespace gapferry::detect
