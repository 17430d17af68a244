#include "collect/misp_context.h"

#include <gmock/gmock.h>

#include "collect/misp_clusters.h"
#include "tests/collect/corpus.h"

namespace gapferry::collect {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

ContextRows Rows(ContextPart part, std::string_view text) {
  const auto rows = ReadContextAnswer(part, *ParseJson(text));
  EXPECT_TRUE(rows.ok()) << rows.error().what;
  return rows.ok() ? *rows : ContextRows();
}

// In the shapes of the recordings, with the types that PHP varies.
TEST(MispContext, TakesTheNamedFieldsOfEachPart) {
  EXPECT_THAT(Rows(ContextPart::kTaxonomies,
                   R"([{"Taxonomy":{"id":"7","namespace":"tlp","version":"8","enabled":"1"},
                        "total_count":6,"current_count":"3","more":[1]}])"),
              ElementsAre(Pair("tlp", ContextRow{{"id", "7"},
                                                 {"version", "8"},
                                                 {"enabled", "true"},
                                                 {"exclusive", "false"},
                                                 {"required", "false"},
                                                 {"tags", "6"},
                                                 {"used", "3"}})));
  EXPECT_THAT(
      Rows(ContextPart::kSharingGroups,
           R"({"response":[{"SharingGroup":{"uuid":"u-1","name":"Group","active":true},
                        "SharingGroupOrg":[{"Organisation":{"name":"A"}},{},
                                           {"Organisation":{"name":"B"}}]}]})"),
      ElementsAre(Pair(
          "u-1", ContextRow{{"name", "Group"}, {"active", "true"}, {"organisations", "A, B"}})));
  EXPECT_THAT(
      Rows(ContextPart::kTypes,
           R"({"result":{"types":["md5","brand-new"],
                        "sane_defaults":{"md5":{"default_category":"Payload delivery","to_ids":1}},
                        "category_type_mappings":{"Payload delivery":["md5","sha1"],"Other":[7],
                                                  "Artifacts dropped":["md5"]}}})"),
      ElementsAre(Pair("brand-new", ContextRow{{"to_ids", "false"}}),
                  Pair("md5", ContextRow{{"category", "Payload delivery"},
                                         {"categories", "Payload delivery, Artifacts dropped"},
                                         {"to_ids", "true"}})));
  for (const char* parameters :
       {R"({"lifetime":120,"decay_speed":2.3,"threshold":30,"default_base_score":80})",
        R"("{\"lifetime\":120,\"decay_speed\":2.3,\"threshold\":30,\"default_base_score\":80}")"}) {
    const ContextRows rows =
        Rows(ContextPart::kDecayingModels,
             fmt::format(R"([{{"DecayingModel":{{"id":"1","name":"NIDS","parameters":{}}}}}])",
                         parameters));
    EXPECT_EQ(FieldOf(rows.at("1"), "lifetime_days"), "120");
    EXPECT_EQ(FieldOf(rows.at("1"), "decay_speed"), "2.3");
    EXPECT_EQ(FieldOf(rows.at("1"), "base_score"), "80");
  }
}

// In the shape of a recorded answer; the numbers are made up.
TEST(MispContext, TakesTheTagsOfATaxonomy) {
  const ContextRows rows = Rows(ContextPart::kTaxonomyTags, R"({"Taxonomy":{"namespace":"risk"},
      "entries":[{"tag":"risk:high","expanded":"High","numerical_value":"100","existing_tag":false},
                 {"tag":"risk:low","expanded":"Low","numerical_value":10,
                  "existing_tag":{"Tag":{"name":"risk:low","numerical_value":"25"}}},
                 {"tag":"risk:none","existing_tag":{"Tag":{"numerical_value":null}}},{}]})");
  EXPECT_THAT(rows,
              ElementsAre(Pair("risk:high", ContextRow{{"taxonomy", "risk"},
                                                       {"expanded", "High"},
                                                       {"numerical_value", "100"},
                                                       {"exists", "false"}}),
                          Pair("risk:low", ContextRow{{"taxonomy", "risk"},
                                                      {"expanded", "Low"},
                                                      {"numerical_value", "25"},
                                                      {"exists", "true"}}),
                          Pair("risk:none", ContextRow{{"taxonomy", "risk"}, {"exists", "true"}})));
}

