// importer/config_net.h: the options of destinations for resolvers, firewalls, proxies and network
// sensors.
#pragma once

#include "base/config.h"
#include "detect/destination.h"

namespace gapferry::importer {

// `map` is the destination's, or its alert_rate. Errors: those of ConfigMap::Finish.
[[nodiscard]] Status ReadAlertRate(ConfigMap map, std::optional<detect::AlertRate>* rate);
[[nodiscard]] Status ReadNetOptions(ConfigMap& map, detect::NetOptions* options);

}  // namespace gapferry::importer
