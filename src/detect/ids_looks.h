// detect/ids_looks.h: whether a stranger's rule for Suricata or Snort looks for something, or fires
// on whatever passes.
#pragma once

#include "detect/ids_rule.h"

namespace gapferry::detect {

// Whether it asks for a content, or an expression with a text in it, of kShortestContent bytes at
// least; for what names one thing, such as the digest of a certificate or a function of Modbus; or
// for narrow networks (narrow.h). Ports, sizes and flags do not count: nobody can tell how much
// traffic has them.
[[nodiscard]] bool LooksForSomething(const IdsRule& rule);

}  // namespace gapferry::detect
