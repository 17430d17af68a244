#include "collect/misp_events.h"

#include "collect/misp_sightings.h"

namespace gapferry::collect {
namespace {

// The part of a selection that IndexFilters gives the server.
policy::Selection AskedOf(const policy::Selection& selection) {
  policy::Selection asked;
  asked.published_only = selection.published_only;
  asked.from = selection.from;
  asked.to = selection.to;
  // It is asked for whole days.
  if (selection.last) asked.last = *selection.last + std::chrono::seconds(kSecondsPerDay);
  return asked;
}

}  // namespace

MispEvents::MispEvents(MispApi& api, const EventCache& cache, const SourceOptions& options,
                       const MispOptions& misp, Reading reading)
    : api_(api),
      cache_(cache),
      options_(options),
      misp_(misp),
      reading_(std::move(reading)),
      fetcher_(api.client(), cache, options.max_file_bytes) {
  if (misp.refresh_days > 0) oldest_ = now_ - misp.refresh_days * kSecondsPerDay;
}

// All switches matter: by default MISP embeds every attachment, correlates with all feeds and
// events, and leaves out what was deleted.
HttpRequest MispEvents::View(const Uuid& uuid) const {
  HttpRequest request = api_.Request(
      "GET", "/events/view/" + uuid.ToString() +
                 "/deleted[]:0/deleted[]:1/includeAttachments:0/includeEventCorrelations:0"
                 "/includeFeedCorrelations:0/includeWarninglistHits:0/noShadowAttributes:1"
                 "/excludeGalaxy:1");
  request.max_bytes = options_.max_file_bytes;
  return request;
}

HttpRequest MispEvents::Search(std::int64_t id) const {
  HttpRequest request = api_.Request("POST", "/events/restSearch",
                                     {{"returnFormat", "json"},
                                      {"eventid", Json::array({id})},
                                      {"includeAllTags", 1},
                                      {"deleted", Json::array({0, 1})},
                                      {"excludeLocalTags", 0},
                                      {"excludeGalaxy", 1},
                                      {"noShadowAttributes", 1}});
  request.max_bytes = options_.max_file_bytes;
  return request;
}

HttpRequest MispEvents::Reads(const ListedEvent& event) const {
  return reading_.by_search && event.id != 0 ? Search(event.id) : View(event.uuid);
}

void MispEvents::Expect(const std::vector<ListedEvent>& listed,
                        const std::vector<store::KnownEvent>& vanished) {
  std::vector<HttpRequest> requests;
  for (const ListedEvent& event : listed) {
    if (!cache_.Holds(event, oldest_)) requests.push_back(Reads(event));
  }
  for (const store::KnownEvent& event : vanished)
    requests.push_back(View(event.uuid));
  api_.client().Expect(std::move(requests), cache_.folder());
}

Result<FetchedEvent> MispEvents::Fetch(const ListedEvent& event) {
  if (reading_.by_search && event.id != 0) return fetcher_.Fetch(Reads(event), event.uuid);
  GF_TRY(FetchedEvent viewed, fetcher_.Try(View(event.uuid), event.uuid));
  const bool denied = viewed.error && viewed.error->kind == Kind::kDenied;
  if (!denied || event.id == 0) return fetcher_.Count(std::move(viewed));
  // The index was open to this key, its events may be by search alone.
  GF_TRY(FetchedEvent found, fetcher_.Try(Search(event.id), event.uuid));
  if (found.what != FetchedEvent::What::kTaken) return fetcher_.Count(std::move(viewed));
  reading_.by_search = true;
  notes_.push_back({"the key may not view events; they are read by search", false});
  return fetcher_.Count(std::move(found));
}

void MispEvents::Lose(const Uuid& uuid, const char* why) {
  ++gone_[why];
  if (known_.contains(uuid)) ++lost_;
}

void MispEvents::Add(const Uuid& uuid) {
  files_.push_back({cache_.FileOf(uuid), uuid});
}

void MispEvents::Keep(const Uuid& uuid) {
  listed_.insert(uuid);
  files_.push_back({cache_.FileOf(uuid), uuid, std::nullopt, true});
}

void MispEvents::Refuse(const Uuid& uuid, const Error& error) {
  const std::string name = uuid.ToString() + ".json";
  listed_.insert(uuid);
  files_.push_back({cache_.FileOf(uuid), uuid, Refusal{error.kind, name, 0, error.what}});
}

// MISP's own pull passes over what is not newer. A cache between may show what was.
bool MispEvents::RefuseIfOlder(const intel::Event& event, Time known) {
  if (event.timestamp >= known) return false;
  Refuse(event.uuid, Error::Make(Kind::kMalformed,
                                 "the server shows a state of {}, and has one of {}; the event "
                                 "stays as it was",
                                 FormatTime(event.timestamp), FormatTime(known)));
  return true;
}

// A MISP always says so; of a feed, everything is published by being there.
bool MispEvents::RefuseIfSilent(const intel::Event& event) {
  if (!options_.selection.published_only || event.published) return false;
  Refuse(event.uuid, Error::Make(Kind::kMalformed,
                                 "the answer does not say whether it is published; the event stays "
                                 "as it was"));
  return true;
}

// Editing moves the timestamp, unpublishing alone does not.
bool MispEvents::IsBeingEdited(const intel::Event& event, Time published_as) const {
  return options_.selection.published_only && !event.published.value_or(true) &&
         event.timestamp != published_as &&
         event.timestamp > now_ - misp_.edit_grace_days * kSecondsPerDay;
}

void MispEvents::Judge(const ListedEvent& listed, const intel::Event& event) {
  // Between the index and this request it may have been edited; that is nobody's fault.
  if (event.timestamp != listed.timestamp) return;
  if (!policy::JudgeEvent(AskedOf(options_.selection), event, now_).taken()) ++unfiltered_;
}

// Of an event that is in the mirror, no more than its age can have come to be against the filters.
void MispEvents::JudgeHeld(const ListedEvent& listed) {
  const policy::Selection asked = AskedOf(options_.selection);
  if (asked.Empty()) return;
  const auto known = known_.find(listed.uuid);
  if (known == known_.end()) {
    const auto header =
        ReadEventHeader(cache_.FileOf(listed.uuid), listed.uuid, options_.max_file_bytes);
    // What is wrong with the file is found, and told, when it is read.
    if (header.ok()) Judge(listed, header->event);
    return;
  }
  const Time published = known->second.publish_timestamp;
  if (!asked.StillRecent(published != 0 ? published : known->second.timestamp, now_)) ++unfiltered_;
}

Status MispEvents::FetchListed(const ListedEvent& event) {
  if (cache_.Holds(event, oldest_)) return JudgeHeld(event), Add(event.uuid), Ok();
  GF_TRY(const FetchedEvent fetched, Fetch(event));
  switch (fetched.what) {
    case FetchedEvent::What::kGone:
      Lose(event.uuid, "deleted");
      listed_.erase(event.uuid);
      return Ok();
    case FetchedEvent::What::kRefused:
      return Refuse(event.uuid, *fetched.error), Ok();
    case FetchedEvent::What::kTaken:
      break;
  }
  if (RefuseIfOlder(fetched.header.event, event.timestamp)) return Ok();
  if (RefuseIfSilent(fetched.header.event)) return Ok();
  if (known_.contains(event.uuid) && IsBeingEdited(fetched.header.event, event.timestamp)) {
    ++edited_;
    return Keep(event.uuid), Ok();
  }
  Judge(event, fetched.header.event);
  GF_CHECK(cache_.Take(event));
  return Add(event.uuid), Ok();
}

Status MispEvents::FetchVanished(const store::KnownEvent& known) {
  GF_TRY(const FetchedEvent fetched, fetcher_.Fetch(View(known.uuid), known.uuid));
  const intel::Event& event = fetched.header.event;
  if (fetched.what == FetchedEvent::What::kGone) {
    Lose(known.uuid, "deleted");
  } else if (fetched.what == FetchedEvent::What::kRefused) {
    Refuse(known.uuid, *fetched.error);
  } else if (RefuseIfSilent(event) ||
             (!options_.accept_older && RefuseIfOlder(event, known.timestamp))) {
    return Ok();
  } else if (IsBeingEdited(event, known.timestamp)) {
    ++edited_;
    Keep(known.uuid);
  } else if (options_.selection.published_only && !event.published.value_or(true)) {
    Lose(known.uuid, "unpublished");
  } else if (!policy::JudgeEvent(options_.selection, event, now_).taken()) {
    ++gone_["not selected"];
    files_.push_back(
        {cache_.FileOf(known.uuid), known.uuid, std::nullopt, /*keep=*/false, /*left_out=*/true});
  } else {
    ++unlisted_;
    // By search it may show tags that this view did not; so it stays as it was until listed again.
    if (reading_.by_search) return Keep(known.uuid), Ok();
    listed_.insert(known.uuid);
    GF_CHECK(cache_.Take({known.uuid, event.timestamp, 0}));
    Add(known.uuid);
  }
  return Ok();
}

void MispEvents::MarkSighted(std::vector<ListedEvent>* events) {
  const SightingMarks marks = FetchSightingMarks(api_, *events);
  for (std::size_t i = 0; i < events->size(); ++i) {
    ListedEvent& event = (*events)[i];
    const auto mark = marks.of_event.find(event.uuid);
    if (mark != marks.of_event.end()) {
      event.mark = mark->second;
    } else if (i >= marks.answered) {
      event.mark = cache_.MarkOf(event.uuid);
    }
  }
  if (!marks.problem) return;
  const bool closed =
      marks.problem->kind == Kind::kDenied || marks.problem->kind == Kind::kNotFound;
  notes_.push_back(
      {fmt::format("{}; new ones are seen when their event changes or is read again",
                   closed ? "the key may not list sightings"
                          : "the list of sightings could not be had: " + marks.problem->what)});
}

Status MispEvents::FetchAll(const std::vector<store::KnownEvent>& known,
                            const std::filesystem::path& index_file,
                            const CollectProgress& progress) {
  for (const store::KnownEvent& event : known)
    known_.emplace(event.uuid, event);
  GF_TRY(MispIndex index, FetchIndex(api_, options_.selection, now_, index_file));
  for (std::string& note : index.notes)
    notes_.push_back({std::move(note)});
  if (!index.incomplete.empty())
    refused_.push_back({Kind::kMalformed, "/events/restSearch", 0, index.incomplete});
  if (index.by_search)
    notes_.push_back({"/events/index is closed to this key; events are found by search", false});
  MarkSighted(&index.events);
  std::vector<store::KnownEvent> vanished;
  for (const ListedEvent& event : index.events)
    listed_.insert(event.uuid);
  for (const store::KnownEvent& event : known) {
    if (listed_.contains(event.uuid)) continue;
    if (index.incomplete.empty()) {
      vanished.push_back(event);
    } else {
      Keep(event.uuid);
    }
  }
  Expect(index.events, vanished);
  const std::uint64_t total = index.events.size() + vanished.size();
  std::uint64_t done = 0;
  for (const ListedEvent& event : index.events) {
    GF_CHECK(FetchListed(event));
    if (progress) progress(++done, total);
  }
  for (const store::KnownEvent& event : vanished) {
    GF_CHECK(FetchVanished(event));
    if (progress) progress(++done, total);
  }
  return Ok();
}

std::vector<Remark> MispEvents::notes() const {
  std::vector<Remark> notes = notes_;
  if (edited_ > 0) {
    notes.push_back(
        {fmt::format("{} events are being edited and not published again yet; they stay "
                     "as they were published last",
                     edited_),
         false});
  }
  if (unlisted_ > 0) {
    notes.push_back(
        {fmt::format("{} events are missing in the server's index, but can be viewed; "
                     "they were not removed",
                     unlisted_)});
  }
  if (unfiltered_ > 0) {
    notes.push_back(
        {fmt::format("the server ignored its filters for {} events; they are left out "
                     "here",
                     unfiltered_)});
  }
  return notes;
}

}  // namespace gapferry::collect
