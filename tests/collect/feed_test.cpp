#include "collect/misp_feed.h"

#include <algorithm>
#include <fstream>

#include "tests/collect/corpus.h"

namespace gapferry::collect {
namespace {

using test::OpenStore;
using test::Records;
using test::Scratch;

constexpr char kA[] = "aaaaaaaa-0000-4000-8000-000000000001";
constexpr char kB[] = "bbbbbbbb-0000-4000-8000-000000000002";
constexpr char kC[] = "cccccccc-0000-4000-8000-000000000003";

std::string Event(const std::string& uuid, const std::string& value) {
  return R"({"Event":{"uuid":")" + uuid + R"(","info":"an event","Attribute":[
    {"uuid":"dddddddd-0000-4000-8000-000000000004","type":"domain","value":")" +
         value + R"(","to_ids":true}]}})";
}

CollectReport Collect(store::Store& store, const std::filesystem::path& folder) {
  auto report = CollectFeedFolder(store, {.name = "feed"}, folder);
  EXPECT_TRUE(report.ok()) << report.error().what;
  return report.ok() ? std::move(report).value() : CollectReport{};
}

void WriteManifest(const Scratch& scratch, const std::vector<std::string>& uuids) {
  std::string manifest;
  for (const std::string& uuid : uuids)
    manifest += (manifest.empty() ? "{\"" : ",\"") + uuid + "\":{\"timestamp\":\"1\"}";
  scratch.Write("manifest.json", manifest.empty() ? "{}" : manifest + "}");
}

TEST(FeedFolder, SkipsWhatIsUnchangedAndRemovesWhatIsNoLongerListed) {
  Scratch scratch;
  store::Store store = OpenStore(scratch);
  scratch.Write(std::string(kA) + ".json", Event(kA, "a.example"));
  scratch.Write(std::string(kB) + ".json", Event(kB, "b.example"));
  WriteManifest(scratch, {kA, kB});
  CollectReport report = Collect(store, scratch.path());
  EXPECT_EQ(report.added, 2u);
  EXPECT_EQ(report.to_ids_by_type, (std::map<std::string, std::uint64_t>{{"domain", 2}}));

  report = Collect(store, scratch.path());
  EXPECT_EQ(report.unchanged, 2u);
  EXPECT_EQ(report.added + report.changed + report.removed, 0u);

  scratch.Write(std::string(kB) + ".json", Event(kB, "other.example"));
  WriteManifest(scratch, {kB});
  report = Collect(store, scratch.path());
  EXPECT_EQ(report.changed, 1u);
  EXPECT_EQ(report.removed, 1u);
  EXPECT_EQ(store.CountRows()->at("attribute"), 1u);
}

TEST(FeedFolder, KeepsTheEarlierStateOfWhatIsRefused) {
  Scratch scratch;
  store::Store store = OpenStore(scratch);
  scratch.Write(std::string(kA) + ".json", Event(kA, "a.example"));
  scratch.Write(std::string(kB) + ".json", Event(kB, "b.example"));
  scratch.Write(std::string(kC) + ".json", Event(kC, "c.example"));
  WriteManifest(scratch, {kA, kB, kC});
  (void)Collect(store, scratch.path());
  const auto before = Records(store);

  scratch.Write(std::string(kA) + ".json", Event(kA, "a.example").substr(0, 120));  // cut
  scratch.Write(std::string(kB) + ".json", Event(kC, "b.example"));  // another event's
  std::filesystem::remove(scratch.path() / (std::string(kC) + ".json"));
  const CollectReport report = Collect(store, scratch.path());
  EXPECT_EQ(Records(store), before);
  EXPECT_EQ(report.kept, 3u);
  ASSERT_EQ(report.refused.size(), 3u);
  EXPECT_EQ(report.refused[0].line, 2u);
  EXPECT_NE(report.refused[1].reason.find(kC), std::string::npos) << report.refused[1].reason;
  EXPECT_EQ(report.refused[2].kind, Kind::kNotFound);
}

TEST(FeedFolder, FollowsNoNameThatIsNoUuid) {
  Scratch scratch;
  store::Store store = OpenStore(scratch);
  scratch.Write("feed/manifest.json", R"({"../outside":{}, ")" + std::string(kA) + R"(":{}})");
  scratch.Write("outside.json", Event(kB, "b.example"));
  scratch.Write("feed/" + std::string(kA) + ".json", Event(kA, "a.example"));
  const CollectReport report = Collect(store, scratch.path() / "feed");
  EXPECT_EQ(report.added, 1u);
  ASSERT_EQ(report.refused.size(), 1u);
  EXPECT_EQ(report.refused[0].reason, "\"../outside\" is no UUID");
}

