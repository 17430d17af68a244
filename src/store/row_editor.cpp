#include "store/row_editor.h"

#include <array>
#include <vector>

#include "store/database.h"

namespace gapferry::store {
namespace {

constexpr std::string_view kChanging = "cannot change the store";
using Visitor = std::function<Status(const Record&)>;
constexpr std::array kBelowEvent = {RecordKind::kObject, RecordKind::kAttribute,
                                    RecordKind::kReference, RecordKind::kReport,
                                    RecordKind::kSighting};

// The least string that is greater than all that begin with `prefix`.
std::string After(std::string prefix) {
  while (!prefix.empty() && static_cast<std::uint8_t>(prefix.back()) == 0xFF)
    prefix.pop_back();
  if (!prefix.empty())
    prefix.back() = static_cast<char>(static_cast<std::uint8_t>(prefix.back()) + 1);
  return prefix;
}

}  // namespace

struct RowEditor::State {
  State(Store* store_, ByteView key)
      : store(store_),
        digest_key(key.begin(), key.end()),
        reader(store_->Reader()),
        writer(store_->Writer()),
        find_source(store_->database(), "SELECT id, default_tlp FROM source WHERE name = ?"),
        find_event(store_->database(), "SELECT id FROM event WHERE source = ? AND uuid = ?"),
        find_list(store_->database(), "SELECT id FROM warninglist WHERE source = ? AND name = ?"),
        find_refused(store_->database(), "SELECT digest FROM refused WHERE key = ?"),
        drop_refused(store_->database(), "DELETE FROM refused WHERE key = ?"),
        below_refused(store_->database(),
                      "SELECT key, digest FROM refused WHERE key >= ? AND key < ?"),
        drop_below_refused(store_->database(), "DELETE FROM refused WHERE key >= ? AND key < ?") {
    SQLite::Statement any(store_->database(), "SELECT 1 FROM refused LIMIT 1");
    has_refused = any.executeStep();
  }

  struct KnownHead {
    std::int64_t id = 0;  // 0: there is none
    intel::Tlp default_tlp = intel::Tlp::kAmber;
  };

  std::int64_t FirstColumn(SQLite::Statement& find) {
    const std::int64_t id = find.executeStep() ? find.getColumn(0).getInt64() : 0;
    find.reset();
    return id;
  }
  KnownHead Source(const std::string& name) {
    if (source_known && source_name == name) return source;
    BindText(find_source, 1, name);
    source = {};
    if (find_source.executeStep()) {
      source.id = find_source.getColumn(0).getInt64();
      source.default_tlp = static_cast<intel::Tlp>(find_source.getColumn(1).getInt());
    }
    find_source.reset();
    source_known = source.id != 0;
    source_name = name;
    return source;
  }
  // Remembered after the row itself was taken: what is below it still hangs on this id.
  std::int64_t Event(const Record& key) {
    if (event_source == key.source && event_uuid == key.event_uuid && event_id != 0)
      return event_id;
    find_event.bind(1, Source(key.source).id);
    BindBlob(find_event, 2, key.event_uuid.bytes);
    event_source = key.source;
    event_uuid = key.event_uuid;
    event_id = FirstColumn(find_event);
    return event_id;
  }
  std::int64_t List(const Record& key) {
    if (list_source == key.source && list_name == key.warninglist.name && list_id != 0)
      return list_id;
    find_list.bind(1, Source(key.source).id);
    BindText(find_list, 2, key.warninglist.name);
    list_source = key.source;
    list_name = key.warninglist.name;
    list_id = FirstColumn(find_list);
    return list_id;
  }
  std::int64_t Owner(const Record& key) {
    if (key.kind == RecordKind::kWarninglist || key.kind == RecordKind::kWarninglistEntry)
      return List(key);
    return Event(key);
  }

  std::int64_t& Balance(RecordKind kind) { return balance[static_cast<std::size_t>(kind)]; }
  // Of a row that goes with what it belongs to.
  Visitor Going(const Gone& gone) {
    return [this, &gone](const Record& row) {
      --Balance(row.kind);
      gone(row, DigestOf(row));
      return Ok();
    };
  }

  Digest256 DigestOf(const Record& record) {
    encoded.clear();
    EncodeRecord(record, &encoded);
    return RowDigest(encoded, digest_key);
  }

  std::optional<Digest256> TakeRefused(const Record& key) {
    if (!has_refused) return std::nullopt;
    const std::string bytes = EncodeKey(key);
    const std::optional<Digest256> digest = FindRefused(bytes);
    if (!digest) return std::nullopt;
    BindBlob(drop_refused, 1, AsBytes(bytes));
    drop_refused.exec();
    drop_refused.reset();
    return digest;
  }
  std::optional<Digest256> FindRefused(const std::string& key) {
    BindBlob(find_refused, 1, AsBytes(key));
    std::optional<Digest256> digest;
    if (find_refused.executeStep()) digest = ReadDigest<32>(find_refused.getColumn(0));
    find_refused.reset();
    return digest;
  }

