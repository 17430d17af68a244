// exporter/misp_session.h: what the `misp` commands share: which instance, with which key, and how
// a person names its feeds and lists.
#pragma once

#include "collect/misp_operate.h"
#include "exporter/commands.h"
#include "exporter/web_source.h"

namespace gapferry::exporter {

struct MispTarget {
  std::string source;  // --source; empty: the only source of kind misp
  std::string name;    // id, name, or pattern with *
  bool dry_run = false;
};

void DeclareTarget(Arguments& arguments, MispTarget* target, bool named);

// A connection with `operator_key`; only for `list`, without one, with the key that collects.
// Errors: kNotFound, kUsage for a source of which there are none or several, kConfig.
[[nodiscard]] Result<collect::MispApi> OpenInstance(Session& session, const MispTarget& target,
                                                    bool changes);

// True if `wanted` is the id, or the name or a pattern that fits it, without case.
[[nodiscard]] bool IsNamed(const std::string& wanted, const std::string& id,
                           const std::string& name);
// Nothing fits. Names the nearest.
[[nodiscard]] Error NothingNamed(const std::string& wanted, std::string_view what,
                                 const std::vector<std::string>& names);

[[nodiscard]] Command MispFeedsCommand();
[[nodiscard]] Command MispWarninglistsCommand();

}  // namespace gapferry::exporter
