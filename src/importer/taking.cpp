#include "importer/taking.h"

#include <vector>

#include "policy/cross_walk.h"
#include "store/row_editor.h"

namespace gapferry::importer {
namespace {

using policy::RowDecision;
using store::Record;
using store::RecordKind;

// Asks the walk about any row.
class Judge {
 public:
  explicit Judge(const policy::CrossPolicy& policy)
      : walk_(policy, policy::CrossWalk::Question::kTlpOnly) {}

  RowDecision Decide(const Record& record) {
    switch (record.kind) {
      case RecordKind::kSource:
        default_tlp_ = record.default_tlp;
        break;
      case RecordKind::kEvent:
        return walk_.Event(record.event, record.source, default_tlp_);
      case RecordKind::kObject:
        return walk_.Object(record.object);
      case RecordKind::kAttribute:
        return walk_.Attribute(record.attribute, record.object_uuid);
      case RecordKind::kReference:
        return walk_.Reference(record.reference, record.object_uuid);
      case RecordKind::kReport:
        return walk_.Report(record.report);
      case RecordKind::kSighting:
        return walk_.Sighting(record.attribute.uuid);
      case RecordKind::kWarninglist:
      case RecordKind::kWarninglistEntry:
        break;
    }
    return {policy::Decision::Allow(), intel::Tlp::kClear};
  }

 private:
  policy::CrossWalk walk_;
  intel::Tlp default_tlp_ = intel::Tlp::kAmber;
};

// The key of a row that `record` hangs on, in the same event.
Record EndOf(const Record& record, RecordKind kind, const Uuid& id) {
  Record key;
  key.kind = kind;
  key.source = record.source;
  key.event_uuid = record.event_uuid;
  key.object.uuid = id;
  key.attribute.uuid = id;
  return key;
}

}  // namespace

struct Taker::State {
  State(store::Store* store_, const policy::CrossPolicy& policy,
        const std::optional<Digest256>& start)
      : store(store_), judge(policy), is_delta(start.has_value()) {
    if (start) digest = store::StateDigest(*start);
    if (!is_delta) writer.emplace(store_->Writer());
  }

  Status Refuse(const RowDecision& row, const Digest256& row_digest) {
    const auto reason = std::string(policy::ReasonCode(row.decision.reason));
    refused[std::string(RecordKindName(record.kind))].Add(row.decision.reason, row.decision.detail);
    if (is_delta) return editor->PutRefused(record, row_digest, reason);
    return store->PutRefused(record, row_digest, reason);
  }

  Status TakeIntoFull(const RowDecision& row, const Digest256& row_digest) {
    if (!row.decision.allowed) return Refuse(row, row_digest);
    return writer->PutRecord(record);
  }

  Status TakeIntoDelta(RowDecision row, const Digest256& row_digest) {
    GF_CHECK(JudgeEnds(&row));
    const bool refused_event = record.kind == RecordKind::kEvent && !row.decision.allowed;
    if (refused_event) {
      // What is stored below it can no longer be.
      GF_CHECK(editor->RefuseBelow(record, std::string(policy::ReasonCode(row.decision.reason)),
                                   [](const Record&, const Digest256&) {}));
    }
    GF_TRY(const std::optional<Digest256> before, editor->Take(record));
    if (before) digest.Subtract(*before);
    if (!row.decision.allowed) return Refuse(row, row_digest);
    return editor->Put(record);
  }

  // What a row hangs on is not known to the walk if it did not change: the store knows whether it
  // was refused.
  Status JudgeEnds(RowDecision* row) {
    if (!row->decision.allowed) return Ok();
    if (record.kind == RecordKind::kSighting) return JudgeSighted(row);
    if (record.kind != RecordKind::kReference) return Ok();
    for (const Record& end : {EndOf(record, RecordKind::kObject, record.object_uuid),
                              EndOf(record, RecordKind::kObject, record.reference.referenced),
                              EndOf(record, RecordKind::kAttribute, record.reference.referenced)}) {
      GF_TRY(const bool is_refused, editor->IsRefused(end));
      if (is_refused) row->decision = policy::Decision::Refuse(policy::Reason::kObjectHeldBack);
    }
    return Ok();
  }

  Status JudgeSighted(RowDecision* row) {
    GF_TRY(const bool is_refused,
           editor->IsRefused(EndOf(record, RecordKind::kAttribute, record.attribute.uuid)));
    if (is_refused) row->decision = policy::Decision::Refuse(policy::Reason::kAttributeHeldBack);
    return Ok();
  }

