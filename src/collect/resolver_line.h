// collect/resolver_line.h: blocklists in the form of configurations of dnsmasq, unbound and BIND.
#pragma once

#include <optional>
#include <string_view>

#include "collect/block_line.h"

namespace gapferry::collect {

// Nothing if it is no such line.
//   dnsmasq  "address=/evil.example/0.0.0.0", "local=/evil.example/", "server=/evil.example/",
//            "host-record=evil.example,0.0.0.0"
//   unbound  "local-zone: "evil.example" always_nxdomain", "local-data: "evil.example A 0.0.0.0""
//   BIND     "zone "evil.example" { type master; file "null.zone"; };"
// Other settings block nothing. Those whose names are words of reports too ("server=192.0.2.1",
// "domain=a.example", "name: a.example") are settings only in a file of that form.
[[nodiscard]] std::optional<BlockLine> ReadResolverLine(std::string_view line, ListForm form);

// Without regard to the file.
[[nodiscard]] LikeList LikeDnsmasq(std::string_view line);
[[nodiscard]] LikeList LikeUnbound(std::string_view line);

}  // namespace gapferry::collect
