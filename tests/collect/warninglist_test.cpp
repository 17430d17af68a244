#include "collect/warninglist_folder.h"

#include <set>
#include <tuple>

#include "policy/warninglist.h"
#include "tests/collect/corpus.h"

namespace gapferry::collect {
namespace {

using test::OpenStore;
using test::Records;
using test::Scratch;

std::string List(const std::string& name, int version, const std::string& entries) {
  return R"({"name":")" + name + R"(","version":)" + std::to_string(version) +
         R"(,"description":"d","type":"hostname","matching_attributes":["domain","url"],"list":[)" +
         entries + "]}";
}

CollectReport CollectLists(store::Store& store, const std::filesystem::path& folder) {
  auto report = CollectWarninglistFolder(store, {.name = "lists"}, folder);
  EXPECT_TRUE(report.ok()) << report.error().what;
  return report.ok() ? std::move(report).value() : CollectReport{};
}

TEST(WarninglistFolder, ReportsNewChangedAndRemovedLists) {
  Scratch scratch;
  store::Store store = OpenStore(scratch);
  scratch.Write("f/lists/a/list.json", List("A", 1, R"("one.example","two.example")"));
  scratch.Write("f/lists/b/list.json", List("B", 7, R"("three.example")"));
  scratch.Write("f/schema.json", "{}");
  CollectReport report = CollectLists(store, scratch.path() / "f");
  EXPECT_EQ(report.added, 2u);
  EXPECT_TRUE(report.refused.empty());
  EXPECT_EQ(CollectLists(store, scratch.path() / "f").unchanged, 2u);

  scratch.Write("f/lists/a/list.json", List("A", 2, R"("two.example","4.example","5.example")"));
  std::filesystem::remove_all(scratch.path() / "f/lists/b");
  report = CollectLists(store, scratch.path() / "f");
  ASSERT_EQ(report.lists.size(), 2u);
  EXPECT_EQ(report.lists[0].what, ListChange::What::kChanged);
  EXPECT_EQ(report.lists[0].old_version, 1);
  EXPECT_EQ(report.lists[0].new_version, 2);
  EXPECT_EQ(report.lists[0].entries_added, 2u);
  EXPECT_EQ(report.lists[0].entries_removed, 1u);
  EXPECT_EQ(report.lists[1].what, ListChange::What::kRemoved);
  EXPECT_EQ(report.lists[1].name, "B");
  EXPECT_EQ(report.lists[1].entries_removed, 1u);
  EXPECT_EQ(store.CountRows()->at("warninglist-entry"), 3u);
}

TEST(WarninglistFolder, KeepsTheEarlierStateOfABrokenList) {
  Scratch scratch;
  store::Store store = OpenStore(scratch);
  scratch.Write("f/a/list.json", List("A", 1, R"("one.example")"));
  scratch.Write("f/b/list.json", List("B", 1, R"("two.example")"));
  (void)CollectLists(store, scratch.path() / "f");
  const auto before = Records(store);
  scratch.Write("f/a/list.json", List("A", 2, R"("one.example)"));
  CollectReport report = CollectLists(store, scratch.path() / "f");
  EXPECT_EQ(Records(store), before);
  ASSERT_EQ(report.refused.size(), 1u);
  EXPECT_EQ(report.refused[0].file, "a/list.json");
  EXPECT_EQ(report.kept, 1u);

  scratch.Write("f/a/list.json", List("B", 2, R"("three.example")"));
  report = CollectLists(store, scratch.path() / "f");
  ASSERT_EQ(report.refused.size(), 1u);
  EXPECT_EQ(report.refused[0].file, "b/list.json");
}

TEST(WarninglistFolder, AListDoesNotLoseNearlyAllOfItsEntries) {
  Scratch scratch;
  store::Store store = OpenStore(scratch);
  std::string many = R"("e0.example")";
  for (int i = 1; i < 30; ++i)
    many += fmt::format(R"(, "e{}.example")", i);
  scratch.Write("f/a/list.json", List("A", 4, many));
  CollectLists(store, scratch.path() / "f");
  const auto before = Records(store);
  // A new version may be short, but not a single entry.
  for (const auto& [version, entries, shown] :
       {std::tuple{4, R"("e1.example","e2.example")", "has 2 entries, and had 30 before"},
        {4, R"("e1.example")", "has 1 entries, and had 30 before"},
        {5, R"("e1.example")", "has 1 entries, and had 30 before"},
        {5, "", "has 0 entries, and had 30 before"}}) {
    scratch.Write("f/a/list.json", List("A", version, entries));
    const CollectReport report = CollectLists(store, scratch.path() / "f");
    ASSERT_EQ(report.refused.size(), 1u) << version << entries;
    EXPECT_NE(report.refused[0].reason.find(shown), std::string::npos);
    EXPECT_EQ(Records(store), before);
  }
  scratch.Write("f/a/list.json", List("A", 5, R"("e1.example","e2.example")"));
  EXPECT_EQ(CollectLists(store, scratch.path() / "f").changed, 1u);
}

// Oracles: policy's own parser on the files, and a store that never saw the older lists.
TEST(WarninglistFolder, FromOlderToNewerListsEqualsAFreshMirror) {
  GAPFERRY_CORPUS_OR_SKIP(corpus);
  Scratch scratch;
  store::Store mirror = OpenStore(scratch);
  const CollectReport first = CollectLists(mirror, corpus / "warninglists-2026-05-04");
  EXPECT_EQ(first.added, 30u);
  const CollectReport second = CollectLists(mirror, corpus / "warninglists");
  EXPECT_TRUE(second.refused.empty());
  // One of them has got a new name in between, which is its identity.
  EXPECT_EQ(second.added, 40u);
  EXPECT_EQ(second.changed, 29u);
  EXPECT_EQ(second.removed, 1u);

  store::Store fresh = OpenStore(scratch, "fresh.db");
  EXPECT_EQ(CollectLists(fresh, corpus / "warninglists").added, 69u);
  const auto records = Records(mirror);
  EXPECT_EQ(records, Records(fresh));

  std::size_t wanted = 1;  // the source
  for (const auto& entry : std::filesystem::directory_iterator(corpus / "warninglists")) {
    if (!entry.is_directory()) continue;
    const auto list = policy::ParseWarninglist(test::Slurp(entry.path() / "list.json"));
    ASSERT_TRUE(list.ok());
    store::Record record;
    record.kind = store::RecordKind::kWarninglistEntry;
    record.source = "lists";
    record.warninglist.name = list->name;
    std::set<std::string> entries(list->entries.begin(), list->entries.end());
    for (const std::string& value : entries) {
      record.entry = value;
      EXPECT_TRUE(records.contains(store::EncodeKey(record))) << list->name << " " << value;
    }
    wanted += 1 + entries.size();
  }
  EXPECT_EQ(records.size(), wanted);
}

}  // namespace
}  // namespace gapferry::collect