// As MISP's source has them; made up, for no recording knows their answer.
TEST(MispContext, TakesWhatADecayingModelCountsBy) {
  for (const char* fields :
       {R"("parameters":{"base_score_config":{"retention":0.5,"phishing":"0.25","x":{}}},
           "attribute_types":["ip-src","domain",7])",
        R"("parameters":"{\"base_score_config\":{\"retention\":0.5,\"phishing\":\"0.25\"}}",
           "attribute_types":"[\"ip-src\",\"domain\"]")"}) {
    const ContextRows rows =
        Rows(ContextPart::kDecayingModels,
             fmt::format(R"([{{"DecayingModel":{{"id":"1","name":"M",{}}}}}])", fields));
    EXPECT_EQ(FieldOf(rows.at("1"), "base_score_config"), "retention 0.5, phishing 0.25");
    EXPECT_EQ(FieldOf(rows.at("1"), "attribute_types"), "ip-src, domain");
  }
}

// As /galaxies/view gives them, and with `meta` as events do.
TEST(MispContext, TakesTheAttackNumbersAndTacticsOfClusters) {
  const auto rows = ReadClusters(*ParseJson(
                                     R"({"Galaxy":{"uuid":"g"},"GalaxyCluster":[
               {"tag_name":"misp-galaxy:mitre-attack-pattern=\"DNS - T1071.004\"","value":"DNS - T1071.004",
                "GalaxyElement":[{"key":"external_id","value":"CAPEC-1"},{"key":"external_id","value":"T1071.004"},
                                 {"key":"kill_chain","value":"attack-Windows:command-and-control"},
                                 {"key":"kill_chain","value":"attack-macOS:command-and-control"},
                                 {"key":"kill_chain","value":"mitre-attack:enterprise-attack:exfiltration"}]},
               {"tag_name":"misp-galaxy:mitre-intrusion-set=\"APT28 - G0007\"","value":"APT28",
                "meta":{"external_id":["G0007"],"kill_chain":"none"}},
               {"tag_name":"misp-galaxy:tool=\"X\"","value":"X","GalaxyElement":[7]}, 7]})"),
                                 "g", "3");
  ASSERT_TRUE(rows.ok());
  EXPECT_THAT(*rows, ElementsAre(Pair("misp-galaxy:mitre-attack-pattern=\"DNS - T1071.004\"",
                                      ContextRow{{"name", "DNS - T1071.004"},
                                                 {"attack", "T1071.004"},
                                                 {"tactics", "command-and-control, exfiltration"},
                                                 {"galaxy", "g"},
                                                 {"version", "3"}}),
                                 Pair("misp-galaxy:mitre-intrusion-set=\"APT28 - G0007\"",
                                      ContextRow{{"name", "APT28"},
                                                 {"attack", "G0007"},
                                                 {"tactics", ""},
                                                 {"galaxy", "g"},
                                                 {"version", "3"}})));
  EXPECT_FALSE(ReadClusters(*ParseJson(R"({"GalaxyCluster":{}})"), "g", "3").ok());
}

TEST(MispContext, KeepsNoPasswordOfAFeed) {
  const ContextRows rows =
      Rows(ContextPart::kFeeds,
           R"([{"Feed":{"id":"5","name":"F","url":"https://me:pa55@feeds.example/x?key=s3cret",
                   "headers":"Authorization: t0ken","enabled":true,"caching_enabled":"0"}}])");
  EXPECT_EQ(FieldOf(rows.at("5"), "url"), "https://feeds.example/x");
  for (const auto& [name, value] : rows.at("5")) {
    for (const char* secret : {"pa55", "s3cret", "t0ken"})
      EXPECT_EQ(value.find(secret), std::string::npos) << name;
  }
}

