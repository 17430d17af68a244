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

constexpr Wanted kTaxonomy[] = {{"description", "description"},
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
      {"", "", "", {}},  // one call a galaxy
  }};
  return kSources[static_cast<std::size_t>(part)];
}

// Never in the middle of a character.
std::string Cut(std::string text) {
  if (text.size() <= kMaxContextText) return text;
  std::size_t end = kMaxContextText;
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

// MISP keeps them as JSON in a text, and shows them as an object.
void TakeParameters(const Json& model, ContextRow* row) {
  const Json& parameters = Below(model, "parameters");
  if (!parameters.is_string()) return Take(parameters, kParameters, row);
  const auto parsed = ParseJson(parameters.get_ref<const std::string&>(), kEmbeddedLimits);
  if (parsed.ok()) Take(*parsed, kParameters, row);
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

Result<ContextRows> ReadTypes(const Json& answer) {
  const Json& result = Below(answer, "result");
  const Json& types = Below(result, "types");
  if (!types.is_array()) return NoList(ContextPart::kTypes);
  GF_CHECK(CheckRows(ContextPart::kTypes, types));
  ContextRows rows;
  for (const Json& type : types) {
    if (!type.is_string()) continue;
    const auto& name = type.get_ref<const std::string&>();
    ContextRow& row = rows[Cut(name)];
    constexpr Wanted kDefaults[] = {{"default_category", "category"},
                                    {"to_ids", "to_ids", Form::kFlag}};
    Take(Below(Below(result, "sane_defaults"), name.c_str()), kDefaults, &row);
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

Result<ContextRows> Ask(MispApi& api, ContextPart part, const Context& before,
                        const Context& context) {
  if (part == ContextPart::kClusters) {
    ContextRows rows = before[part].rows;
    GF_CHECK(FetchClusters(api, context[ContextPart::kGalaxies].rows, &rows));
    return rows;
  }
  GF_TRY(const Json answer, api.Get(std::string(ContextPath(part))));
  return ReadContextAnswer(part, answer);
}

// True if the server is away, so that asking on is of no use.
bool FetchPart(MispApi& api, ContextPart part, const Context& before, Context* context) {
  ContextList* list = &(*context)[part];
  auto rows = Ask(api, part, before, *context);
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
  return part == ContextPart::kTypes ? ReadTypes(answer) : ReadList(part, answer);
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
  for (std::size_t i = 0; i < kContextParts; ++i) {
    if (FetchPart(api, static_cast<ContextPart>(i), before, &context)) break;
  }
  context.changes = CompareContext(before, context);
  GF_CHECK(SaveContext(cache, context));
  return NotesOn(context);
}

}  // namespace gapferry::collect