  store::Store* store;
  Judge judge;
  bool is_delta;
  Bytes digest_key;
  std::optional<store::RowWriter> writer;  // of a full
  std::optional<store::RowEditor> editor;  // of a delta
  Record record;
  store::StateDigest digest;
  std::uint64_t rows = 0;
  std::uint64_t tombstones = 0;
  std::map<std::string, policy::ReasonCounts> refused;
};

Taker::Taker(store::Store* store, const policy::CrossPolicy& policy,
             const std::optional<Digest256>& start)
    : state_(std::make_unique<State>(store, policy, start)) {}
Taker::~Taker() = default;

Status Taker::Describe(const transfer::PayloadMeta& meta, const bundle::Manifest& manifest) {
  const bool agrees = meta.stream == manifest.stream_uuid &&
                      meta.epoch == static_cast<std::int64_t>(manifest.epoch) &&
                      meta.seq == static_cast<std::int64_t>(manifest.seq);
  if (!agrees) {
    return Error::Make(Kind::kMalformed,
                       "the payload says stream {} number {}.{}, the manifest {} number {}.{}",
                       meta.stream.ToString(), meta.epoch, meta.seq,
                       manifest.stream_uuid.ToString(), manifest.epoch, manifest.seq);
  }
  State& s = *state_;
  s.digest_key = meta.digest_key;
  if (s.is_delta) {
    GF_TRY(const std::optional<std::string> known, s.store->GetMeta("digest_key"));
    if (known.value_or("") != AsText(meta.digest_key)) {
      return Error::Make(Kind::kDiverged,
                         "the delta's digests are keyed otherwise than those of the state here")
          .Hint("import a full bundle");
    }
    s.editor.emplace(s.store, s.digest_key);
  }
  return s.store->SetMeta("digest_key", AsText(meta.digest_key));
}

Status Taker::Tombstone(ByteView encoded_key) {
  State& s = *state_;
  if (!s.editor) return Error::Make(Kind::kMalformed, "a tombstone where none can be");
  GF_CHECK(store::DecodeKey(encoded_key, &s.record));
  ++s.tombstones;
  const RecordKind kind = s.record.kind;
  if (kind == RecordKind::kSource || kind == RecordKind::kEvent ||
      kind == RecordKind::kWarninglist) {
    return s.editor->TakeAll(
        s.record, [&](const Record&, const Digest256& digest) { s.digest.Subtract(digest); });
  }
  GF_TRY(const std::optional<Digest256> before, s.editor->Take(s.record));
  if (before) s.digest.Subtract(*before);
  return Ok();
}

Status Taker::Take(ByteView encoded_record) {
  State& s = *state_;
  if (s.digest_key.empty())
    return Error::Make(Kind::kMalformed, "rows came before the payload's description");
  GF_CHECK(store::DecodeRecord(encoded_record, &s.record));
  const Digest256 row_digest = store::RowDigest(AsText(encoded_record), s.digest_key);
  s.digest.Add(row_digest);
  ++s.rows;
  const RowDecision row = s.judge.Decide(s.record);
  return s.is_delta ? s.TakeIntoDelta(row, row_digest) : s.TakeIntoFull(row, row_digest);
}

Digest256 Taker::digest() const {
  return state_->digest.value();
}
std::uint64_t Taker::rows() const {
  return state_->rows;
}
std::uint64_t Taker::tombstones() const {
  return state_->tombstones;
}
std::map<std::string, std::int64_t> Taker::Balance() const {
  if (!state_->editor) return {};
  return state_->editor->Balance();
}
const std::map<std::string, policy::ReasonCounts>& Taker::refused() const {
  return state_->refused;
}

Status RefuseAboveClearance(store::Store* store, const policy::CrossPolicy& policy) {
  GF_TRY(const std::optional<std::string> key, store->GetMeta("digest_key"));
  const std::string digest_key = key.value_or("");
  store::RowEditor editor(store, AsBytes(digest_key));
  Judge judge(policy);
  GF_TRY(const auto sources, store->KnownSources());
  for (const store::KnownSource& source : sources) {
    Record head;
    head.kind = RecordKind::kSource;
    head.source = source.name;
    head.default_tlp = source.default_tlp;
    (void)judge.Decide(head);
    GF_TRY(const auto events, store->ListEvents(source.id));
    store::RowReader reader = store->Reader();
    for (const store::KnownEvent& event : events) {
      // Collected first: the tables must not change under a walk.
      std::vector<std::pair<Record, std::string>> above;
      GF_CHECK(reader.OfEvent(source.name, event.id, [&](const Record& record) {
        const RowDecision row = judge.Decide(record);
        if (!row.decision.allowed)
          above.emplace_back(record, policy::ReasonCode(row.decision.reason));
        return Ok();
      }));
      // What is below an event still hangs on it, so it goes last.
      for (auto row = above.rbegin(); row != above.rend(); ++row) {
        GF_TRY(const std::optional<Digest256> digest, editor.Take(row->first));
        if (digest) GF_CHECK(editor.PutRefused(row->first, *digest, row->second));
      }
    }
  }
  return Ok();
}

}  // namespace gapferry::importer
