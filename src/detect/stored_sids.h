// detect/stored_sids.h: numbers of the rules that attributes carry. A rule keeps its number while
// its attribute lives, also when it or its neighbours are edited or change their order.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "detect/ids_rule.h"
#include "detect/registry.h"

namespace gapferry::detect {

// What a rule says of itself, to be known by when its text has changed.
struct RuleIdentity {
  std::string number;   // "gid:sid" of its author, or "-"
  std::string message;  // a digest
};
[[nodiscard]] RuleIdentity IdentityOf(const IdsRule& rule);

// Which of the rules known before each of the rules now is, by its place in `known`, or -1. A rule
// is the one with its text; else the one with its author's number and message; else, where no other
// rule has its number, the one with that number. No two rules are one.
struct KnownRule {
  RuleIdentity identity;
  Digest256 content{};
};
[[nodiscard]] std::vector<int> MatchRules(const std::vector<KnownRule>& known,
                                          const std::vector<KnownRule>& now);

class StoredSids {
 public:
  // `destination` is a name; sids are given from `block`. Error: kIo.
  [[nodiscard]] static Result<StoredSids> Load(Registry& registry, const std::string& destination,
                                               IdBlock block);

  // The lines of one attribute's rules, with their numbers; `more` has for each what ToLine adds.
  // Errors: kTooLarge if the block is used up, kIo.
  [[nodiscard]] Result<std::vector<std::string>> Number(std::string_view type,
                                                        const Uuid& attribute,
                                                        const std::vector<IdsRule>& rules,
                                                        const std::vector<std::string>& more);

 private:
  StoredSids(Registry& registry, std::string space, IdBlock block)
      : registry_(registry), space_(std::move(space)), block_(block) {}

  Registry& registry_;
  std::string space_;  // keys "suricata|<attribute>|<number>|<message>|<ordinal>"
  IdBlock block_;
  std::map<std::string, std::vector<KnownId>> known_;  // by "suricata|<attribute>|"
};

}  // namespace gapferry::detect
