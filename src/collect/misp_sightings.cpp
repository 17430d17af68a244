#include "collect/misp_sightings.h"

#include <algorithm>

#include "base/hash.h"

namespace gapferry::collect {

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

Result<SightingMarks> FetchSightingMarks(MispApi& api, const std::vector<ListedEvent>& events) {
  SightingMarks marks;
  for (std::size_t start = 0; start < events.size(); start += kSightingBatch) {
    Json uuids = Json::array();
    for (std::size_t i = start; i < std::min(start + kSightingBatch, events.size()); ++i)
      uuids.push_back(events[i].uuid.ToString());
    // Without `last` MISP answers with those of the last thirty days only.
    auto answer =
        api.Post("/sightings/restSearch/event",
                 {{"returnFormat", "json"}, {"last", 0}, {"includeUuid", true}, {"uuid", uuids}});
    if (!answer.ok()) {
      const Kind kind = answer.error().kind;
      if (kind != Kind::kDenied && kind != Kind::kNotFound) return std::move(answer).error();
      marks.closed = true;
      return marks;
    }
    SightingLists lists;
    GF_CHECK(ReadSightings(*answer, &lists));
    for (auto& [event, sightings] : lists)
      marks.of_event[event] = MarkOf(std::move(sightings));
  }
  return marks;
}

}  // namespace gapferry::collect
