// Every event of the corpus, against numbers counted by others and against a reading of the same
// bytes by nlohmann's DOM.
#include "tests/collect/corpus.h"

#include "base/json.h"
#include "collect/misp_feed.h"

namespace gapferry::collect {
namespace {

using test::OpenStore;
using test::Scratch;

std::vector<Json> Lines(const std::filesystem::path& path) {
  std::vector<Json> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    lines.push_back(Json::parse(line));
  return lines;
}

TEST(Corpus, HasTheCountsThatAnIndependentScriptFound) {
  GAPFERRY_CORPUS_OR_SKIP(corpus);
  std::size_t without_uuid = 0;
  for (const Json& expected : Lines(corpus / "expected/events.jsonl")) {
    const std::string file = expected["file"];
    test::Recorder recorder;
    const ReadOutcome outcome = test::Read(test::Slurp(corpus / file), &recorder);
    EXPECT_FALSE(outcome.refused) << file;
    if (expected["uuid"].is_null()) {
      // Fragments for PyMISP's own tests: an event without identity cannot be carried.
      ++without_uuid;
      ASSERT_EQ(recorder.refused.size(), 1u) << file;
      EXPECT_EQ(recorder.refused[0].reason, "the event has no uuid") << file;
      continue;
    }
    ASSERT_EQ(recorder.events.size(), 1u) << file;
    const test::Recorder::Recorded& event = recorder.events[0];
    EXPECT_EQ(event.event.uuid.ToString(), expected["uuid"].get<std::string>()) << file;
    EXPECT_EQ(event.event.timestamp, expected["timestamp"].is_null()
                                         ? 0
                                         : std::stoll(expected["timestamp"].get<std::string>()))
        << file;
    std::size_t inside = 0;
    std::map<std::string, std::size_t> to_ids;
    for (const auto& row : event.attributes) {
      if (!row.object.IsNil()) ++inside;
      if (row.attribute.to_ids) ++to_ids[row.attribute.type];
    }
    EXPECT_EQ(event.objects.size(), expected["objects"]) << file;
    EXPECT_EQ(inside, expected["object_attributes"]) << file;
    EXPECT_EQ(event.attributes.size() - inside, expected["attributes"]) << file;
    EXPECT_EQ(to_ids, (expected["to_ids_by_type"].get<std::map<std::string, std::size_t>>()))
        << file;
  }
  EXPECT_EQ(without_uuid, 4u);
}

// The oracle: the document as a tree, and each field read from it in the plainest way.
class Oracle {
 public:
  explicit Oracle(const Json& event) : event_(event) {}

  // The records that the store must hold, by their key.
  std::map<std::string, std::string> Records() {
    record_.source = "s";
    Put(store::RecordKind::kSource);
    record_.event_uuid = Id(event_, "uuid");
    Header();
    for (const Json& attribute : List(event_, "Attribute"))
      Attribute(attribute, Uuid{});
    for (const Json& object : List(event_, "Object"))
      Object(object);
    for (const Json& report : List(event_, "EventReport"))
      Report(report);
    return std::move(records_);
  }

 private:
  void Put(store::RecordKind kind) {
    record_.kind = kind;
    std::string bytes;
    store::EncodeRecord(record_, &bytes);
    records_.emplace(store::EncodeKey(record_), bytes);  // the first of the same UUID stands
  }
  static std::string Text(const Json& row, const char* key) {
    if (!row.contains(key) || row[key].is_null()) return "";
    return row[key].is_string() ? row[key].get<std::string>() : row[key].dump();
  }
  static std::int64_t Number(const Json& row, const char* key, std::int64_t fallback) {
    const std::string text = Text(row, key);
    if (text == "true" || text == "false") return text == "true" ? 1 : 0;
    return text.empty() ? fallback : std::stoll(text);
  }
  static std::optional<intel::Distribution> Level(const Json& row) {
    if (Text(row, "distribution").empty()) return std::nullopt;
    return static_cast<intel::Distribution>(Number(row, "distribution", 0));
  }
  static Uuid Id(const Json& row, const char* key) { return ParseUuid(Text(row, key)).value(); }
  static const Json& List(const Json& row, const char* key) {
    static const Json nothing = Json::array();
    return row.contains(key) ? row[key] : nothing;
  }
  static std::string SharingGroup(const Json& row) {
    if (!row.contains("SharingGroup") || !row["SharingGroup"].is_object()) return "";
    return Text(row["SharingGroup"], "uuid");
  }
  static std::vector<intel::Tag> Tags(const Json& row) {
    std::vector<intel::Tag> tags;
    for (const Json& tag : List(row, "Tag")) {
      tags.push_back({Text(tag, "name"), Text(tag, "colour"), Text(tag, "relationship_type"),
                      Number(tag, "local", 0) == 1, Number(tag, "exportable", 1) == 1});
    }
    return tags;
  }

