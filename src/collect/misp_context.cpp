#include "collect/misp_context.h"

#include <span>

#include "collect/misp_clusters.h"
#include "intel/types.h"

namespace gapferry::collect {
namespace {

constexpr JsonLimits kEmbeddedLimits{64 << 10, 16};
constexpr std::string_view kNotVisible = "not visible with this key";

enum class Form : std::uint8_t { kText, kFlag, kUrl };
struct Wanted {
  const char* key;   // in the answer
  const char* name;  // in the snapshot
  Form form = Form::kText;
};

constexpr Wanted kTaxonomy[] = {{"id", "id"},
                                {"description", "description"},
                                {"version", "version"},
                                {"enabled", "enabled", Form::kFlag},
                                {"exclusive", "exclusive", Form::kFlag},
                                {"required", "required", Form::kFlag}};
constexpr Wanted kSharingGroup[] = {{"name", "name"},
                                    {"description", "description"},
                                    {"releasability", "releasability"},
                                    {"active", "active", Form::kFlag}};
constexpr Wanted kFeed[] = {{"name", "name"},
                            {"provider", "provider"},
                            {"url", "url", Form::kUrl},
                            {"source_format", "format"},
                            {"enabled", "enabled", Form::kFlag},
                            {"caching_enabled", "caching", Form::kFlag}};
constexpr Wanted kGalaxy[] = {{"name", "name"},
                              {"type", "type"},
                              {"namespace", "namespace"},
                              {"version", "version"},
                              {"enabled", "enabled", Form::kFlag}};
constexpr Wanted kModel[] = {{"name", "name"},
                             {"formula", "formula"},
                             {"version", "version"},
                             {"enabled", "enabled", Form::kFlag}};
// The names that import.yml gives them.
constexpr Wanted kParameters[] = {{"lifetime", "lifetime_days"},
                                  {"decay_speed", "decay_speed"},
                                  {"threshold", "threshold"},
                                  {"default_base_score", "base_score"}};

struct Source {
  std::string_view path;
  const char* row;  // what an entry of the list holds
  const char* key;
  std::span<const Wanted> fields;
};

const Source& SourceOf(ContextPart part) {
  static constexpr std::array<Source, kContextParts> kSources = {{
      {"/taxonomies/index", "Taxonomy", "namespace", kTaxonomy},
      {"/sharing_groups/index", "SharingGroup", "uuid", kSharingGroup},
      {"/attributes/describeTypes", "", "", {}},
      {"/feeds/index", "Feed", "id", kFeed},
      {"/galaxies/index", "Galaxy", "uuid", kGalaxy},
      {"/decayingModel/index", "DecayingModel", "id", kModel},
      {"/taxonomies/view", "", "tag", {}},
      {"", "", "", {}},  // clusters: misp_clusters.h
  }};
  return kSources[static_cast<std::size_t>(part)];
}

// Never in the middle of a character.
std::string Cut(std::string text, std::size_t limit = kMaxContextText) {
  if (text.size() <= limit) return text;
  std::size_t end = limit;
  while (end > 0 && (static_cast<std::uint8_t>(text[end]) & 0xC0) == 0x80)
    --end;
  text.resize(end);
  return text;
}

void Take(const Json& object, std::span<const Wanted> fields, ContextRow* row) {
  for (const Wanted& wanted : fields) {
    std::string text = TextOf(object, wanted.key);
    if (wanted.form == Form::kFlag) text = FlagOf(object, wanted.key) ? "true" : "false";
    // A feed's address may hold a password.
    if (wanted.form == Form::kUrl) text = ShownUrl(text);
    if (!text.empty()) (*row)[wanted.name] = Cut(std::move(text));
  }
}

const Json& Below(const Json& object, const char* key) {
  static const Json kNothing;
  return object.is_object() && object.contains(key) ? object[key] : kNothing;
}

std::string Organisations(const Json& entry) {
  std::string names;
  const Json& members = Below(entry, "SharingGroupOrg");
  if (!members.is_array()) return names;
  for (const Json& member : members) {
    if (names.size() > kMaxContextText) break;
    const std::string name = TextOf(Below(member, "Organisation"), "name");
    if (!name.empty()) names += (names.empty() ? "" : ", ") + name;
  }
  return Cut(std::move(names));
}

// MISP keeps some fields as JSON in a text, and shows them as what they are, or as they are kept.
Json Unwrapped(const Json& field) {
  if (!field.is_string()) return field;
  auto parsed = ParseJson(field.get_ref<const std::string&>(), kEmbeddedLimits);
  return parsed.ok() ? std::move(parsed).value() : Json();
}

// "retention 0.5, phishing 0.5": by how much the tags of a taxonomy count.
std::string Weights(const Json& config) {
  std::string weights;
  if (!config.is_object()) return weights;
  for (const auto& [name, weight] : config.items()) {
    if (weight.is_structured()) continue;
    weights +=
        fmt::format("{}{} {}", weights.empty() ? "" : ", ", name, TextOf(config, name.c_str()));
  }
  return Cut(std::move(weights), kMaxContextList);
}

std::string JoinedTexts(const Json& list) {
  std::string texts;
  if (!list.is_array()) return texts;
  for (const Json& text : list) {
    if (text.is_string()) texts += (texts.empty() ? "" : ", ") + text.get_ref<const std::string&>();
  }
  return Cut(std::move(texts), kMaxContextList);
}

void TakeParameters(const Json& model, ContextRow* row) {
  const Json parameters = Unwrapped(Below(model, "parameters"));
  Take(parameters, kParameters, row);
  const std::string weights = Weights(Below(parameters, "base_score_config"));
  if (!weights.empty()) (*row)["base_score_config"] = weights;
  const std::string types = JoinedTexts(Unwrapped(Below(model, "attribute_types")));
  if (!types.empty()) (*row)["attribute_types"] = types;
}

// What stands beside the row itself.
void TakeMore(ContextPart part, const Json& entry, const Json& object, ContextRow* row) {
  if (part == ContextPart::kTaxonomies) {
    constexpr Wanted kCounts[] = {{"total_count", "tags"}, {"current_count", "used"}};
    Take(entry, kCounts, row);
  }
  if (part == ContextPart::kSharingGroups) (*row)["organisations"] = Organisations(entry);
  if (part == ContextPart::kDecayingModels) TakeParameters(object, row);
}

Error NoList(ContextPart part) {
  return Error::Make(Kind::kMalformed, "{} lists nothing", SourceOf(part).path);
}

Status CheckRows(ContextPart part, const Json& list) {
  if (list.size() <= kMaxContextRows) return Ok();
  return Error::Make(Kind::kTooLarge, "{} lists {} entries; the limit is {}", SourceOf(part).path,
                     list.size(), kMaxContextRows);
}

// Of each type, the categories that take it, as the server names them.
std::map<std::string, std::string> CategoriesOf(const Json& mappings) {
  std::map<std::string, std::string> categories;
  if (!mappings.is_object()) return categories;
  for (const auto& [category, types] : mappings.items()) {
    if (!types.is_array()) continue;
    for (const Json& type : types) {
      if (!type.is_string()) continue;
      std::string& names = categories[type.get_ref<const std::string&>()];
      names += (names.empty() ? "" : ", ") + category;
    }
  }
  return categories;
}

Result<ContextRows> ReadTypes(const Json& answer) {
  const Json& result = Below(answer, "result");
  const Json& types = Below(result, "types");
  if (!types.is_array()) return NoList(ContextPart::kTypes);
  GF_CHECK(CheckRows(ContextPart::kTypes, types));
  const auto categories = CategoriesOf(Below(result, "category_type_mappings"));
  ContextRows rows;
  for (const Json& type : types) {
    if (!type.is_string()) continue;
    const auto& name = type.get_ref<const std::string&>();
    ContextRow& row = rows[Cut(name)];
    constexpr Wanted kDefaults[] = {{"default_category", "category"},
                                    {"to_ids", "to_ids", Form::kFlag}};
    Take(Below(Below(result, "sane_defaults"), name.c_str()), kDefaults, &row);
    const auto taken_by = categories.find(name);
    if (taken_by != categories.end()) row["categories"] = Cut(taken_by->second, kMaxContextList);
  }
  return rows;
}

// Of one taxonomy. Where the instance gave a tag a number of its own, that one counts.
Result<ContextRows> ReadTags(const Json& answer) {
  const std::string taxonomy = TextOf(Below(answer, "Taxonomy"), "namespace");
  const Json& entries = Below(answer, "entries");
  if (!entries.is_array() || taxonomy.empty()) return NoList(ContextPart::kTaxonomyTags);
  GF_CHECK(CheckRows(ContextPart::kTaxonomyTags, entries));
  ContextRows rows;
  for (const Json& entry : entries) {
    const std::string tag = Cut(TextOf(entry, "tag"));
    if (tag.empty()) continue;
    ContextRow& row = rows[tag];
    constexpr Wanted kTag[] = {{"expanded", "expanded"}, {"numerical_value", "numerical_value"}};
    Take(entry, kTag, &row);
    const Json& existing = Below(Below(entry, "existing_tag"), "Tag");
    constexpr Wanted kOwn[] = {{"numerical_value", "numerical_value"}};
    Take(existing, kOwn, &row);
    row["taxonomy"] = Cut(taxonomy);
    row["exists"] = existing.is_object() ? "true" : "false";
  }
  return rows;
}

Result<ContextRows> ReadList(ContextPart part, const Json& answer) {
  const Json& list = answer.is_array() ? answer : Below(answer, "response");
  if (!list.is_array()) return NoList(part);
  GF_CHECK(CheckRows(part, list));
  const Source& source = SourceOf(part);
  ContextRows rows;
  for (const Json& entry : list) {
    const Json& object = Below(entry, source.row);
    const std::string key = Cut(TextOf(object, source.key));
    if (key.empty()) continue;
    ContextRow& row = rows[key];
    Take(object, source.fields, &row);
    TakeMore(part, entry, object, &row);
  }
  if (rows.empty() && !list.empty()) return NoList(part);
  return rows;
}

// True if the server is away, so that asking on is of no use.
bool Settle(Result<ContextRows> rows, ContextList* list) {
  if (rows.ok()) {
    *list = {true, "", std::move(rows).value()};
    return false;
  }
  const Kind kind = rows.error().kind;
  if (kind == Kind::kDenied || kind == Kind::kNotFound) {
    *list = {false, std::string(kNotVisible), {}};
    return false;
  }
  list->note = "could not be read: " + rows.error().what;
  return kind == Kind::kNetwork;
}

Result<ContextRows> Ask(MispApi& api, ContextPart part, const std::string& below) {
  GF_TRY(const Json answer, api.Get(std::string(ContextPath(part)) + below));
  return ReadContextAnswer(part, answer);
}

bool FetchPart(MispApi& api, ContextPart part, const std::string& below, ContextList* list) {
  return Settle(Ask(api, part, below), list);
}

Result<ContextRows> AskForClusters(MispApi& api, const Context& context) {
  ContextRows rows = context[ContextPart::kClusters].rows;
  GF_CHECK(FetchClusters(api, context[ContextPart::kGalaxies].rows, &rows));
  return rows;
}

bool IsOfUse(const ContextRow& taxonomy) {
  const std::string used = FieldOf(taxonomy, "used");
  return FieldOf(taxonomy, "enabled") == "true" || (!used.empty() && used != "0");
}

// The tags of one taxonomy in an earlier snapshot.
ContextRows TagsOf(const ContextList& tags, std::string_view taxonomy) {
  ContextRows rows;
  for (const auto& [tag, row] : tags.rows) {
    if (FieldOf(row, "taxonomy") == taxonomy) rows.emplace(tag, row);
  }
  return rows;
}

// Taxonomies of use whose tags are none, or those of another row than the present one.
std::set<std::string> StaleTags(const Context& before, const ContextRows& taxonomies) {
  const ContextRows& old = before[ContextPart::kTaxonomies].rows;
  std::set<std::string> stale;
  for (const auto& [name, row] : taxonomies) {
    if (!IsOfUse(row) || FieldOf(row, "id").empty()) continue;
    const auto earlier = old.find(name);
    const bool same = earlier != old.end() && earlier->second == row;
    if (!same || before.stale_tags.contains(name) ||
        TagsOf(before[ContextPart::kTaxonomyTags], name).empty())
      stale.insert(name);
  }
  return stale;
}

void FetchTags(MispApi& api, const Context& before, Context* context) {
  const ContextList& taxonomies = (*context)[ContextPart::kTaxonomies];
  ContextList tags{taxonomies.visible, taxonomies.visible ? "" : std::string(kNotVisible), {}};
  bool away = false;
  for (const auto& [name, row] : taxonomies.rows) {
    const std::string id = FieldOf(row, "id");
    if (!IsOfUse(row) || id.empty()) continue;
    ContextRows rows = TagsOf(before[ContextPart::kTaxonomyTags], name);
    if (context->stale_tags.contains(name) && !away) {
      ContextList fetched{true, "", std::move(rows)};
      away = FetchPart(api, ContextPart::kTaxonomyTags, "/" + id, &fetched);
      if (!fetched.visible) {
        tags = std::move(fetched);
        break;
      }
      rows = std::move(fetched.rows);
      if (fetched.note.empty()) {
        context->stale_tags.erase(name);
      } else {
        tags.note = fetched.note;
      }
    }
    if (tags.rows.size() + rows.size() > kMaxContextRows) {
      tags.note = fmt::format("no more than {} are kept", kMaxContextRows);
      break;
    }
    tags.rows.merge(rows);
  }
  (*context)[ContextPart::kTaxonomyTags] = std::move(tags);
}

std::vector<Remark> NotesOn(const Context& context) {
  std::vector<Remark> notes;
  const std::vector<std::string> unknown = UnknownTypes(context);
  if (!unknown.empty()) {
    notes.push_back(
        {fmt::format("the server has {} attribute types that are not known here; they are carried "
                     "and make no rules: {}",
                     unknown.size(), fmt::join(unknown, ", ")),
         false});
  }
  for (std::size_t i = 0; i < kContextParts; ++i) {
    const ContextList& list = context.parts[i];
    if (list.note.empty() || list.note == kNotVisible) continue;
    notes.push_back(
        {fmt::format("{}: {}", ContextPartName(static_cast<ContextPart>(i)), list.note)});
  }
  return notes;
}

}  // namespace

std::string_view ContextPath(ContextPart part) {
  return SourceOf(part).path;
}

Result<ContextRows> ReadContextAnswer(ContextPart part, const Json& answer) {
  if (part == ContextPart::kTypes) return ReadTypes(answer);
  return part == ContextPart::kTaxonomyTags ? ReadTags(answer) : ReadList(part, answer);
}

std::vector<std::string> UnknownTypes(const Context& context) {
  std::vector<std::string> unknown;
  for (const auto& [type, row] : context[ContextPart::kTypes].rows) {
    if (intel::FindType(type) == nullptr) unknown.push_back(type);
  }
  return unknown;
}

Result<std::vector<Remark>> CollectContext(MispApi& api, const std::filesystem::path& cache,
                                           Time now) {
  auto loaded = LoadContext(cache);
  // One that cannot be read is as good as none: it is made anew.
  const Context before = loaded.ok() ? loaded->value_or(Context{}) : Context{};
  Context context = before;
  context.taken = now;
  bool away = false;
  for (std::size_t i = 0; i < kContextParts && !away; ++i) {
    const auto part = static_cast<ContextPart>(i);
    // One call a taxonomy, one a galaxy.
    if (part == ContextPart::kTaxonomyTags || part == ContextPart::kClusters) continue;
    away = FetchPart(api, part, "", &context.parts[i]);
  }
  context.stale_tags = StaleTags(before, context[ContextPart::kTaxonomies].rows);
  if (!away) FetchTags(api, before, &context);
  if (!away) Settle(AskForClusters(api, context), &context[ContextPart::kClusters]);
  context.changes = CompareContext(before, context);
  GF_CHECK(SaveContext(cache, context));
  return NotesOn(context);
}

}  // namespace gapferry::collect
