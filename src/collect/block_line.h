// collect/block_line.h: lines of blocklists, whose words mean something else than they would in a
// sentence: those of hosts files, of dnsmasq and of ad blockers. Zones: policy_zone.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gapferry::collect {

struct BlockLine {
  std::vector<std::string> values;  // that it blocks; none for an exception or a setting
  bool left_out = false;            // it blocks something that is no such value
};

// Nothing if it is no such line.
//   hosts file      "0.0.0.0 evil.example ads.example"
//   dnsmasq         "address=/evil.example/0.0.0.0", "local=/evil.example/",
//                   "server=/evil.example/"
//   ad blockers     "||evil.example^$third-party"; exceptions, "$badfilter" and "a.example##.ad"
//                   block nothing
[[nodiscard]] std::optional<BlockLine> ReadBlockLine(std::string_view line);

// The parts between any of `separators` that are not empty.
[[nodiscard]] std::vector<std::string> SplitAt(std::string_view text, std::string_view separators);

}  // namespace gapferry::collect
