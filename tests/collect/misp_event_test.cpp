#include "collect/misp_event.h"

#include <set>

#include "tests/collect/corpus.h"

namespace gapferry::collect {
namespace {

using test::Read;
using test::Recorder;

constexpr char kHead[] = R"("uuid":"aaaaaaaa-0000-4000-8000-000000000001","info":"an event")";
constexpr char kAttribute[] =
    R"({"uuid":"dddddddd-0000-4000-8000-000000000004","type":"domain","value":"a.example")";

std::string EventWith(const std::string& fields) {
  return std::string("{\"Event\":{") + kHead + "," + fields + "}}";
}
std::string EventWithAttribute(const std::string& fields) {
  return EventWith(std::string("\"Attribute\":[") + kAttribute + "," + fields + "}]");
}
// The reason why the one event of a document was refused, or "".
std::string ReasonOf(const std::string& json) {
  Recorder recorder;
  const ReadOutcome outcome = Read(json, &recorder);
  if (outcome.refused) return outcome.refused->ToError().what;
  return recorder.refused.empty() ? "" : recorder.refused[0].ToError().what;
}

TEST(MispEvent, TakesEveryWrappingThatMispAndItsToolsWrite) {
  const std::string event = std::string("{") + kHead + "}";
  const std::string wrapped = "{\"Event\":" + event + "}";
  const std::map<std::string, std::size_t> counts = {
      {wrapped, 1},
      {event, 1},
      {"[" + wrapped + "," + wrapped + "]", 2},
      {"[" + event + "]", 1},
      {"{\"response\":[" + wrapped + "," + wrapped + "]}", 2},
      {"{\"response\":" + wrapped + "}", 1},
      {"{\"page\":1,\"Event\":" + event + ",\"errors\":[]}", 1},
      {"{\"response\":[]}", 0},
      {"[]", 0},
      {"\xEF\xBB\xBF" + wrapped, 1},
  };
  for (const auto& [json, count] : counts) {
    Recorder recorder;
    const ReadOutcome outcome = Read(json, &recorder);
    EXPECT_FALSE(outcome.refused) << json;
    EXPECT_TRUE(recorder.refused.empty()) << json;
    EXPECT_EQ(recorder.events.size(), count) << json;
  }
}

TEST(MispEvent, ReadsNumbersAndFlagsHoweverTheyAreWritten) {
  for (const char* yes : {"true", "1", "\"1\"", "\"true\""}) {
    for (const char* no : {"false", "0", "\"0\"", "\"false\"", "null", "\"\""}) {
      Recorder recorder;
      (void)Read(EventWithAttribute(fmt::format(
                     R"("to_ids":{},"deleted":{},"disable_correlation":{},
                        "Tag":[{{"name":"t","local":{},"exportable":{}}}])",
                     yes, no, yes, yes, std::string_view(no) == "null" ? "0" : no)),
                 &recorder);
      ASSERT_EQ(recorder.events.size(), 1u) << yes << no;
      const intel::Attribute& attribute = recorder.events[0].attributes[0].attribute;
      EXPECT_TRUE(attribute.to_ids && attribute.disable_correlation) << yes;
      EXPECT_FALSE(attribute.deleted) << no;
      EXPECT_TRUE(attribute.tags[0].local) << yes;
      // An exportable that is not said is true.
      EXPECT_EQ(attribute.tags[0].exportable, std::string_view(no) == "\"\"") << no;
    }
  }
  for (const char* two : {"2", "\"2\""}) {
    Recorder recorder;
    (void)Read(EventWith(fmt::format(R"("timestamp":{0},"threat_level_id":{0},"analysis":{0},
                                        "distribution":{0},"publish_timestamp":null,
                                        "published":null,"date":"")",
                                     two)),
               &recorder);
    ASSERT_EQ(recorder.events.size(), 1u);
    const intel::Event& event = recorder.events[0].event;
    EXPECT_EQ(event.timestamp, 2);
    EXPECT_EQ(event.threat_level, 2);
    EXPECT_EQ(event.analysis, 2);
    EXPECT_EQ(event.distribution, std::optional<intel::Distribution>(2));
    EXPECT_EQ(event.published, std::nullopt);
  }
  for (const auto& [written, value] : std::map<std::string, std::string>{
           {"443", "443"}, {"true", "1"}, {"false", "0"}, {"1.50", "1.50"}, {"-7", "-7"}}) {
    Recorder recorder;
    (void)Read(EventWith(R"("Attribute":[{"type":"text","value":)" + written + "}]"), &recorder);
    ASSERT_EQ(recorder.events.size(), 1u) << written;
    EXPECT_EQ(recorder.events[0].attributes[0].attribute.value, value);
  }
}