  void RemoveStored(const Record& key, std::int64_t owner) {
    --Balance(key.kind);
    const auto place = static_cast<std::size_t>(key.kind);
    if (!removals[place]) removals[place].emplace(store->database(), RemovalOf(key.kind));
    SQLite::Statement& remove = *removals[place];
    remove.bind(1, owner);
    if (key.kind == RecordKind::kObject) BindBlob(remove, 2, key.object.uuid.bytes);
    if (key.kind == RecordKind::kAttribute || key.kind == RecordKind::kSighting)
      BindBlob(remove, 2, key.attribute.uuid.bytes);
    if (key.kind == RecordKind::kReference) BindBlob(remove, 2, key.reference.uuid.bytes);
    if (key.kind == RecordKind::kReport) BindBlob(remove, 2, key.report.uuid.bytes);
    if (key.kind == RecordKind::kWarninglistEntry) BindText(remove, 2, key.entry);
    remove.exec();
    remove.reset();
  }
  static std::string RemovalOf(RecordKind kind) {
    if (kind == RecordKind::kEvent) return "DELETE FROM event WHERE id = ?";
    if (kind == RecordKind::kWarninglist) return "DELETE FROM warninglist WHERE id = ?";
    if (kind == RecordKind::kWarninglistEntry)
      return "DELETE FROM warninglist_entry WHERE list = ? AND value = ?";
    return fmt::format("DELETE FROM {} WHERE event = ? AND uuid = ?", RecordKindName(kind));
  }

  // A source's row is left in place: putting it again changes it.
  std::optional<Digest256> TakeSource(const Record& key) {
    const KnownHead known = Source(key.source);
    if (known.id == 0) return std::nullopt;
    Record row;
    row.kind = RecordKind::kSource;
    row.source = key.source;
    row.default_tlp = known.default_tlp;
    source_known = false;
    return DigestOf(row);
  }

  Status TakeRefusedBelow(const std::string& prefix, const Gone& gone) {
    const std::string end = After(prefix);
    Record key;
    BindBlob(below_refused, 1, AsBytes(prefix));
    BindBlob(below_refused, 2, AsBytes(end));
    while (below_refused.executeStep()) {
      GF_CHECK(DecodeKey(ReadBlob(below_refused.getColumn(0)), &key));
      gone(key, ReadDigest<32>(below_refused.getColumn(1)).value_or(Digest256{}));
    }
    below_refused.reset();
    BindBlob(drop_below_refused, 1, AsBytes(prefix));
    BindBlob(drop_below_refused, 2, AsBytes(end));
    drop_below_refused.exec();
    drop_below_refused.reset();
    return Ok();
  }

  Status TakeEvent(const Record& head, const Gone& gone) {
    if (const auto digest = TakeRefused(head)) gone(head, *digest);
    if (has_refused) {
      for (const RecordKind kind : kBelowEvent)
        GF_CHECK(TakeRefusedBelow(KeyPrefixBelow(kind, head), gone));
    }
    const std::int64_t id = Event(head);
    event_id = 0;
    if (id == 0) return Ok();
    GF_CHECK(reader.OfEvent(head.source, id, Going(gone)));
    return store->RemoveEvent(id);
  }
  Status TakeList(const Record& head, const Gone& gone) {
    const std::int64_t id = List(head);
    list_id = 0;
    if (id == 0) return Ok();
    GF_CHECK(reader.OfWarninglist(head.source, id, Going(gone)));
    return store->RemoveWarninglist(id);
  }
  Status TakeWholeSource(const Record& head, const Gone& gone) {
    const KnownHead known = Source(head.source);
    source_known = false;
    Record below = head;
    if (known.id != 0) {
      GF_TRY(const auto events, store->ListEvents(known.id));
      below.kind = RecordKind::kEvent;
      for (const KnownEvent& event : events) {
        below.event_uuid = event.uuid;
        GF_CHECK(TakeEvent(below, gone));
      }
      GF_TRY(const auto lists, store->ListWarninglists(known.id));
      below.kind = RecordKind::kWarninglist;
      for (const KnownWarninglist& list : lists) {
        below.warninglist.name = list.name;
        GF_CHECK(TakeList(below, gone));
      }
      if (const auto digest = TakeSource(head)) gone(head, *digest);
      --Balance(RecordKind::kSource);
      GF_CHECK(store->RemoveSource(head.source));
    }
    // Refused events, of which nothing is stored.
    for (int kind = 1; kind <= kRecordKinds; ++kind) {
      Record any;
      any.kind = RecordKind::kSource;
      any.source = head.source;
      std::string prefix = EncodeKey(any);
      prefix[0] = static_cast<char>(kind);
      GF_CHECK(TakeRefusedBelow(prefix, gone));
    }
    return Ok();
  }

