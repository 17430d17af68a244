#include "importer/alert.h"

#include <charconv>
#include <fstream>
#include <set>

#include "base/file.h"
#include "detect/sigma_rule.h"
#include "detect/stored_owner.h"

namespace gapferry::importer {
namespace {

namespace fs = std::filesystem;

// Spaces of detect's registry are named "<destination>/<kind of id>".
std::string_view SpaceOf(AlertId kind) {
  switch (kind) {
    case AlertId::kSid:
      return "/sid";
    case AlertId::kSigma:
      return "/sigma";
    case AlertId::kWazuh:
      return "/rule";
  }
  return "";
}

Result<std::int64_t> ParseNumber(std::string_view id) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (error == std::errc() && end == id.data() + id.size()) return number;
  return Error::Make(Kind::kUsage, "\"{}\" is no number", id);
}

std::optional<intel::IndicatorKind> FindKind(std::string_view name) {
  for (int i = 0; i < intel::kIndicatorKinds; ++i) {
    const auto kind = static_cast<intel::IndicatorKind>(i);
    if (intel::IndicatorKindName(kind) == name) return kind;
  }
  return std::nullopt;
}

constexpr std::string_view kStoredSpace = "/stored-sid";
constexpr std::string_view kStoredTexts = "/stored";  // keys "sigma|<attribute>"

// As detect's formats make their keys: "domain|evil.example|dns", "list|domain-2|dns" and, of a
// further shard, "list|domain-2-s1|dns", "networks|to|<bucket>|<piece>", "iprep|source",
// "<event>|<logsource>|<part>" of Sigma, the rule's own name of Wazuh.
void ReadKey(AlertId kind, std::string_view key, RuleOrigin* origin) {
  const std::size_t first = key.find('|');
  const std::size_t last = key.rfind('|');
  const std::string_view head = key.substr(0, first);
  if (kind == AlertId::kWazuh || first == std::string_view::npos) {
    origin->set = key;
  } else if (kind == AlertId::kSigma) {
    origin->event = ParseUuid(head);
    if (!origin->event) origin->set = key;
  } else if (first == last) {
    origin->set = fmt::format("{}-{}", head, key.substr(first + 1));
  } else if (head == "networks") {
    origin->set =
        fmt::format("{}-{}", head, key.substr(first + 1, key.find('|', first + 1) - first - 1));
  } else if (const auto value_kind = FindKind(head)) {
    origin->value = {*value_kind, std::string(key.substr(first + 1, last - first - 1))};
    origin->match = key.substr(last + 1);
  } else {
    origin->set = key.substr(first + 1, last - first - 1);
  }
}

// "suricata|<attribute>|<place>": a rule that an attribute carries.
std::optional<Uuid> StoredIn(std::string_view key) {
  const std::size_t first = key.find('|');
  if (first == std::string_view::npos) return std::nullopt;
  return ParseUuid(key.substr(first + 1, key.find('|', first + 1) - first - 1));
}

// Whether a line of an artifact gives a rule this id.
bool GivesId(AlertId kind, std::string_view line, std::string_view id) {
  switch (kind) {
    case AlertId::kSid:
      return line.find(fmt::format("sid:{};", id)) != std::string_view::npos;
    case AlertId::kSigma:
      return line == fmt::format("id: {}", id) || line == fmt::format("id: '{}'", id);
    case AlertId::kWazuh:
      return line.find(fmt::format("<rule id=\"{}\"", id)) != std::string_view::npos;
  }
  return false;
}

// The first line of this kind, with the name of the file.
template <typename Wanted>
std::string FindIdLine(const fs::path& file, Wanted wanted) {
  constexpr std::size_t kShown = 500;
  std::ifstream lines(file);
  std::string line;
  while (std::getline(lines, line)) {
    if (wanted(line))
      return fmt::format("{}: {}", file.filename().string(), line.substr(0, kShown));
  }
  return "";
}

// Of the rules that attributes carry, those to which their author gave this id.
Result<std::vector<RuleOrigin>> WithAuthorsId(store::Store& store,
                                              const std::vector<RuleOrigin>& stored,
                                              std::string_view id) {
  std::vector<RuleOrigin> found;
  if (stored.empty()) return found;
  std::set<Uuid> attributes;
  GF_CHECK(store.Reader().ForEach(
      store::RowReader::Part::kEvents, [&](const store::Record& record) -> Status {
        const bool rule =
            record.kind == store::RecordKind::kAttribute && record.attribute.type == "sigma";
        if (!rule) return Ok();
        const auto read = detect::ReadStoredSigma(record.attribute.value);
        if (read.ok() && read->id == id) attributes.insert(record.attribute.uuid);
        return Ok();
      }));
  for (const RuleOrigin& origin : stored) {
    if (origin.attribute && attributes.contains(*origin.attribute)) found.push_back(origin);
  }
  return found;
}

}  // namespace

