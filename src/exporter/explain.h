// exporter/explain.h: whether and why a thing of the mirror crosses to a site.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/config.h"
#include "intel/tlp.h"
#include "policy/reason.h"
#include "store/store.h"

namespace gapferry::exporter {

// One row that was asked for.
struct CrossingRow {
  std::string source;
  bool source_wanted = true;  // false: the site takes nothing of this source
  Uuid event;
  std::string event_info;
  store::RecordKind kind = store::RecordKind::kEvent;
  Uuid uuid;
  std::string type;   // of an attribute; the name of an object or report
  std::string value;  // of an attribute
  intel::Tlp tlp = intel::Tlp::kRed;
  bool crosses = false;
  policy::Reason reason = policy::Reason::kAllowed;
  std::string detail;
};

// A warninglist of the mirror that holds a value. It holds back nothing here.
struct HoldingList {
  std::string name;
  bool drops = false;  // what a site does with it that says nothing else; else the list marks
};

struct CrossingExplanation {
  static constexpr std::size_t kMaxRows = 1000;
  std::vector<std::string> looked_for;
  std::vector<CrossingRow> rows;
  std::uint64_t more = 0;  // beyond kMaxRows
  std::vector<HoldingList>
      lists;  // of the value that was asked for, or of the attribute's; by name
};

// `asked` is the UUID of an event, object, attribute, reference or report, or a value in any
// spelling. Walks over the whole mirror and decides as `bundle` does; and asks all its
// warninglists. Error: kUsage if nothing is asked for.
[[nodiscard]] Result<CrossingExplanation> ExplainCrossing(store::Store& mirror,
                                                          const SiteConfig& site,
                                                          std::string_view asked);

}  // namespace gapferry::exporter
