// detect/squid_text.h: URLs as Squid's `url_regex` compares them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gapferry::detect {

// The expression for this URL alone, of POSIX's extended kind. Squid undoes the escapes of the URL
// that it is asked for before it looks (Squid 5.7: rfc1738_unescape in ACLUrlStrategy), so they
// are undone here too: "%2F" and "/" are one for it. None if an escape stands for a control
// character: a list has no way to write a line feed.
[[nodiscard]] std::optional<std::string> SquidUrlRegex(std::string_view url);

}  // namespace gapferry::detect
