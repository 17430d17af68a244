// collect/misp_account.h: what a key may see, what it cannot, and how events are read with it.
#pragma once

#include "collect/collect_report.h"
#include "collect/misp_api.h"

namespace gapferry::collect {

// By /events/view, as MISP's own pull does; or by /events/restSearch with includeAllTags, which is
// the only call that shows tags which MISP otherwise hides.
struct Reading {
  bool by_search = false;
  std::vector<std::string> hidden_tags;  // that something on the instance carries
};

// Error: kDenied for a site admin, who sees what no distribution level gives away.
[[nodiscard]] Status CheckAccount(const MispAccount& account);
// Errors: kConfig if a search is needed but filters of the user would thin it out; those of the
// API.
[[nodiscard]] Result<Reading> ChooseReading(MispApi& api, const MispAccount& account);
// For people: who reads, and what that leaves out.
[[nodiscard]] std::vector<Remark> DescribeAccount(const MispAccount& account,
                                                  const Reading& reading, Time now);

}  // namespace gapferry::collect
