// collect/line_form.h: lines whose words mean something else than they would in a sentence: those
// of hosts files and of resolvers, ranges of addresses, and words that a defanging tore apart.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gapferry::collect {

// The words behind the address of a line of a hosts file ("0.0.0.0 evil.example ads.example"), or
// between the slashes of dnsmasq's "address=/evil.example/0.0.0.0": the names that are blocked.
// Empty if the line is neither.
[[nodiscard]] std::vector<std::string_view> BlockedNames(std::string_view line);

// Puts together what belongs together: "evil [.] com", "bob (at) evil (dot) com", and a name with a
// zero-width space beside its dot. The text itself if there is nothing of it; else `scratch`.
[[nodiscard]] std::string_view JoinDefanged(std::string_view line, std::string* scratch);

// A range of IPv4 addresses ("203.0.113.6-203.0.113.9") as the networks that cover it and nothing
// else. Nothing if the word is no range; none if it is one of more than 65,536 addresses.
[[nodiscard]] std::optional<std::vector<std::string>> RangeNetworks(std::string_view word);

// 127.0.0.0/8 and ::1, 0.0.0.0 and ::; also with a port or a prefix behind "|" or "/". They name
// nobody.
[[nodiscard]] bool IsNobodysAddress(std::string_view text);

}  // namespace gapferry::collect
