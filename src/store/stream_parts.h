// store/stream_parts.h: what each site holds (schema/store.sql: stream_state, stream_part). Works
// within the caller's transaction. Errors of every call: what Guarded gives.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/result.h"
#include "store/part.h"
#include "store/store.h"

namespace gapferry::store {

// What a site holds after the newest number of its stream.
struct StreamState {
  std::int64_t epoch = 0;
  Digest256 policy{};          // of all that decides what crosses, apart from the rows themselves
  Digest256 digest{};          // state digest
  std::string counts;          // the caller's
  std::uint64_t base_seq = 0;  // deltas start from it; 0: none yet
  std::uint64_t oldest_base = 0;  // what came and went before it is forgotten
};
[[nodiscard]] Result<std::optional<StreamState>> LoadStreamState(Store* store, const Uuid& stream);
[[nodiscard]] Status SaveStreamState(Store* store, const Uuid& stream, const StreamState& state);

// kind is that of the head: kSource, kEvent, kWarninglist; name is the event's 16 bytes, the list's
// name, or empty. Ordered as parts travel.
struct PartKey {
  std::string source;
  RecordKind kind = RecordKind::kSource;
  std::string name;

  friend auto operator<=>(const PartKey&, const PartKey&) = default;
};
struct PartHead {
  std::int64_t id = 0;  // 0: not stored yet
  std::optional<Digest256> input_digest;
  std::uint64_t changed = 0;
  std::uint64_t live = 0;
};
struct PartContent {
  std::string counts;
  std::vector<PartRow> rows;
};

class StreamParts {
 public:
  StreamParts(Store* store, const Uuid& stream);
  StreamParts(StreamParts&&) noexcept;
  ~StreamParts();

  [[nodiscard]] Result<std::map<PartKey, PartHead>> Heads();
  // Those changed after `seq`, in the order of travel.
  [[nodiscard]] Result<std::vector<std::pair<PartKey, PartHead>>> ChangedSince(std::uint64_t seq);
  [[nodiscard]] Result<PartContent> Content(std::int64_t id);
  // Inserts, or replaces the one with the same key.
  [[nodiscard]] Status Save(const PartKey& key, const std::optional<Digest256>& input_digest,
                            std::uint64_t changed, const PartContent& content);
  [[nodiscard]] Status Seen(std::int64_t id, const std::optional<Digest256>& input_digest);
  // Drops what went at or before `seq`, and parts that have nothing left.
  [[nodiscard]] Status Forget(std::uint64_t seq);
  [[nodiscard]] Status Clear();

 private:
  [[nodiscard]] Result<std::vector<std::pair<PartKey, PartHead>>> ChangedAfter(std::int64_t seq);

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gapferry::store
