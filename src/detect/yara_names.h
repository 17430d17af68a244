// detect/yara_names.h: the names of rules that attributes carry. In one file a name can be used
// once; who had it first keeps it, whatever becomes of others or of the texts.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "detect/registry.h"

namespace gapferry::detect {

class YaraNames {
 public:
  // `taken` by rules that are not stored ones. Error: kIo.
  [[nodiscard]] static Result<YaraNames> Load(Registry& registry, const std::string& destination,
                                              std::set<std::string> taken);
  // What rules of this attribute are to be called which cannot keep their names. Error: kIo.
  [[nodiscard]] Result<std::map<std::string, std::string>> Give(
      const Uuid& attribute, const std::vector<std::string>& names);

 private:
  YaraNames(Registry& registry, std::string space, std::set<std::string> taken)
      : registry_(registry), space_(std::move(space)), taken_(std::move(taken)) {}

  Registry& registry_;
  std::string space_;  // keys "<attribute>|<name>"
  std::set<std::string> taken_;
  std::map<std::string, std::int64_t> first_;  // by name, the number of who had it first
};

}  // namespace gapferry::detect