TEST(MispEvent, RefusesWhatItWouldHaveToGuess) {
  const std::map<std::string, std::string> reasons = {
      {R"({"Event":{"info":"x"}})", "x.json:1: the event has no uuid"},
      {"{\"Event\":\n{\"uuid\":\"aaaaaaaa-0000-4000-8000-000000000001\"}}",
       "x.json:2: the event has no info"},
      {R"({"Event":{"info":"x","uuid":"aaaaaaaa"}})",
       "x.json:1: Event.uuid is \"aaaaaaaa\", not a UUID"},
      {EventWith("\"distribution\":6"),
       "x.json:1: Event.distribution is 6, not a level from 0 to 5"},
      {EventWith("\n\"threat_level_id\":\"5\"\n"),
       "x.json:2: Event.threat_level_id is \"5\", not a level from 1 to 4"},
      {EventWith("\n\"analysis\":3\n"), "x.json:2: Event.analysis is 3, not a level from 0 to 2"},
      {EventWith("\"timestamp\":\"yesterday\""),
       "x.json:1: Event.timestamp is \"yesterday\", not seconds since 1970"},
      {EventWith("\"timestamp\":-1"), "x.json:1: Event.timestamp is -1, not seconds since 1970"},
      {EventWith("\"timestamp\":99999999999999999999999"),
       "x.json:1: Event.timestamp is 99999999999999999999999, not seconds since 1970"},
      {EventWith("\"date\":\"01/02/2024\""),
       "x.json:1: Event.date is \"01/02/2024\", not a date as YYYY-MM-DD"},
      {EventWith("\"published\":\"perhaps\""),
       "x.json:1: Event.published is \"perhaps\", not true or false"},
      {EventWith("\"Attribute\":[\n{\"value\":\"x\"}]"), "x.json:2: an attribute without type"},
      {EventWith("\"Attribute\":[\n{\"type\":\"x\",\n\"value\":null}]"),
       "x.json:2: an attribute without value"},
      {EventWith("\"Attribute\":{\"0\":{}}"),
       "x.json:1: Event has a \"Attribute\" that is an object, not a list"},
      {EventWith("\"Attribute\":[7]"), "x.json:1: Event.Attribute holds 7, not an object"},
      {EventWithAttribute("\"to_ids\":[]"),
       "x.json:1: Event.Attribute has a \"to_ids\" that is no single value"},
      {EventWithAttribute("\"Tag\":[{\"colour\":\"#fff\"}]"), "x.json:1: a tag without name"},
      {EventWith("\"Object\":[{\"ObjectReference\":[{}]}]"),
       "x.json:1: a reference without referenced_uuid"},
      {EventWith("\"attribute_count\":\"3\""),
       "x.json:1: the event says that it has 3 attributes, but lists none: an index of events, no "
       "events"},
      {EventWith("\n\"info\":\"again\""), "x.json:2: key \"info\" is given twice"},
      {std::string("{") + kHead + ",\"Attribute\":[" + kAttribute + "}],\"Event\":{}}",
       "x.json:1: an event that holds \"Event\" beside its own fields"},
      {"7", "x.json:1: a single value, no MISP event"},
      {"[7]", "x.json:1: a list of values, no MISP events"},
      {"{}", "x.json:1: no MISP event; this looks like an empty object"},
  };
  for (const auto& [json, reason] : reasons)
    EXPECT_EQ(ReasonOf(json), reason) << json;
  EXPECT_NE(
      ReasonOf(EventWithAttribute("\"comment\":\"a\\u0000b\"")).find("without the character NUL"),
      std::string::npos);
}

