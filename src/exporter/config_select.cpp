#include "exporter/config_select.h"

#include "base/clock.h"
#include "base/suggest.h"
#include "intel/types.h"

namespace gapferry::exporter {
namespace {

std::string ReadDay(ConfigMap& map, std::string_view key) {
  std::string day = map.String(key, "");
  if (!day.empty() && !ParseDate(day)) map.Fail(key, fmt::format("\"{}\" is no YYYY-MM-DD", day));
  return day;
}

std::set<std::int64_t> ReadLevels(ConfigMap& map, std::string_view key,
                                  const std::vector<std::string_view>& words) {
  std::set<std::int64_t> levels;
  for (const std::string& word : map.Choices(key, words)) {
    if (word.size() == 1 && IsAsciiDigit(word[0])) levels.insert(word[0] - '0');
  }
  return levels;
}

std::set<std::string> ReadTypes(ConfigMap& map) {
  std::set<std::string> types;
  for (std::string& name : map.Strings("types")) {
    if (intel::FindType(name) == nullptr) {
      std::vector<std::string> known;
      for (const intel::TypeInfo& type : intel::AllTypes())
        known.emplace_back(type.name);
      map.Fail("types",
               fmt::format("\"{}\" is no attribute type of MISP{}", name, DidYouMean(name, known)));
    }
    types.insert(std::move(name));
  }
  return types;
}

}  // namespace

policy::Selection ReadSelection(ConfigMap& map) {
  policy::Selection selection;
  selection.from = ReadDay(map, "from");
  selection.to = ReadDay(map, "to");
  if (!selection.to.empty() && selection.to < selection.from)
    map.Fail("to", fmt::format("{} is before from, {}", selection.to, selection.from));
  const std::string last = map.String("last", "");
  if (!last.empty()) {
    selection.last = policy::ParseSpan(last);
    if (!selection.last)
      map.Fail("last", fmt::format("\"{}\" is no span such as 90d, 12h or 30m", last));
  }
  selection.orgs = map.Strings("orgs");
  selection.not_orgs = map.Strings("not_orgs");
  selection.threat_levels = ReadLevels(map, "threat_levels", {"1", "2", "3", "4"});
  selection.distributions = ReadLevels(map, "distributions", {"0", "1", "2", "3", "4"});
  selection.tags = map.Strings("tags");
  selection.not_tags = map.Strings("not_tags");
  selection.types = ReadTypes(map);
  if (map.Has("to_ids")) selection.to_ids = map.Bool("to_ids", true);
  return selection;
}

}  // namespace gapferry::exporter