TEST(FeedFolder, LeavesTheMirrorAloneWhenTheManifestIsBrokenOrTheFolderEmpty) {
  Scratch scratch;
  store::Store store = OpenStore(scratch);
  scratch.Write("feed/manifest.json", R"({")" + std::string(kA) + R"(":{}})");
  scratch.Write("feed/" + std::string(kA) + ".json", Event(kA, "a.example"));
  (void)Collect(store, scratch.path() / "feed");
  const auto before = Records(store);

  for (const char* broken : {"", "[]", "{\"", R"({"a":1})", "null"}) {
    scratch.Write("feed/manifest.json", broken);
    const auto report = CollectFeedFolder(store, {.name = "feed"}, scratch.path() / "feed");
    ASSERT_FALSE(report.ok()) << broken;
    EXPECT_EQ(report.error().kind, Kind::kMalformed) << broken;
    EXPECT_EQ(Records(store), before);
  }
  std::filesystem::create_directory(scratch.path() / "empty");
  const auto report = CollectFeedFolder(store, {.name = "feed"}, scratch.path() / "empty");
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().kind, Kind::kNotFound);
  EXPECT_EQ(Records(store), before);
}

TEST(FeedFolder, WithoutManifestRefusesAnEventThatASecondFileHolds) {
  Scratch scratch;
  store::Store store = OpenStore(scratch);
  scratch.Write("feed/1.json", Event(kA, "a.example"));
  scratch.Write("feed/2.json", Event(kA, "b.example"));
  for (const bool first : {true, false}) {
    const CollectReport report = Collect(store, scratch.path() / "feed");
    EXPECT_EQ(report.added + report.unchanged, 1u) << first;
    ASSERT_EQ(report.refused.size(), 1u);
    EXPECT_EQ(report.refused[0].file, "2.json");
    EXPECT_EQ(report.refused[0].reason, "event " + std::string(kA) + " is already in 1.json");
    EXPECT_EQ(store.CountRows()->at("attribute"), 1u);
  }
}

TEST(FeedFolder, WithoutManifestRemovesNothingWhileABrokenFileMayHoldAnything) {
  Scratch scratch;
  store::Store store = OpenStore(scratch);
  scratch.Write("feed/1.json", Event(kA, "a.example"));
  scratch.Write("feed/2.json", Event(kB, "b.example"));
  (void)Collect(store, scratch.path() / "feed");
  scratch.Write("feed/2.json", "{");
  CollectReport report = Collect(store, scratch.path() / "feed");
  EXPECT_TRUE(report.removals_held);
  EXPECT_EQ(report.kept, 1u);
  EXPECT_EQ(store.CountRows()->at("event"), 2u);

  std::filesystem::remove(scratch.path() / "feed/2.json");
  report = Collect(store, scratch.path() / "feed");
  EXPECT_EQ(report.removed, 1u);
}

TEST(EventFiles, ARefusedEventDoesNotStopTheOthersOfItsFileAndIsNamedEachTime) {
  Scratch scratch;
  store::Store store = OpenStore(scratch);
  const auto file = scratch.Write("many.json", "[" + Event(kA, "a.example") +
                                                   ",\n{\"Event\":{\"info\":\"no uuid\"}},\n" +
                                                   Event(kB, "b.example") + "]");
  for (int run = 0; run < 2; ++run) {
    const auto report = CollectEventFiles(store, {.name = "files"}, {file});
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(report->added + report->changed, 2u);
    ASSERT_EQ(report->refused.size(), 1u);
    EXPECT_EQ(report->refused[0].ToError().what, "many.json:3: the event has no uuid");
    EXPECT_EQ(store.CountRows()->at("event"), 2u);
    EXPECT_EQ(store.CountRows()->at("attribute"), 2u);
  }
}

TEST(EventFiles, ABrokenFileLeavesNothingOfItself) {
  Scratch scratch;
  store::Store store = OpenStore(scratch);
  const auto file = scratch.Write(
      "cut.json", "[" + Event(kA, "a.example") + "," + Event(kB, "b.example").substr(0, 150));
  const auto report = CollectEventFiles(store, {.name = "files"}, {file});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->added, 0u);
  EXPECT_EQ(report->refused.size(), 1u);
  EXPECT_TRUE(report->rows.empty());
  for (const char* kind : {"event", "attribute"})
    EXPECT_EQ(store.CountRows()->at(kind), 0u) << kind;
}

