// store/store.h: the SQLite file that both sides keep (schema/store.sql).
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/record.h"
#include "store/row_reader.h"
#include "store/row_writer.h"

namespace gapferry::store {

constexpr int kStoreApplicationId = 0x47464D31;  // "GFM1"
constexpr int kStoreVersion = 4;

struct KnownSource {
  SourceId id = 0;
  std::string name;
  intel::Tlp default_tlp = intel::Tlp::kAmber;
};

struct KnownEvent {
  EventId id = 0;
  Uuid uuid;
  Time timestamp = 0;
  std::optional<Digest256> input_digest;
  Time publish_timestamp = 0;  // of ListEvents only
};

struct KnownWarninglist {
  std::int64_t id = 0;
  std::string name;
  std::int64_t version = 0;
  std::optional<Digest256> input_digest;
};

struct StreamRow {
  std::string site;
  Uuid uuid;
  std::int64_t epoch = 1;
  Bytes digest_key;  // kDigestKeyBytes
};

struct LedgerRow {
  std::int64_t epoch = 0;
  std::int64_t seq = 0;
  std::string kind;
  std::int64_t base_seq = 0;  // of a delta
  Digest256 state_digest{};
  Digest512 manifest_digest{};
  Time created = 0;
  Time expires = 0;
  std::uint64_t stored_bytes = 0;  // of the payload
};

class Store {
 public:
  // Creates the file if it does not exist. Errors: kUnsupported for a store of a newer version,
  // kDamaged, kIo.
  [[nodiscard]] static Result<Store> Open(const std::filesystem::path& path);
  // Rolls back what a killed process left half written, if this one may write; changes nothing
  // else.
  [[nodiscard]] static Result<Store> OpenReadOnly(const std::filesystem::path& path);
  // For a file aside that is thrown away unless all succeeds: no journal, no syncing. Whoever gives
  // it its place syncs it first.
  [[nodiscard]] static Result<Store> OpenAside(const std::filesystem::path& path);
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  // One transaction at a time; what is not committed when the store closes is rolled back.
  [[nodiscard]] Status Begin();
  [[nodiscard]] Status Commit();
  void Rollback();
  // Within a transaction: what one event wrote can be undone alone.
  [[nodiscard]] Status Savepoint();
  [[nodiscard]] Status ReleaseSavepoint();
  void RollbackToSavepoint();

  // SQLite's own look at the file. Error: kDamaged.
  [[nodiscard]] Status QuickCheck();

  [[nodiscard]] Result<std::optional<std::string>> GetMeta(const std::string& key);
  [[nodiscard]] Status SetMeta(const std::string& key, std::string_view value);

  [[nodiscard]] RowWriter Writer();
  [[nodiscard]] RowReader Reader();

  [[nodiscard]] Result<std::optional<KnownEvent>> FindEvent(SourceId source, const Uuid& uuid);
  [[nodiscard]] Result<std::vector<KnownEvent>> ListEvents(SourceId source);
  [[nodiscard]] Result<std::vector<KnownSource>> KnownSources();
  // The event and everything below it.
  [[nodiscard]] Status RemoveEvent(EventId event);
  [[nodiscard]] Result<std::vector<KnownWarninglist>> ListWarninglists(SourceId source);
  [[nodiscard]] Status RemoveWarninglist(std::int64_t list);
  [[nodiscard]] Result<std::vector<std::string>> ListSources();
  [[nodiscard]] Status RemoveSource(const std::string& name);
  // Tag sets with a tag for which `wanted` is true.
  [[nodiscard]] Result<std::vector<std::int64_t>> FindTagsets(
      const std::function<bool(const intel::Tag&)>& wanted);
  // Whether an attribute of the event has one of them.
  [[nodiscard]] Result<bool> EventUsesTagset(EventId event,
                                             const std::vector<std::int64_t>& tagsets);
  [[nodiscard]] Result<bool> EventHasObjects(EventId event);
  // Replaces what is counted for this source.
  [[nodiscard]] Status SetUnknownFields(SourceId source,
                                        const std::map<std::string, std::uint64_t>& seen);
  [[nodiscard]] Result<std::map<std::string, std::uint64_t>> UnknownFields();
  // Into a new store, what outlives a state: meta and the ids of artifacts, from the file at
  // `path`. Not within a transaction.
  [[nodiscard]] Status TakeLasting(const std::filesystem::path& path);

  // Removes words and tag sets that no row has any more: they can be of rows that were recalled.
  // Nothing may intern in between: what is cached of them is void afterwards.
  [[nodiscard]] Status ForgetUnused();

  // A whole, compact copy in a file that must not be there yet.
  [[nodiscard]] Status SnapshotTo(const std::filesystem::path& file);

  // Rows of each kind, by RecordKindName.
  [[nodiscard]] Result<std::map<std::string, std::uint64_t>> CountRows();

  [[nodiscard]] Result<std::optional<StreamRow>> FindStream(const std::string& site);
  [[nodiscard]] Status PutStream(const StreamRow& stream);
  // By number; of one number, a delta before a full.
  [[nodiscard]] Result<std::vector<LedgerRow>> Ledger(const Uuid& stream);
  [[nodiscard]] Status AppendLedger(const Uuid& stream, const LedgerRow& row);

  [[nodiscard]] Status PutRefused(const Record& record, const Digest256& digest,
                                  const std::string& reason);
  // Digests of all refused rows, for recomputing the state digest.
  [[nodiscard]] Status ForEachRefused(
      const std::function<void(const Digest256&, const std::string& reason)>& visit);

  // The open database, for rooms above that keep tables of their own in it (detect's registry).
  [[nodiscard]] SQLite::Database& database();

 private:
  struct State;
  explicit Store(std::unique_ptr<State> state);
  [[nodiscard]] static Result<Store> OpenFor(const std::filesystem::path& path,
                                             const char* pragmas);
  std::unique_ptr<State> state_;
};

}  // namespace gapferry::store
