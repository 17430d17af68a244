#include "importer/config_net.h"

namespace gapferry::importer {
namespace {

constexpr std::int64_t kMostEntries = 100'000'000;
constexpr std::int64_t kMostAlerts = 10'000;
constexpr std::int64_t kMostSeconds = 604'800;  // a week

Status ReadRpz(ConfigMap map, detect::RpzOptions* options) {
  options->zone = map.String("zone", options->zone);
  options->action = map.Choice("action", {"nxdomain", "nodata", "drop", "garden"}, options->action);
  options->garden = map.Strings("garden");
  options->ttl = map.Integer("ttl", 1, 86400, options->ttl);
  options->addresses = map.Bool("addresses", options->addresses);
  return map.Finish();
}

Status ReadNftables(ConfigMap map, detect::NftablesOptions* options) {
  options->table = map.String("table", options->table);
  options->mode = map.Choice("mode", {"drop", "count", "sets"}, options->mode);
  return map.Finish();
}

Status ReadIpset(ConfigMap map, detect::IpsetOptions* options) {
  options->prefix = map.String("prefix", options->prefix);
  return map.Finish();
}

Status ReadSquid(ConfigMap map, detect::SquidOptions* options) {
  options->url_limit = static_cast<std::size_t>(
      map.Integer("url_limit", 0, 1'000'000, static_cast<std::int64_t>(options->url_limit)));
  return map.Finish();
}

Status ReadEdl(ConfigMap map, detect::EdlOptions* options) {
  options->below = map.Choice("below", {"wildcard", "implied", "none"}, options->below);
  options->limit = static_cast<std::uint64_t>(
      map.Integer("limit", 0, kMostEntries, static_cast<std::int64_t>(options->limit)));
  return map.Finish();
}

Status ReadSnort(ConfigMap map, detect::SnortOptions* options) {
  options->sid_base = map.Integer("sid_base", 1, 2'147'483'647, options->sid_base);
  options->sid_count = map.Integer("sid_count", 100, 2'147'483'647, options->sid_count);
  options->rule_limit = static_cast<std::size_t>(
      map.Integer("rule_limit", 1, 100'000, static_cast<std::int64_t>(options->rule_limit)));
  options->source_net = map.Choice("source_net", {"any", "$HOME_NET"}, options->source_net);
  return map.Finish();
}

Status ReadZeek(ConfigMap map, detect::ZeekOptions* options) {
  options->removal_days =
      static_cast<std::uint32_t>(map.Integer("removal_days", 0, 3650, options->removal_days));
  options->notice = map.Bool("notice", options->notice);
  return map.Finish();
}

}  // namespace

Status ReadAlertRate(ConfigMap map, std::optional<detect::AlertRate>* rate) {
  detect::AlertRate read;
  read.by_host = map.Choice("per", {"host", "rule"}) == "host";
  read.count = static_cast<std::uint32_t>(map.Integer("count", 1, kMostAlerts));
  read.seconds = static_cast<std::uint32_t>(map.Integer("seconds", 1, kMostSeconds));
  *rate = read;
  return map.Finish();
}

Status ReadNetOptions(ConfigMap& map, detect::NetOptions* options) {
  GF_CHECK(ReadRpz(map.Map("rpz"), &options->rpz));
  GF_CHECK(ReadNftables(map.Map("nftables"), &options->nftables));
  GF_CHECK(ReadIpset(map.Map("ipset"), &options->ipset));
  GF_CHECK(ReadSquid(map.Map("squid"), &options->squid));
  GF_CHECK(ReadEdl(map.Map("edl"), &options->edl));
  GF_CHECK(ReadSnort(map.Map("snort"), &options->snort));
  return ReadZeek(map.Map("zeek"), &options->zeek);
}

}  // namespace gapferry::importer
