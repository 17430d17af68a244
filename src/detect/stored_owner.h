// detect/stored_owner.h: which attribute stands for a rule whose text several attributes carry, and
// in which order they came. Both are remembered: a copy of the text in another event changes
// neither.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "detect/candidate.h"
#include "detect/registry.h"

namespace gapferry::detect {

// One attribute's text.
struct Stored {
  std::string text;
  std::uint64_t mentions = 0;    // attributes that carry it, of this type
  std::vector<Uuid> attributes;  // those of them that a candidate names
  Mention mention;               // of the owner; of another one if the owner's is not at hand
  Uuid attribute;                // the owner
  intel::Tlp tlp = intel::Tlp::kRed;
  std::int64_t number = 0;  // first come, first served
  std::size_t value = 0;    // of the candidate; for StoredTexts
};

// Whether a Sigma rule may keep this id of its author's, in lower case: not if it is of the version
// that this site gives, since it may then be that of one of its own rules, which a feed can
// compute.
[[nodiscard]] bool MayKeepSigmaId(std::string_view id);
// The id that a Sigma rule in this attribute is given, if it has none that may stay.
[[nodiscard]] std::string StoredSigmaId(const Uuid& attribute);
// The file of such a rule.
[[nodiscard]] std::string StoredSigmaFile(const Uuid& attribute);

// Candidates in, by type; in Finish they get their owners.
class StoredTexts {
 public:
  void Add(const Candidate& candidate);
  // By type, and each by number. Errors: kIo.
  [[nodiscard]] Result<std::map<std::string, std::vector<Stored>>> Settle(
      Registry& registry, const std::string& destination);
  // What was settled is refused. True: and so is its text in every other type that it came in.
  [[nodiscard]] bool Drop(const Stored& stored);

 private:
  struct Text {
    Stored stored;
    std::vector<Mention> mentions;
    bool all_here = true;  // else there are more than a candidate names
  };
  std::map<std::string, std::vector<Text>> texts_;
  std::vector<std::size_t> types_left_;  // of each candidate, in their order
};

}  // namespace gapferry::detect
