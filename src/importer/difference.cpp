#include "importer/difference.h"

#include <algorithm>
#include <set>

#include "detect/generate.h"
#include "detect/generation.h"
#include "detect/manifest.h"
#include "importer/commands.h"
#include "policy/cross.h"

namespace gapferry::importer {
namespace {

using store::Record;
using store::RecordKind;

struct Row {
  Digest256 digest{};
  RecordKind kind = RecordKind::kEvent;
  std::string type;  // of an attribute
  intel::Tlp tlp = intel::Tlp::kClear;
};
using Rows = std::map<std::string, Row>;  // by key

// One side of the comparison.
class Side {
 public:
  explicit Side(store::Store* store) : store_(store), reader_(store->Reader()) {}

  Status Load() {
    GF_TRY(const auto sources, store_->KnownSources());
    for (const store::KnownSource& source : sources) {
      sources_[source.name] = source;
      GF_TRY(const auto events, store_->ListEvents(source.id));
      for (const store::KnownEvent& event : events)
        units_[{source.name, std::string(AsText(event.uuid.bytes)), true}] = event.id;
      GF_TRY(const auto lists, store_->ListWarninglists(source.id));
      for (const store::KnownWarninglist& list : lists)
        units_[{source.name, list.name, false}] = list.id;
    }
    return Ok();
  }

  struct Unit {
    std::string source;
    std::string name;
    bool is_event = true;
    friend auto operator<=>(const Unit&, const Unit&) = default;
  };
  [[nodiscard]] const std::map<Unit, std::int64_t>& units() const { return units_; }
  [[nodiscard]] const std::map<std::string, store::KnownSource>& sources() const {
    return sources_;
  }

  Result<Rows> RowsOf(const Unit& unit) {
    Rows rows;
    const auto found = units_.find(unit);
    if (found == units_.end()) return rows;
    const intel::Tlp default_tlp = sources_.at(unit.source).default_tlp;
    intel::Markings event;
    const auto take = [&](const Record& record) {
      if (record.kind == RecordKind::kEvent) event = policy::ReadMarkings(record.event.tags);
      encoded_.clear();
      store::EncodeRecord(record, &encoded_);
      Row& row = rows[store::EncodeKey(record)];
      row.digest = Hash256(AsBytes(encoded_));
      row.kind = record.kind;
      if (record.kind == RecordKind::kAttribute) {
        row.type = record.attribute.type;
        row.tlp =
            policy::EffectiveTlp(event, policy::ReadMarkings(record.attribute.tags), default_tlp);
      }
      return Ok();
    };
    if (unit.is_event) {
      GF_CHECK(reader_.OfEvent(unit.source, found->second, take));
    } else {
      GF_CHECK(reader_.OfWarninglist(unit.source, found->second, take));
    }
    return rows;
  }

