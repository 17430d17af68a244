// collect/misp_events.h: fetches what changed of an instance's events, and finds out why others are
// no longer in its index.
#pragma once

#include <unordered_map>

#include "collect/misp_account.h"
#include "collect/misp_source.h"

namespace gapferry::collect {

class MispEvents {
 public:
  MispEvents(MispApi& api, const EventCache& cache, const SourceOptions& options,
             const MispOptions& misp, Reading reading);

  // `known`: the mirror's events of this source. `index`: the file that keeps the index.
  [[nodiscard]] Status FetchAll(const std::vector<store::KnownEvent>& known,
                                const std::filesystem::path& index,
                                const CollectProgress& progress);

  // What the source amounts to now.
  [[nodiscard]] const std::vector<EventFile>& files() const { return files_; }
  [[nodiscard]] const std::unordered_set<Uuid>& listed() const { return listed_; }
  [[nodiscard]] const std::map<std::string, std::uint64_t>& gone() const { return gone_; }
  // What is wrong with more than one event.
  [[nodiscard]] const std::vector<Refusal>& refused() const { return refused_; }
  // Events of the mirror that the server says are deleted or unpublished.
  [[nodiscard]] std::size_t lost() const { return lost_; }
  [[nodiscard]] std::vector<Remark> notes() const;

 private:
  [[nodiscard]] HttpRequest View(const Uuid& uuid) const;
  [[nodiscard]] HttpRequest Search(std::int64_t id) const;
  [[nodiscard]] HttpRequest Reads(const ListedEvent& event) const;
  void Expect(const std::vector<ListedEvent>& listed,
              const std::vector<store::KnownEvent>& vanished);
  [[nodiscard]] Result<FetchedEvent> Fetch(const ListedEvent& event);
  void MarkSighted(std::vector<ListedEvent>* events);
  [[nodiscard]] Status FetchListed(const ListedEvent& event);
  [[nodiscard]] Status FetchVanished(const store::KnownEvent& known);
  void Judge(const ListedEvent& listed, const intel::Event& event);
  void JudgeHeld(const ListedEvent& listed);
  void Lose(const Uuid& uuid, const char* why);
  void Add(const Uuid& uuid);
  void Keep(const Uuid& uuid);
  void Refuse(const Uuid& uuid, const Error& error);
  // True, and refused, if what came is older than what is known to be there.
  [[nodiscard]] bool RefuseIfOlder(const intel::Event& event, Time known);
  // True, and refused, if it matters whether it is published, and the answer does not say.
  [[nodiscard]] bool RefuseIfSilent(const intel::Event& event);
  [[nodiscard]] bool IsBeingEdited(const intel::Event& event, Time published_as) const;

  MispApi& api_;
  const EventCache& cache_;
  const SourceOptions& options_;
  const MispOptions& misp_;
  Reading reading_;
  EventFetcher fetcher_;
  Time now_ = Now();
  Time oldest_ = 0;  // a file that came before is fetched again
  std::unordered_map<Uuid, store::KnownEvent> known_;
  std::vector<EventFile> files_;
  std::unordered_set<Uuid> listed_;
  std::map<std::string, std::uint64_t> gone_;
  std::size_t lost_ = 0;
  std::vector<Refusal> refused_;
  std::vector<Remark> notes_;
  std::uint64_t edited_ = 0;      // kept as they were published last
  std::uint64_t unlisted_ = 0;    // there, but missing in the index
  std::uint64_t unfiltered_ = 0;  // in the index against the filters that were sent
};

}  // namespace gapferry::collect
