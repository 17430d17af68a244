// collect/feed_event.h: a feed without events of its own as one event of the mirror: MISP's "fixed
// event" with its "delta merge" (reference/misp.md §2.5), edited in place.
//
// The event's UUID comes from the source's name, an attribute's from the source's name, its type
// and its value: what does not change in the feed does not change in the mirror, in a bundle, or in
// the ids of rules.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collect/collect_report.h"
#include "collect/source.h"
#include "collect/value_form.h"
#include "store/event_editor.h"
#include "store/store.h"

namespace gapferry::collect {

struct FeedEventOptions {
  std::string info;               // of the event; empty: "<name of the source> feed"
  std::string provider;           // its creator organisation; may be empty
  std::vector<std::string> tags;  // of the event
  bool to_ids = true;             // false: no value becomes a rule; true: as MISP does by type
  bool delta_merge = true;        // what is no longer listed goes at once
  std::int64_t keep_days =
      30;  // without delta_merge: goes so long after it was last listed; 0: stays
  std::int64_t refresh_days = 7;  // what is still listed is dated anew so often, so that its type's
                                  // life does not end; 0: never
  bool allow_empty = false;       // a feed may have no value, or far fewer than before
};

class FeedEvent {
 public:
  // Within the caller's transaction. `source` is written by then. `clock`: now.
  FeedEvent(store::Store* store, store::SourceId source, const SourceOptions& name,
            FeedEventOptions options, Time clock, CollectReport* report);

  // Loads what the mirror has. True if it was read from `input` with the same options: then Finish
  // may come at once, and only ages what there is. `settings`: what decides which values are found.
  [[nodiscard]] Result<bool> Begin(const Digest256& input, std::string_view settings);
  // Errors: the store's; kTooLarge beyond kMaxEventAttributes.
  [[nodiscard]] Status Take(const FormedValue& value);
  // How many rows and files were refused. If they are more than before, with the same settings, one
  // of them may hold any value that is no longer listed: those stay, at most for keep_days.
  void Refused(std::uint64_t rows) { refused_ = rows; }
  // `same`: what Begin said. Error: kMalformed if a feed has no value, or if it was read with these
  // settings before and has no more than one in ten of as many (IsCollapse).
  [[nodiscard]] Status Finish(bool same);

 private:
  struct Known {
    Uuid uuid;
    Time timestamp = 0;
    Time first = 0;  // listed since then; 0: since `timestamp`
    Time gone = 0;   // since when it is not listed any more
    bool listed = false;
  };

  // False: it stands there already.
  [[nodiscard]] Result<bool> Put(const Uuid& uuid, const FormedValue& value, Time timestamp);
  [[nodiscard]] Status CheckNumber() const;
  void DecideHold();
  void TellHold();
  [[nodiscard]] Status Age(Known* known);
  [[nodiscard]] Status PutHead();
  [[nodiscard]] Status RemoveOtherEvents();
  [[nodiscard]] std::string HeadExtra() const;
  [[nodiscard]] Status PutNote(const Known& known);
  Known* Find(const Uuid& uuid);

  store::Store* store_;
  store::SourceId source_;
  std::string name_;
  FeedEventOptions options_;
  Time now_;
  CollectReport* report_;
  store::RowWriter writer_;
  std::optional<store::EventEditor> editor_;
  store::EventId id_ = 0;
  std::string content_;  // scratch; uuid_ is made with it
  Uuid uuid_;
  bool is_new_ = false;
  bool rewrite_ = false;  // other options than those with which the rows were written
  bool changed_ = false;
  std::string input_;
  std::string settings_;        // a digest
  bool same_settings_ = false;  // as those of before
  std::string old_extra_;
  std::optional<Digest256> old_digest_;
  Time since_ = 0;
  std::vector<Known> known_;  // by UUID
  std::uint64_t listed_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t tolerated_ = 0;  // refused when last nothing was held
  Time held_since_ = 0;          // 0: nothing is
  std::uint64_t held_ = 0;
  intel::Attribute attribute_;
};

// When each value of a source was first listed, by UUID: its timestamp is renewed as long as it is.
using FirstListed = std::vector<std::pair<Uuid, Time>>;
// By source; those of other kinds are not in it. Errors: the store's.
[[nodiscard]] Result<std::map<std::string, FirstListed>> ReadFirstListed(store::Store* store);

}  // namespace gapferry::collect
