// detect/stix_marking.h: TLP 2 in STIX 2.1, as OASIS's own objects.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "intel/tlp.h"

namespace gapferry::detect {

[[nodiscard]] std::string_view StixMarkingOf(intel::Tlp tlp);  // its id
void AppendStixMarking(intel::Tlp tlp, std::string* out);      // the whole object
// With milliseconds, as STIX wants them.
[[nodiscard]] std::string StixTime(Time time, unsigned milliseconds = 0);

}  // namespace gapferry::detect
