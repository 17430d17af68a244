#include "store/stream_parts.h"

#include <algorithm>

#include "store/database.h"

namespace gapferry::store {
namespace {

constexpr std::string_view kUsingParts = "cannot use the record of what a site holds";

void BindDigest(SQLite::Statement& statement, int index, const std::optional<Digest256>& digest) {
  if (digest) {
    BindBlob(statement, index, *digest);
  } else {
    statement.bind(index);
  }
}

std::int64_t Signed(std::uint64_t number) {
  return static_cast<std::int64_t>(number);
}
std::uint64_t Number(const SQLite::Column& column) {
  return static_cast<std::uint64_t>(column.getInt64());
}

std::pair<PartKey, PartHead> ReadHead(SQLite::Statement& list) {
  std::pair<PartKey, PartHead> head;
  head.second.id = list.getColumn(0).getInt64();
  ReadText(list.getColumn(1), &head.first.source);
  head.first.kind = static_cast<RecordKind>(list.getColumn(2).getInt());
  head.first.name = AsText(ReadBlob(list.getColumn(3)));
  head.second.input_digest = ReadDigest<32>(list.getColumn(4));
  head.second.changed = Number(list.getColumn(5));
  head.second.live = Number(list.getColumn(6));
  return head;
}

}  // namespace

Result<std::optional<StreamState>> LoadStreamState(Store* store, const Uuid& stream) {
  return Guarded(kUsingParts, [&]() -> Result<std::optional<StreamState>> {
    SQLite::Statement find(store->database(),
                           "SELECT epoch, policy, digest, counts, base_seq, oldest_base FROM "
                           "stream_state WHERE stream = ?");
    BindBlob(find, 1, stream.bytes);
    if (!find.executeStep()) return std::optional<StreamState>();
    StreamState state;
    state.epoch = find.getColumn(0).getInt64();
    state.policy = ReadDigest<32>(find.getColumn(1)).value_or(Digest256{});
    state.digest = ReadDigest<32>(find.getColumn(2)).value_or(Digest256{});
    ReadText(find.getColumn(3), &state.counts);
    state.base_seq = Number(find.getColumn(4));
    state.oldest_base = Number(find.getColumn(5));
    return std::optional<StreamState>(std::move(state));
  });
}

Status SaveStreamState(Store* store, const Uuid& stream, const StreamState& state) {
  return Guarded(kUsingParts, [&] {
    SQLite::Statement put(
        store->database(),
        "INSERT OR REPLACE INTO stream_state (stream, epoch, policy, digest, counts, base_seq, "
        "oldest_base) VALUES (?,?,?,?,?,?,?)");
    BindBlob(put, 1, stream.bytes);
    put.bind(2, state.epoch);
    BindBlob(put, 3, state.policy);
    BindBlob(put, 4, state.digest);
    BindText(put, 5, state.counts);
    put.bind(6, Signed(state.base_seq));
    put.bind(7, Signed(state.oldest_base));
    put.exec();
  });
}

struct StreamParts::State {
  State(SQLite::Database& db, const Uuid& stream_)
      : database(db),
        stream(stream_),
        content(db, "SELECT counts, rows FROM stream_part WHERE id = ?"),
        put(db,
            "INSERT INTO stream_part (stream, source, kind, name, input_digest, changed, live, "
            "gone, counts, rows) VALUES (?,?,?,?,?,?,?,?,?,?) "
            "ON CONFLICT (stream, source, kind, name) DO UPDATE SET input_digest = "
            "excluded.input_digest, changed = excluded.changed, live = excluded.live, "
            "gone = excluded.gone, counts = excluded.counts, rows = excluded.rows"),
        seen(db, "UPDATE stream_part SET input_digest = ? WHERE id = ?") {}

