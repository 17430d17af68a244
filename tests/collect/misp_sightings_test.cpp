#include "collect/misp_sightings.h"

#include "tests/collect/corpus.h"

namespace gapferry::collect {
namespace {

Json Sighting(int number, const char* event, int type = 0) {
  return {{"Sighting", {{"id", std::to_string(number)}, {"event_uuid", event}, {"type", type}}}};
}

TEST(MispSightings, MarkAnEventByWhatIsSaidOfItInAnyOrder) {
  constexpr char kSighted[] = "aaaaaaaa-0000-4000-8000-000000000001";
  constexpr char kAlsoSighted[] = "aaaaaaaa-0000-4000-8000-000000000002";
  const auto mark = [&](const Json& rows) {
    SightingLists lists;
    EXPECT_TRUE(ReadSightings({{"response", rows}}, &lists).ok());
    return MarkOf(lists[*ParseUuid(kSighted)]);
  };
  const Json one = Sighting(1, kSighted);
  const Json two = Sighting(2, kSighted, 1);
  const std::uint32_t both = mark({one, two});
  EXPECT_EQ(mark({two, Sighting(9, kAlsoSighted), one}), both);
  EXPECT_NE(mark(Json::array({one})), both);
  EXPECT_NE(mark({one, Sighting(2, kSighted, 2)}), both);
  for (int i = 0; i < 1000; ++i) {
    const std::uint32_t each = MarkOf({std::to_string(i)});
    EXPECT_TRUE(each > 0 && each < kMarks);
  }
}

TEST(MispSightings, RefuseAnAnswerThatListsNone) {
  SightingLists lists;
  for (const char* text : {"[]", "{}", "{\"response\":{}}", "{\"errors\":[]}"})
    EXPECT_FALSE(ReadSightings(*ParseJson(text), &lists).ok()) << text;
  // What it is a sighting of is not said.
  EXPECT_TRUE(ReadSightings(*ParseJson("{\"response\":[7,{},[]]}"), &lists).ok());
  EXPECT_TRUE(lists.empty());
}

// A new sighting moves no timestamp.
TEST(EventCache, HoldsAnEventForItsTimestampAndItsSightings) {
  test::Scratch scratch;
  const auto cache = EventCache::Open(scratch.path() / "events");
  ASSERT_TRUE(cache.ok());
  ListedEvent event;
  event.uuid = *ParseUuid("aaaaaaaa-0000-4000-8000-000000000001");
  event.timestamp = 1'795'501'941;
  for (const std::uint32_t mark : {0U, 1U, kMarks - 1}) {
    event.mark = mark;
    (void)scratch.Write("events/event.part", "{}");
    ASSERT_TRUE(cache->Take(event).ok());
    EXPECT_TRUE(cache->Holds(event, 0));
    event.mark = 77;
    EXPECT_FALSE(cache->Holds(event, 0));
    event.mark = mark;
    ++event.timestamp;
    EXPECT_FALSE(cache->Holds(event, 0));
  }
}

}  // namespace
}  // namespace gapferry::collect
