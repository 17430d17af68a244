// collect/line_form.h: ranges of addresses, and words that a defanging tore apart.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gapferry::collect {

// Puts together what belongs together: "evil [.] com", "bob (at) evil (dot) com", and a name with a
// zero-width space beside its dot. The text itself if there is nothing of it; else `scratch`.
[[nodiscard]] std::string_view JoinDefanged(std::string_view line, std::string* scratch);

// A range of IPv4 addresses ("203.0.113.6-203.0.113.9") as the networks that cover it and nothing
// else; a network with a mask ("203.0.113.0/255.255.255.0") with its prefix. Nothing if the word is
// neither; none if it is a range of more than 65,536 addresses, or no mask of a network.
[[nodiscard]] std::optional<std::vector<std::string>> RangeNetworks(std::string_view word);

// Two words, "192.0.2.0" and its mask "255.255.255.0", also turned round as routers write it
// ("0.0.0.255"), as a network; an address of it that is not its first as that address. Nothing if
// they are none.
[[nodiscard]] std::optional<std::string> NetworkWithMask(std::string_view address,
                                                         std::string_view mask);

// 127.0.0.0/8 and ::1, 0.0.0.0 and ::; also with a port or a prefix behind "|" or "/". They name
// nobody.
[[nodiscard]] bool IsNobodysAddress(std::string_view text);

}  // namespace gapferry::collect
