// detect/net_options.h: what a destination for a resolver, a firewall, a proxy or a network sensor
// may choose. The defaults are those of schema/import.schema.json.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace gapferry::detect {

struct Destination;

struct RpzOptions {
  std::string zone = "rpz.misp";    // the zone's name, without a dot at its end
  std::string action = "nxdomain";  // nodata, drop, garden
  // What names lead to with the action garden: one name, or addresses.
  std::vector<std::string> garden;
  std::int64_t ttl = 300;  // seconds
  bool addresses = true;   // also answers that hold a listed address
};

struct NftablesOptions {
  std::string table = "misp";  // of the family inet; [a-z][a-z0-9_]*, at most 16
  // A table with chains that drop or count; or `sets`: the elements only, of sets misp4 and misp6
  // that stand in the site's own table.
  std::string mode = "drop";
};

struct IpsetOptions {
  std::string prefix = "misp";  // of the sets' names; [a-z0-9_-], at most 16
};

struct SquidOptions {
  std::size_t url_limit = 10'000;  // Squid tries one URL after the other for each request
};

struct EdlOptions {
  // How the firewall reads a name: as that name only, so that a domain needs "*.name" too; as the
  // name and all below it, so that host names cannot be said; or with neither.
  std::string below = "wildcard";  // implied, none
  std::uint64_t limit = 0;         // entries of one list that the firewall takes; 0: no limit
};

struct SnortOptions {
  std::int64_t sid_base = 1'500'000;
  std::int64_t sid_count = 490'000;
  std::size_t rule_limit = 10'000;  // rules, which are all that Snort has for names and URLs
  std::string source_net = "any";   // the left address of the rules: any, or $HOME_NET
};

struct ZeekOptions {
  std::uint32_t removal_days = 30;  // how long a removed value is named as removed
  bool notice = false;              // meta.do_notice
};

struct NetOptions {
  RpzOptions rpz;
  NftablesOptions nftables;
  IpsetOptions ipset;
  SquidOptions squid;
  EdlOptions edl;
  SnortOptions snort;
  ZeekOptions zeek;
};

// Errors: kConfig for an option out of its range.
[[nodiscard]] Status CheckNetOptions(const Destination& destination);

}  // namespace gapferry::detect