TEST(MispContext, RefusesAnswersThatListNothingOfThePart) {
  for (std::size_t i = 0; i < kContextParts; ++i) {
    for (const char* text : {"{}", R"({"response":{}})", "[7]", R"([{"Other":{"id":1}}])",
                             R"({"result":{"types":{}}})", R"({"name":"","message":""})"}) {
      EXPECT_FALSE(ReadContextAnswer(static_cast<ContextPart>(i), *ParseJson(text)).ok())
          << i << text;
    }
  }
  EXPECT_THAT(Rows(ContextPart::kFeeds, "[]"), IsEmpty());
  Json many = Json::array();
  for (std::size_t i = 0; i <= kMaxContextRows; ++i)
    many.push_back({{"Feed", {{"id", std::to_string(i)}}}});
  EXPECT_EQ(ReadContextAnswer(ContextPart::kFeeds, many).error().kind, Kind::kTooLarge);
}

TEST(MispContext, CutsLongTextsBetweenCharacters) {
  std::string name;
  while (name.size() < 2 * kMaxContextText)
    name += "x\u00e4";
  const ContextRows rows =
      Rows(ContextPart::kGalaxies,
           DumpJson(Json::array({{{"Galaxy", {{"uuid", name}, {"name", name}}}}})));
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_LE(rows.begin()->first.size(), kMaxContextText);
  EXPECT_TRUE(IsUtf8(rows.begin()->first));
  EXPECT_TRUE(IsUtf8(FieldOf(rows.begin()->second, "name")));
}

TEST(Context, TellsWhatChangedInPartsThatWereSeenBothTimes) {
  Context before;
  Context after;
  for (Context* each : {&before, &after}) {
    (*each)[ContextPart::kFeeds].visible = true;
    (*each)[ContextPart::kFeeds].rows["1"]["name"] = "one";
  }
  EXPECT_THAT(CompareContext(before, after), IsEmpty());
  after[ContextPart::kFeeds].rows["1"]["enabled"] = "true";
  after[ContextPart::kFeeds].rows["3"]["name"] = "three";
  before[ContextPart::kFeeds].rows["2"]["name"] = "two";
  after[ContextPart::kGalaxies] = {true, "", {{"g", {}}}};
  std::vector<std::string> told;
  for (const ContextChange& change : CompareContext(before, after))
    told.push_back(change.what + " " + change.key);
  EXPECT_THAT(told, ElementsAre("changed 1", "added 3", "removed 2"));
}

TEST(Context, IsKeptInTheFolderOfItsSource) {
  test::Scratch scratch;
  EXPECT_EQ(LoadContext(scratch.path())->has_value(), false);
  Context context;
  context.taken = 1'795'501'941;
  context[ContextPart::kSharingGroups] = {true, "a note", {{"u", {{"name", "n"}}}}};
  context.changes.push_back({ContextPart::kSharingGroups, "added", "u"});
  context.stale_tags = {"tlp"};
  ASSERT_TRUE(SaveContext(scratch.path(), context).ok());
  const auto loaded = LoadContext(scratch.path());
  ASSERT_TRUE(loaded.ok() && loaded->has_value());
  EXPECT_EQ(ContextJson(**loaded), ContextJson(context));
  for (const char* broken : {"", "{}", "[]", R"({"taken":1,"parts":[],"changes":[]})",
                             R"({"taken":"x","parts":{},"changes":[]})"}) {
    (void)scratch.Write("context.json", broken);
    EXPECT_EQ(LoadContext(scratch.path()).error().kind, Kind::kMalformed) << broken;
  }
}

}  // namespace
}  // namespace gapferry::collect
