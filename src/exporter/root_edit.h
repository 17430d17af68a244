// exporter/root_edit.h: what `root change` may change in a root. Pure.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bundle/root.h"

namespace gapferry::exporter {

struct RootEdit {
  std::vector<bundle::PublicKey> add_root;
  std::vector<bundle::PublicKey> add_content;  // to `site`
  std::set<bundle::KeyId> remove;              // from every role
  std::set<bundle::KeyId> revoke;              // removed, and listed as revoked
  std::optional<std::uint64_t> root_threshold;
  std::optional<std::uint64_t> content_threshold;  // of `site`
  std::optional<std::uint64_t> max_life_days;      // of `site`
  bool new_epoch = false;                          // of `site`
  std::optional<Time> review_by;
  // A stream's name or "all"; may be empty where the root has one stream only.
  std::string site;
};

// The root after `now`, unsigned. Errors: kUsage for a change that changes nothing, for a root that
// could not work, for a key in both roles, or if it is not clear which site is meant; kNotFound for
// a key or site that the root does not have.
[[nodiscard]] Result<bundle::Root> EditRoot(const bundle::Root& now, const RootEdit& edit,
                                            Time created);

}  // namespace gapferry::exporter
