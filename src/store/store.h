// store/store.h: the SQLite file that both sides keep (schema/store.sql).
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/record.h"
#include "store/row_reader.h"
#include "store/row_writer.h"

namespace gapferry::store {

constexpr int kStoreApplicationId = 0x47464D31;  // "GFM1"
constexpr int kStoreVersion = 1;

struct KnownEvent {
  EventId id = 0;
  Uuid uuid;
  Time timestamp = 0;
  std::optional<Digest256> input_digest;
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
  Digest256 state_digest{};
  Digest512 manifest_digest{};
  Time created = 0;
  Time expires = 0;
};

class Store {
 public:
  // Creates the file if it does not exist. Errors: kUnsupported for a store of a newer version,
  // kDamaged, kIo.
  [[nodiscard]] static Result<Store> Open(const std::filesystem::path& path);
  // Rolls back what a killed process left half written, if this one may write; changes nothing
  // else.
  [[nodiscard]] static Result<Store> OpenReadOnly(const std::filesystem::path& path);
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

  [[nodiscard]] Result<std::optional<std::string>> GetMeta(const std::string& key);
  [[nodiscard]] Status SetMeta(const std::string& key, std::string_view value);

  [[nodiscard]] RowWriter Writer();
  [[nodiscard]] RowReader Reader();

  [[nodiscard]] Result<std::optional<KnownEvent>> FindEvent(SourceId source, const Uuid& uuid);
  [[nodiscard]] Result<std::vector<KnownEvent>> ListEvents(SourceId source);
  // The event and everything below it.
  [[nodiscard]] Status RemoveEvent(EventId event);
  [[nodiscard]] Result<std::vector<KnownWarninglist>> ListWarninglists(SourceId source);
  [[nodiscard]] Status RemoveWarninglist(std::int64_t list);
  [[nodiscard]] Result<std::vector<std::string>> ListSources();
  [[nodiscard]] Status RemoveSource(const std::string& name);
  // Events that have an attribute with a tag for which `wanted` is true.
  [[nodiscard]] Result<std::set<Uuid>> EventsWithAttributeTag(
      const std::function<bool(const intel::Tag&)>& wanted);
  // Replaces what is counted for this source.
  [[nodiscard]] Status SetUnknownFields(SourceId source,
                                        const std::map<std::string, std::uint64_t>& seen);
  [[nodiscard]] Result<std::map<std::string, std::uint64_t>> UnknownFields();
  // Everything that came with bundles or feeds, of all sources; ids and ledgers stay.
  [[nodiscard]] Status Clear();

  // Rows of each kind, by RecordKindName.
  [[nodiscard]] Result<std::map<std::string, std::uint64_t>> CountRows();

  [[nodiscard]] Result<std::optional<StreamRow>> FindStream(const std::string& site);
  [[nodiscard]] Status PutStream(const StreamRow& stream);
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
  std::unique_ptr<State> state_;
};

}  // namespace gapferry::store