TEST(MispEvent, TakesTagsOfObjectsAndReportsForTheEvent) {
  Recorder recorder;
  const ReadOutcome outcome = Read(EventWith(R"("Tag":[{"name":"tlp:green"}],
                   "Object":[{"name":"file","Tag":[{"name":"tlp:red"},{"name":"tlp:green"}],
                              "Attribute":[{"type":"md5","value":"00112233445566778899aabbccddeeff",
                                            "Tag":[{"name":"own"}]}]}],
                   "EventReport":[{"name":"r","content":"c","Tag":[{"name":"of the report"}]}])"),
                                   &recorder);
  ASSERT_FALSE(outcome.refused);
  ASSERT_EQ(recorder.events.size(), 1u);
  std::vector<std::string> names;
  for (const intel::Tag& tag : recorder.events[0].event.tags)
    names.push_back(tag.name);
  EXPECT_EQ(names, (std::vector<std::string>{"tlp:green", "tlp:red", "of the report"}));
}

TEST(MispEvent, AddsSightingsUpAndTakesNothingElseOfThem) {
  Recorder recorder;
  const std::string sightings = R"("Sighting":[
      {"id":"1","type":"0","date_sighting":"1795501941","source":"sensor-1","org_id":"7",
       "uuid":"cccccccc-0000-4000-8000-000000000001",
       "Organisation":{"id":"2","uuid":"cccccccc-0000-4000-8000-000000000002","name":"WHO"}},
      {"type":0,"date_sighting":1795501999},{"type":0,"date_sighting":"1795400000"},
      {"type":"1","date_sighting":"1795415542"},
      {"type":2,"date_sighting":"1796000000"},{"type":"2","date_sighting":1795000000},
      {"type":"3","date_sighting":1799999999},{}])";
  const std::string in_object =
      R"("Object":[{"uuid":"eeeeeeee-0000-4000-8000-000000000005","name":"file","Attribute":[
           {"uuid":"eeeeeeee-0000-4000-8000-000000000006","type":"md5","value":"x",
            "Sighting":[{"type":"1","date_sighting":"5"}]},
           {"uuid":"eeeeeeee-0000-4000-8000-000000000007","type":"md5","value":"y"}]}])";
  (void)Read(
      EventWith(std::string("\"Attribute\":[") + kAttribute + "," + sightings + "}]," + in_object),
      &recorder);
  ASSERT_EQ(recorder.events.size(), 1U);
  const std::vector<Recorder::Row>& rows = recorder.events[0].attributes;
  ASSERT_EQ(rows.size(), 3U);
  // The last of them says neither what nor when: a sighting is one of type 0.
  EXPECT_EQ(rows[0].attribute.sighting,
            (intel::Sighting{4, 1, 1'795'501'999, 1'795'415'542, 1'796'000'000}));
  EXPECT_EQ(rows[1].attribute.sighting, (intel::Sighting{0, 1, 0, 5, 0}));
  EXPECT_FALSE(rows[2].attribute.sighting.Any());
  for (const Recorder::Row& row : rows)
    EXPECT_EQ(row.extra, "");
  EXPECT_EQ(ReasonOf(EventWithAttribute("\"Sighting\":[{\"type\":\"seen\"}]")),
            "x.json:1: Event.Attribute.Sighting.type is \"seen\", not a number from 0 to 255");
  EXPECT_EQ(ReasonOf(EventWithAttribute("\"Sighting\":[{\"date_sighting\":-1}]")),
            "x.json:1: Event.Attribute.Sighting.date_sighting is -1, not seconds since 1970");
}

TEST(MispEvent, GivesStableUuidsToRowsWithout) {
  const std::string rows =
      R"("Attribute":[{"type":"domain","value":"a.example"},{"type":"domain","value":"a.example"}],
         "Object":[{"name":"file","Attribute":[{"type":"md5","value":"x","object_relation":"md5"}],
                    "ObjectReference":[{"referenced_uuid":"bbbbbbbb-0000-4000-8000-000000000001"}]},
                   {"name":"file","Attribute":[{"type":"md5","value":"x","object_relation":"md5"}]}],
         "EventReport":[{"name":"r","content":"c"}])";
  std::vector<std::set<Uuid>> found;
  // The event's own UUID may come before or after its rows.
  for (const std::string& json : {std::string("{\"Event\":{") + kHead + "," + rows + "}}",
                                  std::string("{\"Event\":{") + rows + "," + kHead + "}}",
                                  std::string("{") + rows + "," + kHead + "}"}) {
    Recorder recorder;
    (void)Read(json, &recorder);
    ASSERT_EQ(recorder.events.size(), 1u);
    const Recorder::Recorded& event = recorder.events[0];
    std::set<Uuid>& uuids = found.emplace_back();
    for (const auto& row : event.attributes)
      uuids.insert(row.attribute.uuid);
    for (const auto& [object, extra] : event.objects)
      uuids.insert(object.uuid);
    for (const auto& [object, reference] : event.references) {
      uuids.insert(reference.uuid);
      EXPECT_EQ(object, event.objects[0].first.uuid);
    }
    uuids.insert(event.reports.at(0).uuid);
    EXPECT_EQ(uuids.size(), 8u);
    EXPECT_FALSE(uuids.contains(Uuid{}));
    EXPECT_EQ(event.attributes[2].object, event.objects[0].first.uuid);
  }
  EXPECT_EQ(found[0], found[1]);
  EXPECT_EQ(found[0], found[2]);
}

TEST(MispEvent, KeepsWhatNoListNamesBesideTheRowAndCountsIt) {
  Recorder recorder;
  const ReadOutcome outcome =
      Read(EventWith(R"("id":"7","Org":{"name":"o"},"RelatedEvent":[{"Event":{"uuid":"x"}}],
        "Orgc":{"name":"c","id":"1"},
        "Object":[{"uuid":"bbbbbbbb-0000-4000-8000-000000000001","name":"file","id":3,
                   "Mark":[{"name":"not MISP's"}],
                   "Attribute":[{"type":"text","value":"v","data":"AAAA","Galaxy":[],
                                 "odd":{"a":[1,-2.50,"\"\\\u0001",null,true],"b":{}}}]}])"),
           &recorder);
  ASSERT_EQ(recorder.events.size(), 1u);
  const Recorder::Recorded& event = recorder.events[0];
  EXPECT_EQ(event.extra,
            R"({"id":"7","Org":{"name":"o"},"RelatedEvent":[{"Event":{"uuid":"x"}}]})");
  EXPECT_EQ(event.objects[0].second, R"({"id":3,"Mark":[{"name":"not MISP's"}]})");
  EXPECT_EQ(event.attributes[0].extra, R"({"odd":{"a":[1,-2.50,"\"\\\u0001",null,true],"b":{}}})");
  EXPECT_EQ(outcome.unknown_fields,
            (std::map<std::string, std::uint64_t>{{"Event.Object.Attribute.Galaxy", 1},
                                                  {"Event.Object.Attribute.data", 1},
                                                  {"Event.Object.Attribute.odd", 1},
                                                  {"Event.Object.Mark", 1},
                                                  {"Event.Object.id", 1},
                                                  {"Event.Org", 1},
                                                  {"Event.Orgc.id", 1},
                                                  {"Event.RelatedEvent", 1},
                                                  {"Event.id", 1}}));
}

