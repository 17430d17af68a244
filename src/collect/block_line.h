// collect/block_line.h: lines of blocklists, whose words mean something else than they would in a
// sentence: those of hosts files, of dnsmasq, of response policy zones and of ad blockers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gapferry::collect {

// What a line blocks, none if it is an exception or a setting. Nothing if it is no such line.
//   hosts file      "0.0.0.0 evil.example ads.example"
//   dnsmasq         "address=/evil.example/0.0.0.0", "local=/evil.example/",
//   "server=/evil.example/" policy zone     "evil.example CNAME .", "24.0.2.0.192.rpz-ip CNAME
//   rpz-drop." ad blockers     "||evil.example^$third-party"; "@@" is an exception
[[nodiscard]] std::optional<std::vector<std::string>> BlockedValues(std::string_view line);

}  // namespace gapferry::collect