  void Header() {
    intel::Event& e = record_.event;
    e.uuid = record_.event_uuid;
    e.info = Text(event_, "info");
    e.date = Text(event_, "date");
    e.timestamp = Number(event_, "timestamp", 0);
    e.publish_timestamp = Number(event_, "publish_timestamp", 0);
    if (event_.contains("published")) e.published = Number(event_, "published", 0) == 1;
    e.threat_level = static_cast<std::uint8_t>(Number(event_, "threat_level_id", 4));
    e.analysis = static_cast<std::uint8_t>(Number(event_, "analysis", 0));
    e.distribution = Level(event_);
    e.sharing_group = SharingGroup(event_);
    e.extends_uuid = Text(event_, "extends_uuid");
    if (event_.contains("Orgc")) {
      e.orgc_uuid = Text(event_["Orgc"], "uuid");
      e.orgc_name = Text(event_["Orgc"], "name");
    }
    e.tags = Tags(event_);
    Put(store::RecordKind::kEvent);
  }
  void Attribute(const Json& json, const Uuid& object) {
    intel::Attribute& a = record_.attribute;
    record_.object_uuid = object;
    a.uuid = Id(json, "uuid");
    a.type = Text(json, "type");
    a.category = Text(json, "category");
    a.value = Text(json, "value");
    a.comment = Text(json, "comment");
    a.object_relation = Text(json, "object_relation");
    a.first_seen = Text(json, "first_seen");
    a.last_seen = Text(json, "last_seen");
    a.timestamp = Number(json, "timestamp", 0);
    a.distribution = Level(json);
    a.sharing_group = SharingGroup(json);
    a.to_ids = Number(json, "to_ids", 0) == 1;
    a.deleted = Number(json, "deleted", 0) == 1;
    a.disable_correlation = Number(json, "disable_correlation", 0) == 1;
    a.tags = Tags(json);
    Put(store::RecordKind::kAttribute);
    Sightings(List(json, "Sighting"));
  }
  // Of the attribute that was put last.
  void Sightings(const Json& list) {
    intel::Sighting& s = record_.attribute.sighting;
    s = {};
    for (const Json& one : list) {
      const std::int64_t date = Number(one, "date_sighting", 0);
      const std::int64_t type = Number(one, "type", 0);
      std::int64_t& last = type == 0 ? s.last_seen : type == 1 ? s.last_false_positive : s.expires;
      last = std::max(last, date);
      if (type == 0) ++s.seen;
      if (type == 1) ++s.false_positives;
    }
    if (!list.empty()) Put(store::RecordKind::kSighting);
    s = {};
  }
  void Object(const Json& json) {
    intel::Object& o = record_.object;
    o.uuid = Id(json, "uuid");
    o.name = Text(json, "name");
    o.meta_category = Text(json, "meta-category");
    o.description = Text(json, "description");
    o.template_uuid = Text(json, "template_uuid");
    o.template_version = Text(json, "template_version");
    o.comment = Text(json, "comment");
    o.first_seen = Text(json, "first_seen");
    o.last_seen = Text(json, "last_seen");
    o.timestamp = Number(json, "timestamp", 0);
    o.distribution = Level(json);
    o.sharing_group = SharingGroup(json);
    o.deleted = Number(json, "deleted", 0) == 1;
    Put(store::RecordKind::kObject);
    const Uuid uuid = o.uuid;
    for (const Json& attribute : List(json, "Attribute"))
      Attribute(attribute, uuid);
    for (const Json& reference : List(json, "ObjectReference")) {
      intel::Reference& r = record_.reference;
      record_.object_uuid = uuid;
      r.uuid = Id(reference, "uuid");
      r.referenced = Id(reference, "referenced_uuid");
      r.relationship_type = Text(reference, "relationship_type");
      r.comment = Text(reference, "comment");
      r.timestamp = Number(reference, "timestamp", 0);
      r.deleted = Number(reference, "deleted", 0) == 1;
      Put(store::RecordKind::kReference);
    }
  }
  void Report(const Json& json) {
    intel::Report& r = record_.report;
    r.uuid = Id(json, "uuid");
    r.name = Text(json, "name");
    r.content = Text(json, "content");
    r.timestamp = Number(json, "timestamp", 0);
    r.distribution = Level(json);
    r.sharing_group = SharingGroup(json);
    r.deleted = Number(json, "deleted", 0) == 1;
    Put(store::RecordKind::kReport);
  }

  const Json& event_;
  store::Record record_;
  std::map<std::string, std::string> records_;
};

TEST(Corpus, IsStoredFieldByFieldAsATreeOfTheSameBytesSays) {
  GAPFERRY_CORPUS_OR_SKIP(corpus);
  Scratch scratch;
  store::Store store = OpenStore(scratch);
  std::size_t records = 0;
  for (const Json& expected : Lines(corpus / "expected/events.jsonl")) {
    if (expected["uuid"].is_null()) continue;
    const std::filesystem::path file = corpus / expected["file"].get<std::string>();
    auto report = CollectEventFiles(store, {.name = "s", .accept_older = true}, {file});
    ASSERT_TRUE(report.ok()) << report.error().what;
    ASSERT_TRUE(report->refused.empty()) << report->refused[0].ToError().what;

    Json document = Json::parse(test::Slurp(file));
    if (document.contains("response")) document = document["response"][0];
    const Json& event = document.contains("Event") ? document["Event"] : document;
    const auto want = Oracle(event).Records();
    EXPECT_EQ(test::Records(store), want) << file;
    records += want.size();
  }
  EXPECT_GT(records, 14'000u);
}

}  // namespace
}  // namespace gapferry::collect