TEST(MispEvent, KeepsNoMoreBesideARowThanItsLimit) {
  const std::string large(70 << 10, 'x');
  Recorder recorder;
  (void)Read(EventWith(R"("a":"1","b":")" + large + R"(","c":{"d":[")" + large + R"(",2]},"e":3)"),
             &recorder);
  ASSERT_EQ(recorder.events.size(), 1u);
  EXPECT_EQ(recorder.events[0].extra, R"({"a":"1","e":3})");
}

TEST(MispEvent, RefusesAStringThatNoPayloadMayCarry) {
  const std::string ten_megabytes(10 << 20, 'x');
  EXPECT_EQ(ReasonOf(EventWithAttribute("\n\"comment\":\"" + ten_megabytes + "\"")),
            "x.json:1: an attribute of more than 8388608 bytes");
  // Attachments may be as long: they are passed over.
  EXPECT_EQ(ReasonOf(EventWithAttribute("\"data\":\"" + ten_megabytes + "\"")), "");
}

TEST(MispEvent, RefusesAnEndlessString) {
  const std::string endless(80 << 20, 'x');
  EXPECT_EQ(ReasonOf(EventWithAttribute("\"data\":\"" + endless + "\"")),
            "x.json:1: a single value of more than 67108864 bytes");
}

