// policy/decision.h: the answer to every question that policy is asked.
#pragma once

#include <string_view>

#include "policy/reason.h"

namespace gapferry::policy {

struct Decision {
  bool allowed = true;
  Reason reason = Reason::kAllowed;
  // The tag, list, type, … behind the reason. Points into the arguments of the call, into the
  // policy, or to static text; valid while all of these live and are unchanged.
  std::string_view detail;

  [[nodiscard]] static Decision Allow() { return {}; }
  [[nodiscard]] static Decision Refuse(Reason reason, std::string_view detail = {}) {
    return {false, reason, detail};
  }
};

}  // namespace gapferry::policy