  Store* store;
  Bytes digest_key;
  RowReader reader;
  RowWriter writer;
  SQLite::Statement find_source, find_event, find_list, find_refused, drop_refused, below_refused,
      drop_below_refused;
  std::array<std::optional<SQLite::Statement>, kRecordKinds + 1> removals;
  std::array<std::int64_t, kRecordKinds + 1> balance{};
  bool has_refused = false;
  std::string encoded;

  bool source_known = false;
  std::string source_name;
  KnownHead source;
  std::string event_source;
  Uuid event_uuid;
  std::int64_t event_id = 0;
  std::string list_source;
  std::string list_name;
  std::int64_t list_id = 0;
};

RowEditor::RowEditor(Store* store, ByteView digest_key)
    : state_(std::make_unique<State>(store, digest_key)) {}
RowEditor::RowEditor(RowEditor&&) noexcept = default;
RowEditor::~RowEditor() = default;

Result<std::optional<Digest256>> RowEditor::Take(const Record& key) {
  State& s = *state_;
  return Guarded(kChanging, [&]() -> Result<std::optional<Digest256>> {
    if (key.kind == RecordKind::kSource) return s.TakeSource(key);
    if (const auto refused = s.TakeRefused(key)) return refused;
    const std::int64_t owner = s.Owner(key);
    if (owner == 0) return std::optional<Digest256>();
    GF_TRY(const Record* row, s.reader.Find(key, owner));
    if (row == nullptr) return std::optional<Digest256>();
    const Digest256 digest = s.DigestOf(*row);
    s.RemoveStored(key, owner);
    return std::optional<Digest256>(digest);
  });
}

Status RowEditor::Put(const Record& record) {
  State& s = *state_;
  // A source's row is changed in its place.
  const bool is_more = record.kind != RecordKind::kSource || s.Source(record.source).id == 0;
  if (record.kind == RecordKind::kEvent) s.writer.UseId(s.Event(record));
  if (record.kind == RecordKind::kWarninglist) s.writer.UseId(s.List(record));
  GF_CHECK(s.writer.PutRecord(record));
  if (is_more) ++s.Balance(record.kind);
  if (record.kind == RecordKind::kSource) s.source_known = false;
  if (record.kind == RecordKind::kEvent) s.event_id = 0;
  if (record.kind == RecordKind::kWarninglist) s.list_id = 0;
  return Ok();
}

Status RowEditor::PutRefused(const Record& record, const Digest256& digest,
                             const std::string& reason) {
  state_->has_refused = true;
  return state_->store->PutRefused(record, digest, reason);
}

Result<bool> RowEditor::IsRefused(const Record& key) {
  if (!state_->has_refused) return false;
  return Guarded(kChanging,
                 [&]() -> Result<bool> { return state_->FindRefused(EncodeKey(key)).has_value(); });
}

std::map<std::string, std::int64_t> RowEditor::Balance() const {
  std::map<std::string, std::int64_t> balance;
  for (int kind = 1; kind <= kRecordKinds; ++kind) {
    balance[std::string(RecordKindName(static_cast<RecordKind>(kind)))] =
        state_->balance[static_cast<std::size_t>(kind)];
  }
  return balance;
}

Status RowEditor::TakeAll(const Record& head, const Gone& gone) {
  State& s = *state_;
  return Guarded(kChanging, [&]() -> Status {
    if (head.kind == RecordKind::kSource) return s.TakeWholeSource(head, gone);
    if (head.kind == RecordKind::kEvent) return s.TakeEvent(head, gone);
    return s.TakeList(head, gone);
  });
}

Status RowEditor::RefuseBelow(const Record& event, const std::string& reason, const Gone& gone) {
  State& s = *state_;
  return Guarded(kChanging, [&]() -> Status {
    const std::int64_t id = s.Event(event);
    if (id == 0) return Ok();
    // Collected first: the tables must not change under a walk.
    std::vector<std::pair<Record, Digest256>> rows;
    GF_CHECK(s.reader.OfEvent(event.source, id, [&](const Record& row) {
      if (row.kind != RecordKind::kEvent) rows.emplace_back(row, s.DigestOf(row));
      return Ok();
    }));
    for (const auto& [row, digest] : rows) {
      s.RemoveStored(row, id);
      GF_CHECK(PutRefused(row, digest, reason));
      gone(row, digest);
    }
    return Ok();
  });
}

}  // namespace gapferry::store
