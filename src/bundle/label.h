// bundle/label.h: READ-ME-FIRST.txt, what a courier and an administrator read without gapferry.
// Plain ASCII, at most 80 columns unless a file's name is longer. Nothing reads it back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bundle/manifest.h"
#include "bundle/root.h"
#include "bundle/volume.h"

namespace gapferry::bundle {

// Something else on the medium that may hold intelligence.
struct LabelOther {
  std::string name;
  std::string tlp_ceiling;  // as its manifest says; empty: it cannot be read
};
struct LabelText {
  const Manifest& manifest;
  const MemberList& head;  // its signers, the hash of its manifest, its newest root
  std::vector<std::pair<std::string, std::uint64_t>> volumes;  // file name, bytes
  std::optional<SignedDocument> first_root;  // the newest one if the head carries none
  std::vector<LabelOther> others;            // other bundles on this medium, by file name
};
[[nodiscard]] std::string MediumLabel(const LabelText& label);

// Key ids of the signatures that a head has for its manifest, as its files say; none is checked.
[[nodiscard]] std::vector<std::string> SignerIds(const MemberList& head);

}  // namespace gapferry::bundle
