// bundle/root_text.h: a root in words, for the people who sign it and for those who live by it.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "bundle/root.h"

namespace gapferry::bundle {

struct RootText {
  std::vector<std::string> lines;
  Json json;
};
// `bytes` are those of the root: the fingerprint is of them. `now` decides whether its review is
// due.
[[nodiscard]] RootText DescribeRoot(const Root& root, std::string_view bytes, Time now);

// What is different in `after`, a line each; empty if nothing but version and time are.
[[nodiscard]] std::vector<std::string> RootChanges(const Root& before, const Root& after);

// "review_by of root 2 passed on 2027-03-01: …", or empty while it has not. A reminder, never a
// lock.
[[nodiscard]] std::string ReviewBanner(const Root& root, Time now);

}  // namespace gapferry::bundle