TEST(MispEvent, RefusesHostileJsonWithItsLine) {
  EXPECT_EQ(ReasonOf(std::string(1'000'000, '[')), "x.json:1: a list in a list, no MISP events");
  EXPECT_EQ(ReasonOf(EventWith("\"x\":" + std::string(1'000'000, '['))),
            "x.json:1: nested deeper than 64 levels");
  std::string many_keys = "\"x\":{";
  for (int i = 0; i < 200'000; ++i)
    many_keys += fmt::format("\"{}\":0,", i);
  EXPECT_EQ(ReasonOf(EventWith(many_keys + "\"y\":0}")), "");
  EXPECT_EQ(ReasonOf(EventWith(many_keys + "\"7\":0}")), "x.json:1: key \"7\" is given twice");
  for (const char* bad : {"\"x\":1e999", "\"x\":\"\\ud800\"", "\"x\":\"\xff\"", "\"x\":\"a\nb\"",
                          "\"x\":\"\xed\xa0\x80\"", "\"x\":01", "\"x\":NaN", "\"x\":/**/1"}) {
    const std::string reason = ReasonOf(EventWith(std::string("\n\n") + bad));
    EXPECT_EQ(reason.rfind("x.json:", 0), 0u) << bad;
    EXPECT_NE(reason, "") << bad;
    EXPECT_TRUE(reason[7] == '3' || reason[7] == '4') << reason;
  }
  EXPECT_NE(ReasonOf(EventWith("\"x\":0") + "{}"), "");  // something after the end
  EXPECT_EQ(ReasonOf(EventWith("\"x\":0") + std::string("\0{}", 3)),
            "x.json:1: a NUL byte after the JSON");
  EXPECT_NE(ReasonOf(""), "");
}

TEST(MispEvent, RefusesEveryCutOfAnEventWhole) {
  const std::string json =
      EventWith(R"("Attribute":[{"type":"domain","value":"a.example","Tag":[{"name":"t"}]}],
                   "Object":[{"name":"file","Attribute":[{"type":"md5","value":"\u00e4"}]}],
                   "x":[1.5,{"y":null}])");
  for (std::size_t size = 0; size < json.size(); ++size) {
    Recorder recorder;
    const ReadOutcome outcome = Read(std::string_view(json).substr(0, size), &recorder);
    EXPECT_TRUE(outcome.refused) << size;
  }
  EXPECT_EQ(ReasonOf(json), "");
}

TEST(MispEvent, RefusesAFileBeyondItsLimit) {
  Recorder recorder;
  const std::string json = EventWith("\"x\":0");
  auto outcome = ReadMispEvents(TextSource(json), "x.json", recorder, json.size());
  EXPECT_TRUE(outcome.ok() && !outcome->refused);
  outcome = ReadMispEvents(TextSource(json), "x.json", recorder, json.size() - 1);
  ASSERT_TRUE(outcome.ok() && outcome->refused);
  EXPECT_EQ(outcome->refused->kind, Kind::kTooLarge);
}

}  // namespace
}  // namespace gapferry::collect
