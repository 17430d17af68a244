// intel/tld.h: which endings a name can have on the Internet, and on the name systems beside it.
#pragma once

#include <string_view>

namespace gapferry::intel {

// The last label is a top-level domain of the Internet (publicsuffix.org, built in), or one that
// malware uses without the Internet's root: onion (RFC 7686), i2p, bit, bazar, emc (EmerDNS).
[[nodiscard]] bool HasKnownTld(std::string_view normalised_name);

// A suffix under which registries sell names, such as "com" or "co.uk"; not "duckdns.org", which
// belongs to somebody.
[[nodiscard]] bool IsRegistrySuffix(std::string_view normalised_name);

}  // namespace gapferry::intel