  SQLite::Database& database;
  Uuid stream;
  SQLite::Statement content, put, seen;
};

StreamParts::StreamParts(Store* store, const Uuid& stream)
    : state_(std::make_unique<State>(store->database(), stream)) {}
StreamParts::StreamParts(StreamParts&&) noexcept = default;
StreamParts::~StreamParts() = default;

Result<std::map<PartKey, PartHead>> StreamParts::Heads() {
  // Those of which nothing ever crossed have changed under no number, 0.
  GF_TRY(auto list, ChangedAfter(-1));
  return std::map<PartKey, PartHead>(std::make_move_iterator(list.begin()),
                                     std::make_move_iterator(list.end()));
}

Result<std::vector<std::pair<PartKey, PartHead>>> StreamParts::ChangedSince(std::uint64_t seq) {
  return ChangedAfter(Signed(seq));
}

Result<std::vector<std::pair<PartKey, PartHead>>> StreamParts::ChangedAfter(std::int64_t seq) {
  return Guarded(kUsingParts, [&]() -> Result<std::vector<std::pair<PartKey, PartHead>>> {
    SQLite::Statement list(state_->database,
                           "SELECT id, source, kind, name, input_digest, changed, live FROM "
                           "stream_part WHERE stream = ? AND changed > ? ORDER BY source, kind, "
                           "name");
    BindBlob(list, 1, state_->stream.bytes);
    list.bind(2, seq);
    std::vector<std::pair<PartKey, PartHead>> heads;
    while (list.executeStep())
      heads.push_back(ReadHead(list));
    return heads;
  });
}

Result<PartContent> StreamParts::Content(std::int64_t id) {
  return Guarded(kUsingParts, [&]() -> Result<PartContent> {
    SQLite::Statement& find = state_->content;
    find.reset();
    find.bind(1, id);
    if (!find.executeStep())
      return Error::Make(Kind::kDamaged, "a site's part {} is not there", id);
    PartContent content;
    ReadText(find.getColumn(0), &content.counts);
    GF_TRY(content.rows, DecodePartRows(ReadBlob(find.getColumn(1))));
    find.reset();
    return content;
  });
}

Status StreamParts::Save(const PartKey& key, const std::optional<Digest256>& input_digest,
                         std::uint64_t changed, const PartContent& content) {
  return Guarded(kUsingParts, [&] {
    const std::string rows = EncodePartRows(content.rows);
    const auto gone = std::count_if(content.rows.begin(), content.rows.end(),
                                    [](const PartRow& row) { return row.gone; });
    SQLite::Statement& put = state_->put;
    BindBlob(put, 1, state_->stream.bytes);
    BindText(put, 2, key.source);
    put.bind(3, static_cast<int>(key.kind));
    BindBlob(put, 4, AsBytes(key.name));
    BindDigest(put, 5, input_digest);
    put.bind(6, Signed(changed));
    put.bind(7, static_cast<std::int64_t>(content.rows.size()) - gone);
    put.bind(8, static_cast<std::int64_t>(gone));
    BindText(put, 9, content.counts);
    BindBlob(put, 10, AsBytes(rows));
    put.exec();
    put.reset();
  });
}

Status StreamParts::Seen(std::int64_t id, const std::optional<Digest256>& input_digest) {
  return Guarded(kUsingParts, [&] {
    BindDigest(state_->seen, 1, input_digest);
    state_->seen.bind(2, id);
    state_->seen.exec();
    state_->seen.reset();
  });
}

Status StreamParts::Forget(std::uint64_t seq) {
  return Guarded(kUsingParts, [&]() -> Status {
    std::vector<std::pair<PartKey, PartHead>> heads;
    SQLite::Statement list(state_->database,
                           "SELECT id, source, kind, name, input_digest, changed, live FROM "
                           "stream_part WHERE stream = ? AND gone > 0");
    BindBlob(list, 1, state_->stream.bytes);
    while (list.executeStep())
      heads.push_back(ReadHead(list));
    for (const auto& [key, head] : heads) {
      GF_TRY(PartContent content, Content(head.id));
      std::erase_if(content.rows, [&](const PartRow& row) { return row.gone && row.seq <= seq; });
      GF_CHECK(Save(key, head.input_digest, head.changed, content));
    }
    SQLite::Statement remove(state_->database,
                             "DELETE FROM stream_part WHERE stream = ? AND live = 0 AND gone = 0 "
                             "AND input_digest IS NULL");
    BindBlob(remove, 1, state_->stream.bytes);
    remove.exec();
    return Ok();
  });
}

Status StreamParts::Clear() {
  return Guarded(kUsingParts, [&] {
    SQLite::Statement remove(state_->database, "DELETE FROM stream_part WHERE stream = ?");
    BindBlob(remove, 1, state_->stream.bytes);
    remove.exec();
  });
}

}  // namespace gapferry::store
