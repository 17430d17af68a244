// collect/event_cache.h: the events of one source as they were fetched: <uuid>.json, whose time of
// modification is the event's timestamp in the source's index, with a mark of its sightings as the
// part of a second. So each file tells by itself for which state of the event it stands, and a run
// that is interrupted loses nothing.
#pragma once

#include <filesystem>
#include <map>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/uuid.h"
#include "collect/download.h"
#include "collect/misp_feed.h"
#include "collect/selecting_sink.h"

namespace gapferry::collect {

// An event as the index of a source has it.
struct ListedEvent {
  Uuid uuid;
  Time timestamp = 0;   // 0: the index does not say
  std::int64_t id = 0;  // of the instance; 0: none
  // Of what changes without the timestamp: another one for other sightings, 0 for none; below
  // kMarks.
  std::uint32_t mark = 0;
};
constexpr std::uint32_t kMarks = 1'000'000'000;

class EventCache {
 public:
  // Makes the folder (mode 0700).
  [[nodiscard]] static Result<EventCache> Open(std::filesystem::path folder);

  [[nodiscard]] std::filesystem::path FileOf(const Uuid& uuid) const;
  [[nodiscard]] std::filesystem::path Part() const { return folder_ / "event.part"; }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

  // True if the file was fetched for this timestamp and mark, and not before `oldest`.
  [[nodiscard]] bool Holds(const ListedEvent& event, Time oldest) const;
  // With which mark its file was fetched; 0 if there is none.
  [[nodiscard]] std::uint32_t MarkOf(const Uuid& uuid) const;
  // Part() becomes the event's file.
  [[nodiscard]] Status Take(const ListedEvent& event) const;
  void Drop(const Uuid& uuid) const;
  // A file that could not be read is of no use: it is fetched again next time.
  void DropRefused(const CollectReport& report) const;
  // Removes the files of all events but these.
  [[nodiscard]] Status DropOthers(const std::unordered_set<Uuid>& kept) const;

 private:
  explicit EventCache(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path folder_;
};

// The header of the one event in this file. Error: kMalformed if it is not this event alone, whole
// and well-formed.
[[nodiscard]] Result<HeaderSink::Header> ReadEventHeader(const std::filesystem::path& file,
                                                         const Uuid& uuid, std::uint64_t max_bytes);

// What became of the attempt to fetch one event.
struct FetchedEvent {
  enum class What { kTaken, kGone, kRefused };
  What what = What::kTaken;
  HeaderSink::Header header;  // kTaken: it lies in Part()
  HttpAnswer answer;
  std::optional<Error> error;  // kRefused
};

// Counts what goes wrong in a row: a server that refuses one event after another is not asked for
// all of them.
class EventFetcher {
 public:
  static constexpr int kMostInARow = 5;

  EventFetcher(HttpClient& client, const EventCache& cache, std::uint64_t max_bytes)
      : client_(client), cache_(cache), max_bytes_(max_bytes) {}

  // Errors end the run: kDenied where the server does not know the key (401), those of files, and
  // whatever was wrong the last time with kMostInARow events in a row. Anything else that goes
  // wrong is of this event alone.
  [[nodiscard]] Result<FetchedEvent> Fetch(const HttpRequest& request, const Uuid& uuid);

  // The two halves of Fetch, for who has a second way to an event.
  [[nodiscard]] Result<FetchedEvent> Try(const HttpRequest& request, const Uuid& uuid);
  [[nodiscard]] Result<FetchedEvent> Count(FetchedEvent fetched);

 private:
  HttpClient& client_;
  const EventCache& cache_;
  std::uint64_t max_bytes_;
  int in_a_row_ = 0;
};

}  // namespace gapferry::collect