 private:
  store::Store* store_;
  store::RowReader reader_;
  std::map<std::string, store::KnownSource> sources_;
  std::map<Unit, std::int64_t> units_;
  std::string encoded_;
};

void Count(Difference* difference, const std::string& source, const Row& row,
           std::uint64_t Change::*what) {
  ++(difference->kind[std::string(RecordKindName(row.kind))].*what);
  if (row.kind != RecordKind::kAttribute) return;
  ++(difference->type[row.type].*what);
  ++(difference->tlp[std::string(intel::TlpName(row.tlp))].*what);
  ++(difference->source[source].*what);
}

void CompareRows(const std::string& source, const Rows& before, const Rows& after,
                 Difference* difference) {
  for (const auto& [key, row] : after) {
    const auto old = before.find(key);
    if (old == before.end()) {
      Count(difference, source, row, &Change::added);
    } else if (old->second.digest != row.digest) {
      Count(difference, source, row, &Change::changed);
    }
  }
  for (const auto& [key, row] : before) {
    if (!after.contains(key)) Count(difference, source, row, &Change::removed);
  }
}

Json ChangesJson(const std::map<std::string, Change>& changes) {
  Json json = Json::object();
  for (const auto& [name, change] : changes) {
    json[name] = {
        {"added", change.added}, {"changed", change.changed}, {"removed", change.removed}};
  }
  return json;
}

void ShowChanges(Console& console, const char* title,
                 const std::map<std::string, Change>& changes) {
  if (changes.empty()) return;
  console.Say(fmt::format("{:<26} {:>12} {:>12} {:>12}", title, "added", "changed", "removed"));
  for (const auto& [name, change] : changes) {
    console.Say(fmt::format("  {:<24} {:>12} {:>12} {:>12}", Printable(name), Grouped(change.added),
                            Grouped(change.changed), Grouped(change.removed)));
  }
}

// Leaves nothing by which a destination reaches out of its folder.
void KeepAside(detect::Destination* destination) {
  destination->check.clear();
  destination->reload.clear();
  destination->folder.clear();
  destination->owner.clear();
  destination->mode.clear();
}

// Makes the artifacts of the state aside in a folder that is thrown away.
Result<Json> CompareArtifacts(Session& session, Config config, store::Store* aside,
                              const Home& home) {
  const std::filesystem::path folder = home.work() / "diff";
  const std::filesystem::path artifacts = config.artifacts;
  GF_TRY(LoadedSite loaded, LoadSite(std::move(config), aside));
  loaded.site.accept_change = true;
  std::vector<std::filesystem::path> live;
  for (detect::Destination& destination : loaded.site.destinations) {
    live.push_back(detect::FolderOf(destination, artifacts));
    KeepAside(&destination);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  auto summary = detect::Generate(*aside, loaded.site, folder);
  std::filesystem::remove_all(folder, ignored);
  if (!summary.ok()) return std::move(summary).error();
  Json json = Json::array();
  for (std::size_t i = 0; i < live.size(); ++i) {
    const detect::DestinationSummary& destination = summary->destinations[i];
    GF_TRY(const detect::Generations now, detect::Generations::Open(live[i]));
    const std::uint64_t before = detect::ValuesOf(now.manifest());
    const std::uint64_t after = detect::ValuesOf(destination);
    json.push_back(
        {{"destination", destination.name}, {"values_before", before}, {"values_after", after}});
    session.console.Say(fmt::format("artifacts  {}: {} → {} values", destination.name,
                                    Grouped(before), Grouped(after)));
  }
  return json;
}

}  // namespace

Result<Difference> Compare(store::Store* before, store::Store* after) {
  Side old_side(before);
  Side new_side(after);
  GF_CHECK(old_side.Load());
  GF_CHECK(new_side.Load());
  Difference difference;
  std::set<Side::Unit> units;
  for (const Side* side : {&old_side, &new_side}) {
    for (const auto& [unit, id] : side->units())
      units.insert(unit);
  }
  for (const Side::Unit& unit : units) {
    GF_TRY(const Rows old_rows, old_side.RowsOf(unit));
    GF_TRY(const Rows new_rows, new_side.RowsOf(unit));
    CompareRows(unit.source, old_rows, new_rows, &difference);
  }
  for (const auto& [name, source] : new_side.sources()) {
    const auto old = old_side.sources().find(name);
    if (old == old_side.sources().end()) {
      ++difference.kind["source"].added;
    } else if (old->second.default_tlp != source.default_tlp) {
      ++difference.kind["source"].changed;
    }
  }
  for (const auto& [name, source] : old_side.sources()) {
    if (!new_side.sources().contains(name)) ++difference.kind["source"].removed;
  }
  return difference;
}

Status ShowDifference(Session& session, const Opened& opened, const Config& config,
                      store::Store* present, store::Store* aside, const Home& home) {
  GF_TRY(const Difference difference, Compare(present, aside));
  Console& console = session.console;
  GF_TRY(const SiteTrust trust, LoadTrust(present));
  Described described = Describe(opened, bundle::JudgeClock({Now(), false}, trust.state.floor));
  console.Say("NOTHING WAS CHANGED   this is what an import would do");
  for (const std::string& line : described.lines)
    console.Say(line);
  ShowChanges(console, "rows", difference.kind);
  ShowChanges(console, "attributes by type", difference.type);
  ShowChanges(console, "attributes by TLP", difference.tlp);
  ShowChanges(console, "attributes by source", difference.source);
  if (difference.kind.empty()) console.Say("no row differs");
  Json artifacts = Json::array();
  if (!config.site.destinations.empty()) {
    GF_TRY(artifacts, CompareArtifacts(session, config, aside, home));
  }
  described.json["dry_run"] = true;
  described.json["rows_changed"] = ChangesJson(difference.kind);
  described.json["types_changed"] = ChangesJson(difference.type);
  described.json["tlp_changed"] = ChangesJson(difference.tlp);
  described.json["sources_changed"] = ChangesJson(difference.source);
  described.json["artifacts"] = artifacts;
  console.Emit("diff", described.json);
  return Ok();
}

}  // namespace gapferry::importer
