// importer/config_net.h: the options of destinations for resolvers, firewalls, proxies and network
// sensors.
#pragma once

#include "base/config.h"
#include "detect/net_options.h"

namespace gapferry::importer {

// `map` is the destination's. Errors: those of ConfigMap::Finish.
[[nodiscard]] Status ReadNetOptions(ConfigMap& map, detect::NetOptions* options);

}  // namespace gapferry::importer
