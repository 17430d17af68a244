// Store's streams and ledger.
#include "store/database.h"
#include "store/store.h"

namespace gapferry::store {
namespace {

constexpr std::string_view kUsingStreams = "cannot use the database";

}  // namespace

Result<std::optional<StreamRow>> Store::FindStream(const std::string& site) {
  return Guarded(kUsingStreams, [&]() -> Result<std::optional<StreamRow>> {
    SQLite::Statement find(database(), "SELECT uuid, epoch, digest_key FROM stream WHERE site = ?");
    BindText(find, 1, site);
    if (!find.executeStep()) return std::optional<StreamRow>();
    StreamRow stream;
    stream.site = site;
    stream.uuid.bytes = ReadDigest<16>(find.getColumn(0)).value_or(stream.uuid.bytes);
    stream.epoch = find.getColumn(1).getInt64();
    const ByteView key = ReadBlob(find.getColumn(2));
    stream.digest_key.assign(key.begin(), key.end());
    return std::optional<StreamRow>(std::move(stream));
  });
}

Status Store::PutStream(const StreamRow& stream) {
  return Guarded(kUsingStreams, [&] {
    SQLite::Statement put(
        database(),
        "INSERT OR REPLACE INTO stream (site, uuid, epoch, digest_key) VALUES (?, ?, ?, ?)");
    BindText(put, 1, stream.site);
    BindBlob(put, 2, stream.uuid.bytes);
    put.bind(3, stream.epoch);
    BindBlob(put, 4, stream.digest_key);
    put.exec();
  });
}

Result<std::vector<LedgerRow>> Store::Ledger(const Uuid& stream) {
  return Guarded(kUsingStreams, [&]() -> Result<std::vector<LedgerRow>> {
    SQLite::Statement list(
        database(),
        "SELECT epoch, seq, kind, base_seq, state_digest, manifest_digest, created, expires, "
        "stored_bytes FROM ledger WHERE stream = ? ORDER BY epoch, seq, kind");
    BindBlob(list, 1, stream.bytes);
    std::vector<LedgerRow> rows;
    while (list.executeStep()) {
      LedgerRow& row = rows.emplace_back();
      row.epoch = list.getColumn(0).getInt64();
      row.seq = list.getColumn(1).getInt64();
      ReadText(list.getColumn(2), &row.kind);
      row.base_seq = list.getColumn(3).getInt64();
      row.state_digest = ReadDigest<32>(list.getColumn(4)).value_or(row.state_digest);
      row.manifest_digest = ReadDigest<64>(list.getColumn(5)).value_or(row.manifest_digest);
      row.created = list.getColumn(6).getInt64();
      row.expires = list.getColumn(7).getInt64();
      row.stored_bytes = static_cast<std::uint64_t>(list.getColumn(8).getInt64());
    }
    return rows;
  });
}

Status Store::AppendLedger(const Uuid& stream, const LedgerRow& row) {
  return Guarded(kUsingStreams, [&] {
    // A heartbeat may be repeated; what a number once named may not.
    SQLite::Statement put(
        database(),
        std::string(row.kind == "heartbeat" ? "INSERT OR REPLACE" : "INSERT") +
            " INTO ledger (stream, epoch, seq, kind, state_digest, manifest_digest, created, "
            "expires, base_seq, stored_bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    BindBlob(put, 1, stream.bytes);
    put.bind(2, row.epoch);
    put.bind(3, row.seq);
    BindText(put, 4, row.kind);
    BindBlob(put, 5, row.state_digest);
    BindBlob(put, 6, row.manifest_digest);
    put.bind(7, row.created);
    put.bind(8, row.expires);
    put.bind(9, row.base_seq);
    put.bind(10, static_cast<std::int64_t>(row.stored_bytes));
    put.exec();
  });
}

}  // namespace gapferry::store