TEST(EventFiles, NoSourceTouchesTheRowsOfAnother) {
  Scratch scratch;
  store::Store store = OpenStore(scratch);
  const auto a = scratch.Write("a.json", Event(kA, "a.example"));
  const auto b = scratch.Write("b.json", Event(kB, "b.example"));
  ASSERT_TRUE(CollectEventFiles(store, {.name = "one"}, {a}).ok());
  ASSERT_TRUE(CollectEventFiles(store, {.name = "two"}, {a, b}).ok());
  ASSERT_TRUE(CollectEventFiles(store, {.name = "two"}, {b}).ok());
  EXPECT_EQ(store.CountRows()->at("event"), 2u);
}

// Oracle: a store that never saw the states before.
TEST(FeedFolder, AfterEachStateOfASensorTheMirrorEqualsAFreshOne) {
  GAPFERRY_CORPUS_OR_SKIP(corpus);
  std::vector<std::filesystem::path> states;
  for (const auto& entry :
       std::filesystem::directory_iterator(corpus / "misp-feeds/crowdsec-sensor"))
    states.push_back(entry.path());
  std::sort(states.begin(), states.end());
  ASSERT_EQ(states.size(), 6u);

  Scratch scratch;
  store::Store mirror = OpenStore(scratch);
  for (const auto& state : states) {
    const CollectReport report = Collect(mirror, state);
    EXPECT_TRUE(report.refused.empty());
    store::Store fresh = OpenStore(scratch, state.filename().string() + ".db");
    (void)Collect(fresh, state);
    EXPECT_EQ(Records(mirror), Records(fresh)) << state;
    EXPECT_EQ(*mirror.CountRows(), *fresh.CountRows()) << state;
  }
}

// ESET's own repository holds one file that is not JSON and one that is no event.
TEST(EventFiles, NamesFileAndLineOfWhatIsBrokenAndTakesTheRest) {
  GAPFERRY_CORPUS_OR_SKIP(corpus);
  Scratch scratch;
  store::Store store = OpenStore(scratch);
  auto report =
      CollectFeedFolder(store, {.name = "eset"}, corpus / "misp-events/eset-as-published");
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->added, 7u);
  ASSERT_EQ(report->refused.size(), 2u);
  EXPECT_EQ(report->refused[0].reason,
            "no MISP event; this looks like an object with \"duvelDetails\"");
  EXPECT_EQ(report->refused[1].file, "pypi_backdoor__malicious_pypi_packages.misp-event.json");
  EXPECT_EQ(report->refused[1].line, 37374u);  // expected/not_json.jsonl
}

TEST(EventFiles, RefusesOtherDocumentsByName) {
  GAPFERRY_CORPUS_OR_SKIP(corpus);
  const std::map<std::string, std::string> looks = {
      {"not-accepted/unit42-stix2-bundle.json", "a STIX 2 bundle"},
      {"taxonomies/tlp/machinetag.json", "a taxonomy"},
      {"objects/file/definition.json", "the definition of an object"},
      {"warninglists/rfc1918/list.json", "a warninglist"},
      {"misp-events/pymisp-tests/mispevent_testfiles__galaxy.json", "a galaxy"},
      {"misp-events/pymisp-tests/sharing_groups.json", "a list of sharing groups"},
  };
  for (const auto& [file, name] : looks) {
    test::Recorder recorder;
    (void)test::Read(test::Slurp(corpus / file), &recorder);
    EXPECT_TRUE(recorder.events.empty()) << file;
    ASSERT_FALSE(recorder.refused.empty()) << file;
    EXPECT_EQ(recorder.refused[0].reason, "no MISP event; this looks like " + name) << file;
  }
  // An index of events says less than events, and must not empty them.
  test::Recorder recorder;
  (void)test::Read(test::Slurp(corpus / "misp-events/pymisp-tests/search_index_result.json"),
                   &recorder);
  EXPECT_TRUE(recorder.events.empty());
  ASSERT_EQ(recorder.refused.size(), 1u);
  EXPECT_NE(recorder.refused[0].reason.find("an index of events"), std::string::npos);
}

}  // namespace
}  // namespace gapferry::collect
