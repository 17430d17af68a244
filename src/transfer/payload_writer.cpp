#include "transfer/payload_writer.h"

#include <optional>

#include "store/database.h"
#include "store/row_writer.h"
#include "transfer/schema_sql.h"

namespace gapferry::transfer {

struct PayloadWriter::State {
  explicit State(const std::string& path)
      : database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_NOMUTEX) {}

  SQLite::Database database;
  std::optional<store::RowWriter> writer;
  std::optional<SQLite::Statement> put_tombstone;
  store::StateDigest digest;
  PayloadSummary summary;
};

namespace {

void PutMeta(SQLite::Database& database, const std::string& key, ByteView value) {
  SQLite::Statement put(database, "INSERT INTO meta (key, value) VALUES (?, ?)");
  store::BindText(put, 1, key);
  store::BindBlob(put, 2, value);
  put.exec();
}

}  // namespace

PayloadWriter::PayloadWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
PayloadWriter::PayloadWriter(PayloadWriter&&) noexcept = default;
PayloadWriter& PayloadWriter::operator=(PayloadWriter&&) noexcept = default;
PayloadWriter::~PayloadWriter() = default;

Result<PayloadWriter> PayloadWriter::Create(const std::filesystem::path& path,
                                            const PayloadMeta& meta) {
  return store::Guarded("cannot create " + path.string(), [&]() -> Result<PayloadWriter> {
    auto state = std::make_unique<State>(path.string());
    // A file of its own that is thrown away on any failure: no journal, no syncing.
    state->database.exec(
        fmt::format("PRAGMA page_size = {}; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
                    "PRAGMA cache_size = -32000; PRAGMA application_id = {};"
                    "PRAGMA user_version = {};",
                    kPayloadPageSize, kPayloadApplicationId, kPayloadVersion));
    state->database.exec("BEGIN");
    state->database.exec(kPayloadSql);
    PutMeta(state->database, "stream", meta.stream.bytes);
    PutMeta(state->database, "epoch", AsBytes(std::to_string(meta.epoch)));
    PutMeta(state->database, "seq", AsBytes(std::to_string(meta.seq)));
    PutMeta(state->database, "digest_key", meta.digest_key);
    state->put_tombstone.emplace(state->database, "INSERT INTO tombstone (key) VALUES (?)");
    state->writer.emplace(state->database, store::Flavour::kPayload);
    return PayloadWriter(std::move(state));
  });
}

Status PayloadWriter::Put(const store::Record& record, const Digest256& digest) {
  GF_CHECK(state_->writer->PutRecord(record));
  state_->digest.Add(digest);
  ++state_->summary.rows;
  return Ok();
}

Status PayloadWriter::PutTombstone(const store::Record& key) {
  ++state_->summary.tombstones;
  return store::Guarded("cannot write to the payload", [&] {
    const std::string encoded = store::EncodeKey(key);
    store::BindBlob(*state_->put_tombstone, 1, AsBytes(encoded));
    state_->put_tombstone->exec();
    state_->put_tombstone->reset();
  });
}

Result<PayloadSummary> PayloadWriter::Finish() {
  GF_CHECK(store::Guarded("cannot finish the payload", [&] {
    state_->writer.reset();
    state_->put_tombstone.reset();
    state_->database.exec("COMMIT");
  }));
  state_->summary.state_digest = state_->digest.value();
  const PayloadSummary summary = state_->summary;
  state_.reset();
  return summary;
}

}  // namespace gapferry::transfer
