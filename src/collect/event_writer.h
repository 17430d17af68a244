// collect/event_writer.h: puts the events of one file at a time into the mirror: all that are
// whole, or, if the file is broken, none.
#pragma once

#include <functional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "collect/collect_report.h"
#include "collect/event_sink.h"
#include "collect/source.h"
#include "store/store.h"

namespace gapferry::collect {

class EventWriter : public EventSink {
 public:
  // Within the caller's transaction. `known`: the source's events before this run. An event whose
  // timestamp is before the one that the mirror has is refused, unless the options accept it.
  EventWriter(store::Store& store, store::SourceId source, const SourceOptions& options,
              const std::vector<store::KnownEvent>& known, CollectReport* report);

  // Before each file. With `expected`, an event of any other UUID is refused.
  void StartFile(std::string file, std::optional<Uuid> expected);
  // The file is whole. Refused, if an event was expected and none came. Errors: the store's.
  [[nodiscard]] Status AcceptFile(const Digest256& digest);
  // Nothing of the file is taken.
  [[nodiscard]] Status RefuseFile(Refusal refusal);

  // The event as it was before this run, or null.
  [[nodiscard]] const store::KnownEvent* Known(const Uuid& uuid) const;
  [[nodiscard]] bool KnowsAny() const { return !known_.empty(); }
  // The UUIDs that were read from a file with this digest.
  [[nodiscard]] std::vector<Uuid> KnownFrom(const Digest256& digest) const;
  // What a selection does not want: nothing of the event since BeginEvent, or one attribute.
  [[nodiscard]] Status LeaveOutEvent(const intel::Event& event, std::uint64_t line);
  void CountLeftOut() { ++report_->left_out_attributes; }
  // The event stays as it is. False, and reported, if another file of this run has it.
  bool KeepUnchanged(const Uuid& uuid, const std::string& file);
  // An event that is there, but not as the selection wants it.
  void LeaveOut(const Uuid& uuid) { left_out_.insert(uuid); }
  [[nodiscard]] bool IsLeftOut(const Uuid& uuid) const { return left_out_.contains(uuid); }
  // The events that no file of this run held, or none if one of those that were refused may be any
  // of them; and removes these.
  [[nodiscard]] std::vector<store::KnownEvent> Others() const;
  [[nodiscard]] Status RemoveOthers();

  [[nodiscard]] Status BeginEvent() override;
  [[nodiscard]] Status TakeObject(const intel::Object& object, const std::string& extra) override;
  [[nodiscard]] Status TakeAttribute(const Uuid& object, const intel::Attribute& attribute,
                                     const std::string& extra) override;
  [[nodiscard]] Status TakeReference(const Uuid& object,
                                     const intel::Reference& reference) override;
  [[nodiscard]] Status TakeReport(const intel::Report& report, const std::string& extra) override;
  [[nodiscard]] Status EndEvent(const intel::Event& event, const std::string& extra,
                                std::uint64_t line) override;
  [[nodiscard]] Status RefuseEvent(const Uuid& uuid, Refusal refusal) override;

 private:
  struct TypeCount {
    std::uint64_t all = 0;
    std::uint64_t to_ids = 0;
  };
  struct Tally {
    std::array<std::uint64_t, store::kRecordKinds + 1> rows{};
    std::unordered_map<std::string, TypeCount> types;
    std::uint64_t repeated = 0;
  };
  // An event whose rows are in the store, but not yet its header.
  struct Ready {
    store::EventId id = 0;
    intel::Event event;
    std::string extra;
    Tally tally;
  };

  void Refused(const Uuid& uuid, Refusal refusal);
  [[nodiscard]] Status Discard();
  void Count(store::RecordKind kind, bool written);
  // Of a state that is older than the mirror's: why it is refused.
  [[nodiscard]] std::optional<Refusal> Older(const intel::Event& event, std::uint64_t line) const;
  // False: refused, because an earlier file of this run has the event.
  bool Claim(const Uuid& uuid, const std::string& file, std::uint64_t line);
  [[nodiscard]] Status Put(const Ready& ready, const Digest256& digest);
  void Report(const Tally& tally);

  store::Store& store_;
  store::RowWriter writer_;
  store::SourceId source_;
  const SourceOptions& options_;
  CollectReport* report_;
  std::unordered_map<Uuid, store::KnownEvent> known_;
  std::unordered_map<Uuid, std::string> seen_;  // and in which file
  std::unordered_multimap<std::string, Uuid> by_digest_;
  std::unordered_set<Uuid> protected_;  // refused in this run
  std::unordered_set<Uuid> left_out_;

  std::string file_;
  std::optional<Uuid> expected_;
  std::size_t refused_in_file_ = 0;
  std::size_t left_out_of_file_ = 0;
  std::vector<Ready> ready_;
  std::optional<store::EventId> current_;
  Tally tally_;  // of the current event
};

}  // namespace gapferry::collect
