// detect/rpz_text.h: how a response policy zone writes addresses
// (draft-vixie-dnsop-dns-rpz).
#pragma once

#include <string>

#include "intel/value.h"

namespace gapferry::detect {

// 192.0.2.0/24 → 24.0.2.0.192, 2001:db8::1 → 128.1.zz.db8.2001; BIND wants exactly the form that
// RFC 5952 gives, with zz for the double colon.
[[nodiscard]] std::string RpzTrigger(const intel::Network& network);

}  // namespace gapferry::detect
