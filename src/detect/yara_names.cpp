#include "detect/yara_names.h"

#include "detect/yara_text.h"

namespace gapferry::detect {

Result<YaraNames> YaraNames::Load(Registry& registry, const std::string& destination,
                                  std::set<std::string> taken) {
  YaraNames names(registry, destination + "/yara-name", std::move(taken));
  GF_TRY(const std::vector<KnownId> known, registry.Known(names.space_));
  for (const KnownId& each : known)
    names.first_.emplace(each.key.substr(each.key.find('|') + 1), each.id.id);
  return names;
}

Result<std::map<std::string, std::string>> YaraNames::Give(const Uuid& attribute,
                                                           const std::vector<std::string>& names) {
  std::map<std::string, std::string> given;
  for (const std::string& name : names) {
    GF_TRY(const StableId id, registry_.Assign(space_, attribute.ToString() + "|" + name, "", {}));
    const bool first = first_.emplace(name, id.id).first->second == id.id;
    std::string number;
    if (!first || taken_.contains(name)) number = fmt::format("_{}", id.id);
    std::string called = name.substr(0, kMaxYaraName - number.size()) + number;
    while (taken_.contains(called)) {
      number += '_';
      called = name.substr(0, kMaxYaraName - number.size()) + number;
    }
    taken_.insert(called);
    if (called != name) given[name] = called;
  }
  return given;
}

}  // namespace gapferry::detect
