#include "collect/misp_sightings.h"

#include <algorithm>
#include <span>

#include "base/hash.h"

namespace gapferry::collect {
namespace {

Result<SightingLists> FetchBatch(MispApi& api, std::span<const ListedEvent> events) {
  Json uuids = Json::array();
  for (const ListedEvent& event : events)
    uuids.push_back(event.uuid.ToString());
  // Without `last` MISP answers with those of the last thirty days only.
  GF_TRY(const Json answer,
         api.Post("/sightings/restSearch/event",
                  {{"returnFormat", "json"}, {"last", 0}, {"includeUuid", true}, {"uuid", uuids}}));
  SightingLists lists;
  GF_CHECK(ReadSightings(answer, &lists));
  return lists;
}

}  // namespace

Status ReadSightings(const Json& answer, SightingLists* lists) {
  const bool listed =
      answer.is_object() && answer.contains("response") && answer["response"].is_array();
  if (!listed) return Error::Make(Kind::kMalformed, "/sightings/restSearch lists no sightings");
  for (const Json& entry : answer["response"]) {
    const Json& sighting =
        entry.is_object() && entry.contains("Sighting") ? entry["Sighting"] : entry;
    const auto event = ParseUuid(TextOf(sighting, "event_uuid"));
    // Without the event's UUID it cannot be said what it is a sighting of.
    if (!event) continue;
    std::string text;
    for (const char* key : {"attribute_uuid", "uuid", "id", "type", "date_sighting"})
      text += TextOf(sighting, key) + "\n";
    (*lists)[*event].push_back(std::move(text));
  }
  return Ok();
}

std::uint32_t MarkOf(std::vector<std::string> sightings) {
  std::sort(sightings.begin(), sightings.end());
  std::string all;
  for (const std::string& sighting : sightings)
    all += sighting;
  const Digest256 digest = Hash256(AsBytes(all));
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < sizeof(number); ++i)
    number = number << 8 | digest[i];
  return 1 + number % (kMarks - 1);
}

SightingMarks FetchSightingMarks(MispApi& api, const std::vector<ListedEvent>& events) {
  SightingMarks marks;
  std::size_t batch = kSightingBatch;
  while (marks.answered < events.size()) {
    const std::size_t end = std::min(marks.answered + batch, events.size());
    auto lists = FetchBatch(api, std::span(events).subspan(marks.answered, end - marks.answered));
    if (!lists.ok() && lists.error().kind == Kind::kTooLarge && batch > 1) {
      batch /= 2;
      continue;
    }
    if (!lists.ok()) {
      marks.problem = std::move(lists).error();
      return marks;
    }
    for (auto& [event, sightings] : *lists)
      marks.of_event[event] = MarkOf(std::move(sightings));
    marks.answered = end;
  }
  return marks;
}

}  // namespace gapferry::collect
