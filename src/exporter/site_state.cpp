#include "exporter/site_state.h"

#include <algorithm>

namespace gapferry::exporter {
namespace {

using store::PartHead;
using store::PartKey;
using store::PartRow;
using store::Record;
using store::RecordKind;

// The key of a part's row, for a tombstone.
Record KeyOf(const PartKey& part, const PartRow& row) {
  Record key;
  key.kind = row.kind;
  key.source = part.source;
  if (part.kind == RecordKind::kEvent)
    std::copy(part.name.begin(), part.name.end(), key.event_uuid.bytes.begin());
  if (part.kind == RecordKind::kWarninglist) key.warninglist.name = part.name;
  key.object.uuid = row.id;
  key.attribute.uuid = row.id;
  key.reference.uuid = row.id;
  key.report.uuid = row.id;
  key.entry = row.entry;
  return key;
}

Record HeadOf(const PartKey& part) {
  PartRow row;
  row.kind = part.kind;
  return KeyOf(part, row);
}

std::string EventName(const Uuid& uuid) {
  return std::string(AsText(uuid.bytes));
}

}  // namespace

struct SiteState::Unit {
  PartKey key;
  std::int64_t id = 0;  // in the mirror
  std::optional<Digest256> input_digest;
};

SiteState::SiteState(store::Store* mirror, const SiteConfig& site, const store::StreamRow& stream,
                     Crosser crosser)
    : mirror_(mirror),
      site_(site),
      stream_(stream),
      crosser_(std::move(crosser)),
      parts_(mirror, stream.uuid) {}

Result<SiteState> SiteState::Load(store::Store* mirror, const SiteConfig& site,
                                  const store::StreamRow& stream) {
  GF_TRY(Crosser crosser, Crosser::Create(mirror, site, stream.digest_key, Now()));
  SiteState loaded(mirror, site, stream, std::move(crosser));
  GF_TRY(loaded.sources_, mirror->KnownSources());
  GF_TRY(const auto known, store::LoadStreamState(mirror, stream.uuid));
  const Digest256 policy = PolicyDigest(site, loaded.sources_);
  if (known && known->epoch == stream.epoch) {
    loaded.state_ = *known;
    GF_TRY(loaded.tally_, Tally::Parse(known->counts));
    loaded.digest_ = store::StateDigest(known->digest);
    loaded.everything_ = known->policy != policy;
  } else {
    // A new epoch starts from nothing.
    GF_CHECK(loaded.parts_.Clear());
    loaded.state_.epoch = stream.epoch;
    loaded.everything_ = true;
  }
  // What was selected may be too old by now, though nothing of it changed.
  loaded.everything_ = loaded.everything_ || site.select.Ages();
  loaded.state_.policy = policy;
  GF_TRY(const auto counts, mirror->CountRows());
  loaded.parts_in_mirror_ = counts.at("event") + counts.at("warninglist");
  return loaded;
}

Result<std::vector<SiteState::Unit>> SiteState::Units(const store::KnownSource& source) {
  std::vector<Unit> units;
  GF_TRY(const auto events, mirror_->ListEvents(source.id));
  for (const store::KnownEvent& event : events) {
    units.push_back(
        {{source.name, RecordKind::kEvent, EventName(event.uuid)}, event.id, event.input_digest});
  }
  GF_TRY(const auto lists, mirror_->ListWarninglists(source.id));
  for (const store::KnownWarninglist& list : lists) {
    units.push_back(
        {{source.name, RecordKind::kWarninglist, list.name}, list.id, list.input_digest});
  }
  std::sort(units.begin(), units.end(),
            [](const Unit& left, const Unit& right) { return left.key < right.key; });
  return units;
}

Result<Crosser::Part> SiteState::Cross(const store::KnownSource& source, const Unit& unit,
                                       const Crosser::Sink& sink) {
  if (unit.key.kind == RecordKind::kEvent) return crosser_.Event(source, unit.id, sink);
  return crosser_.Warninglist(source, unit.id, sink);
}

Result<bool> SiteState::Refresh(std::uint64_t seq, transfer::PayloadWriter* full,
                                const StateProgress& progress) {
  seq_ = seq;
  changed_ = false;
  GF_TRY(heads_, parts_.Heads());
  for (const store::KnownSource& source : sources_) {
    if (WantsSource(site_, source.name)) GF_CHECK(RefreshSource(source, full, progress));
  }
  // What the mirror no longer has, or this site no longer wants.
  for (const auto& [key, head] : heads_) {
    if (head.live == 0 && !head.input_digest) continue;
    GF_CHECK(Replace(key, head, std::nullopt, {}));
  }
  everything_ = false;
  return changed_;
}

Status SiteState::RefreshSource(const store::KnownSource& source, transfer::PayloadWriter* full,
                                const StateProgress& progress) {
  bool named = false;
  const Crosser::Sink put = [&](const Record& crossed, const Digest256& digest) {
    return full->Put(crossed, digest);
  };
  // A source of which nothing crosses stays unnamed.
  const Crosser::Sink put_below = [&](const Record& crossed, const Digest256& digest) -> Status {
    if (!named) {
      named = true;
      GF_TRY(const Crosser::Part ignored, crosser_.Source(source, put));
      (void)ignored;
    }
    return put(crossed, digest);
  };
  const Crosser::Sink sink = full != nullptr ? put_below : Crosser::Sink();
  std::uint64_t live = 0;
  GF_TRY(const std::vector<Unit> units, Units(source));
  for (const Unit& unit : units) {
    GF_TRY(const std::uint64_t rows, RefreshUnit(source, unit, sink));
    live += rows;
    progress(1);
  }
  Crosser::Part head;
  if (live > 0) {
    GF_TRY(head, crosser_.Source(source, {}));
  }
  const PartKey key{source.name, RecordKind::kSource, ""};
  GF_CHECK(Replace(key, TakeHead(key), std::nullopt, std::move(head)));
  return Ok();
}

PartHead SiteState::TakeHead(const PartKey& key) {
  const auto known = heads_.find(key);
  if (known == heads_.end()) return {};
  PartHead head = known->second;
  heads_.erase(known);
  return head;
}

Result<std::uint64_t> SiteState::RefreshUnit(const store::KnownSource& source, const Unit& unit,
                                             const Crosser::Sink& sink) {
  const PartHead head = TakeHead(unit.key);
  const bool same = unit.input_digest && head.input_digest == unit.input_digest;
  if (same && !everything_ && !sink) return head.live;
  GF_TRY(Crosser::Part now, Cross(source, unit, sink));
  return Replace(unit.key, head, unit.input_digest, std::move(now));
}

Result<std::uint64_t> SiteState::Replace(const PartKey& key, const PartHead& head,
                                         const std::optional<Digest256>& input_digest,
                                         Crosser::Part now) {
  store::PartContent before;
  if (head.id != 0) {
    GF_TRY(before, parts_.Content(head.id));
  }
  const std::string counts = now.tally.Serialize();
  const std::uint64_t live = now.rows.size();
  store::PartChange merged =
      store::MergePart(std::move(before.rows), std::move(now.rows), seq_, &digest_);
  changed_ = changed_ || merged.changed;
  if (!merged.changed && before.counts == counts) {
    if (head.id != 0 && head.input_digest != input_digest)
      GF_CHECK(parts_.Seen(head.id, input_digest));
    if (head.id != 0 || (merged.rows.empty() && !input_digest)) return live;
  }
  if (!before.counts.empty()) {
    GF_TRY(const Tally was, Tally::Parse(before.counts));
    tally_.Subtract(was);
  }
  tally_.Add(now.tally);
  GF_CHECK(parts_.Save(key, input_digest, merged.changed ? seq_ : head.changed,
                       {counts, std::move(merged.rows)}));
  return live;
}

Status SiteState::WriteDelta(std::uint64_t base, transfer::PayloadWriter* delta,
                             const StateProgress& progress) {
  if (base < state_.oldest_base) {
    return Error::Make(Kind::kNotReady,
                       "what went between the numbers {0}.{1} and {0}.{2} is no longer known for "
                       "site {3}",
                       state_.epoch, base, state_.oldest_base, site_.name)
        .Hint("write a full: `gapferry-export bundle --site {} --kind full`", site_.name);
  }
  GF_TRY(const auto heads, parts_.Heads());
  GF_TRY(const PartList changed, parts_.ChangedSince(base));
  for (auto part = changed.begin(); part != changed.end();) {
    const auto next = std::find_if(part, changed.end(), [&](const auto& other) {
      return other.first.source != part->first.source;
    });
    const auto source = heads.find({part->first.source, RecordKind::kSource, ""});
    const bool is_there = source != heads.end() && source->second.live > 0;
    GF_CHECK(WriteSourceDelta({part, next}, is_there, base, delta));
    progress(static_cast<std::uint64_t>(next - part));
    part = next;
  }
  return Ok();
}

Status SiteState::WriteSourceDelta(const PartList& parts, bool source_is_there, std::uint64_t base,
                                   transfer::PayloadWriter* delta) {
  const std::string& name = parts.front().first.source;
  const auto source =
      std::find_if(sources_.begin(), sources_.end(),
                   [&](const store::KnownSource& known) { return known.name == name; });
  if (!source_is_there || source == sources_.end()) {
    return delta->PutTombstone(HeadOf({name, RecordKind::kSource, ""}));
  }
  GF_TRY(const Crosser::Part ignored,
         crosser_.Source(*source, [&](const Record& crossed, const Digest256& digest) {
           return delta->Put(crossed, digest);
         }));
  (void)ignored;
  GF_TRY(const std::vector<Unit> units, Units(*source));
  for (const auto& [key, part] : parts) {
    if (key.kind == RecordKind::kSource) continue;
    const auto unit =
        std::lower_bound(units.begin(), units.end(), key,
                         [](const Unit& left, const PartKey& right) { return left.key < right; });
    const bool in_mirror = unit != units.end() && unit->key == key;
    if (part.live > 0 && in_mirror) {
      GF_CHECK(WriteUnit(*source, *unit, part, base, delta));
    } else {
      GF_CHECK(delta->PutTombstone(HeadOf(key)));
    }
  }
  return Ok();
}

Status SiteState::WriteUnit(const store::KnownSource& source, const Unit& unit,
                            const PartHead& head, std::uint64_t base,
                            transfer::PayloadWriter* delta) {
  GF_TRY(const store::PartContent content, parts_.Content(head.id));
  for (const PartRow& row : content.rows) {
    if (row.gone && row.seq > base) GF_CHECK(delta->PutTombstone(KeyOf(unit.key, row)));
  }
  auto row = content.rows.begin();
  GF_TRY(const Crosser::Part ignored,
         Cross(source, unit, [&](const Record& crossed, const Digest256& digest) -> Status {
           // The same rows in the same order, apart from those that went.
           while (row != content.rows.end() && row->gone)
             ++row;
           if (row == content.rows.end() || row->digest != digest) {
             return Error::Make(Kind::kInternal,
                                "the record of what site {} holds is not its state", site_.name);
           }
           // The head always: it says what the rows below belong to.
           const bool put = row->kind == unit.key.kind || row->seq > base;
           ++row;
           return put ? delta->Put(crossed, digest) : Ok();
         }));
  (void)ignored;
  return Ok();
}

Status SiteState::Save() {
  state_.digest = digest_.value();
  state_.counts = tally_.Serialize();
  return store::SaveStreamState(mirror_, stream_.uuid, state_);
}

}  // namespace gapferry::exporter