std::optional<AlertId> FindAlertId(std::string_view name) {
  if (name == "sid") return AlertId::kSid;
  if (name == "sigma") return AlertId::kSigma;
  if (name == "wazuh") return AlertId::kWazuh;
  return std::nullopt;
}

Result<std::string> ReadAlertId(AlertId kind, std::string_view text) {
  if (kind != AlertId::kSigma) {
    GF_TRY(const std::int64_t number, ParseNumber(text));
    return std::to_string(number);
  }
  const auto uuid = ParseUuid(text);
  if (!uuid) return Error::Make(Kind::kUsage, "\"{}\" is no UUID", text);
  return uuid->ToString();
}

Result<std::vector<RuleOrigin>> FindRules(store::Store& store, AlertId kind, std::string_view id) {
  GF_TRY(const std::string wanted, ReadAlertId(kind, id));
  std::vector<RuleOrigin> found;
  std::vector<RuleOrigin> stored_sigma;
  GF_CHECK(detect::ForEachId(store, [&](const detect::GivenId& given) {
    if (kind == AlertId::kSigma && given.space.ends_with(kStoredTexts) &&
        given.key.starts_with("sigma|")) {
      RuleOrigin& origin = stored_sigma.emplace_back();
      origin.destination = given.space.substr(0, given.space.size() - kStoredTexts.size());
      origin.id = given.id;
      origin.attribute = StoredIn(given.key);
      if (origin.attribute && detect::StoredSigmaId(*origin.attribute) == wanted)
        found.push_back(origin);
      return;
    }
    const bool stored = kind == AlertId::kSid && given.space.ends_with(kStoredSpace);
    const std::string_view space = stored ? kStoredSpace : SpaceOf(kind);
    if (!given.space.ends_with(space)) return;
    // The id of a Sigma rule is made of its key.
    const bool is_it =
        kind == AlertId::kSigma
            ? UuidFromContent(AsBytes("gapferry sigma|" + given.key)).ToString() == wanted
            : std::to_string(given.id.id) == wanted;
    if (!is_it) return;
    RuleOrigin& origin = found.emplace_back();
    origin.destination = given.space.substr(0, given.space.size() - space.size());
    origin.id = given.id;
    if (stored) {
      origin.attribute = StoredIn(given.key);
    } else {
      ReadKey(kind, given.key, &origin);
    }
  }));
  if (kind != AlertId::kSigma || !found.empty()) return found;
  return WithAuthorsId(store, stored_sigma, wanted);
}

Result<RulesBySid> LoadRules(store::Store& store, const std::string& destination) {
  const std::string space = destination + std::string(SpaceOf(AlertId::kSid));
  RulesBySid rules;
  GF_CHECK(detect::ForEachId(store, [&](const detect::GivenId& given) {
    if (given.space != space) return;
    RuleOrigin& origin = rules[given.id.id];
    origin.destination = destination;
    origin.id = given.id;
    ReadKey(AlertId::kSid, given.key, &origin);
  }));
  return rules;
}

Result<RulesBySid> LoadStoredRules(store::Store& store, const std::string& destination) {
  const std::string space = destination + std::string(kStoredSpace);
  RulesBySid rules;
  GF_CHECK(detect::ForEachId(store, [&](const detect::GivenId& given) {
    if (given.space != space || !given.key.starts_with("suricata|")) return;
    RuleOrigin& origin = rules[given.id.id];
    origin.destination = destination;
    origin.id = given.id;
    origin.attribute = StoredIn(given.key);
  }));
  return rules;
}

std::string FindRuleLine(const fs::path& generation, AlertId kind, std::string_view id,
                         const RuleOrigin& origin) {
  if (kind == AlertId::kSigma && origin.attribute)
    return FindIdLine(generation / detect::StoredSigmaFile(*origin.attribute),
                      [](const std::string& line) { return line.starts_with("id: "); });
  std::error_code error;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(generation, error)) {
    const std::string ending = entry.path().extension().string();
    if (ending != ".rules" && ending != ".xml" && ending != ".yml") continue;
    std::string line =
        FindIdLine(entry.path(), [&](const std::string& text) { return GivesId(kind, text, id); });
    if (!line.empty()) return line;
  }
  return "";
}

}  // namespace gapferry::importer
