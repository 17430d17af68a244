#include "detect/generate.h"

#include <algorithm>
#include <array>
#include <memory>

#include "base/file.h"
#include "detect/candidate.h"
#include "detect/check.h"
#include "detect/decide.h"
#include "detect/event_walk.h"
#include "detect/format.h"
#include "detect/gather.h"
#include "detect/generation.h"
#include "detect/guard.h"
#include "detect/manifest.h"
#include "detect/registry.h"
#include "detect/rights.h"

namespace gapferry::detect {
namespace {

// One destination while its generation is made.
struct Work {
  const Destination* destination;
  const Format* format;
  DestinationSummary* summary;
  bool by_event = false;  // ReadsByEvent
  std::optional<Generations> generations;
  std::optional<Rights> rights;  // else as the process makes files
  std::optional<OutputFolder> output;
  std::unique_ptr<Writer> writer;
  std::unique_ptr<EventWriter> event_writer;                   // instead of `writer`
  std::array<std::uint64_t, intel::kIndicatorKinds> values{};  // given to `writer`, by kind

  [[nodiscard]] bool failed() const { return summary->error.has_value(); }
  void Fail(Error error) {
    if (!failed()) summary->error = std::move(error);
  }
  void Drop() {
    writer.reset();
    event_writer.reset();
    if (!output) return;
    std::error_code ignored;
    std::filesystem::remove_all(output->path(), ignored);
  }
};

class Generation {
 public:
  Generation(store::Store& store, const Site& site, const std::filesystem::path& folder,
             Decider* decider, CandidateSorter* sorter, GenerateSummary* summary,
             const GenerateProgress& progress)
      : store_(store),
        site_(site),
        folder_(folder),
        decider_(*decider),
        sorter_(*sorter),
        registry_(store, site.created),
        // Where values are gathered, that was the walk that is shown.
        walk_progress_(AnyTakesValues(site) ? GenerateProgress{} : progress) {
    for (std::size_t i = 0; i < site.destinations.size(); ++i) {
      const Destination& destination = site.destinations[i];
      work_.push_back({&destination,
                       FindFormat(destination.format),
                       &summary->destinations[i],
                       ReadsByEvent(destination),
                       std::nullopt,
                       std::nullopt,
                       std::nullopt,
                       nullptr,
                       nullptr,
                       {}});
    }
  }

  // Everything up to, but not including, the switch. Ids are registered in the open transaction.
  Status Build() {
    for (Work& work : work_) {
      const Status status = Prepare(&work);
      if (!status.ok()) work.Fail(status.error());
    }
    GF_CHECK(Distribute());
    for (std::size_t i = 0; i < work_.size(); ++i)
      GF_CHECK(Complete(i));
    return Ok();
  }

  void Publish() {
    for (Work& work : work_) {
      DestinationSummary& summary = *work.summary;
      if (!work.failed()) {
        const Status status = summary.outcome == Outcome::kSwitched ? Deploy(&work) : Remind(work);
        if (!status.ok()) work.Fail(status.error());
      }
      if (work.failed()) summary.outcome = Outcome::kRefused;
      if (!work.generations) continue;
      // For `status` only: a disk that is full must not be the end of it.
      static_cast<void>(
          work.generations->SetRefusal(work.failed() ? summary.error->what : std::string()));
      summary.generation = work.generations->current();
      if (work.output && summary.generation != work.output->path()) work.Drop();
      if (work.failed() && HoldsRecalled(work)) {
        summary.error = std::move(*summary.error)
                            .Hint(
                                "what is in use there was made from a state that was recalled, "
                                "and holds what should never have crossed");
      }
      // Also if the new one was refused: nothing may lead back there.
      if (site_.only_states) {
        const Status status = work.generations->PurgeOthers(*site_.only_states);
        if (!status.ok()) work.Fail(status.error());
      }
      if (work.failed()) continue;
      // Also without a switch: `keep` may be less than it was.
      const Status status = work.generations->Prune(site_.keep);
      if (!status.ok()) work.Fail(status.error());
    }
  }
  // Instead of Publish: what would be different.
  void Preview() {
    for (Work& work : work_) {
      if (!work.failed() && work.summary->outcome == Outcome::kSwitched) {
        auto changes = CompareGenerations(work.generations->current(), work.output->path());
        work.summary->outcome = Outcome::kPreviewed;
        if (changes.ok()) {
          work.summary->changes = std::move(changes).value();
        } else {
          work.Fail(std::move(changes).error());
        }
      }
      if (work.generations) work.summary->generation = work.generations->current();
      work.Drop();
    }
  }
  void Abandon() {
    for (Work& work : work_)
      work.Drop();
  }

 private:
  // A link would lead the files to where nobody looks for them, or over those of others.
  static Status RefuseLink(const Destination& destination) {
    std::error_code code;
    if (destination.folder.empty() ||
        std::filesystem::symlink_status(destination.folder, code).type() !=
            std::filesystem::file_type::symlink)
      return Ok();
    return Error::Make(Kind::kConfig, "destination {}: the folder {} is a symbolic link",
                       destination.name, destination.folder.string())
        .Hint("give the folder that it leads to");
  }

  bool HoldsRecalled(const Work& work) const {
    const Json& manifest = work.generations->manifest();
    return site_.only_states && manifest.is_object() &&
           !site_.only_states->contains(manifest.value("state_digest", ""));
  }

  // Puts the new generation into use and tells the consumer. If that fails, all is as before.
  Status Deploy(Work* work) {
    Generations& generations = *work->generations;
    const std::filesystem::path before = generations.current();
    if (work->rights) GF_CHECK(generations.LetThrough(*work->rights));
    const bool reloads = !work->destination->reload.empty();
    if (reloads) GF_CHECK(generations.SetReloadPending(true));
    GF_CHECK(generations.Switch(work->output->path()));
    if (!reloads) return Ok();
    Status told = RunReload(site_.run, *work->destination, generations.current_link());
    if (told.ok()) return generations.SetReloadPending(false);
    GF_CHECK(before.empty() ? generations.Withdraw() : generations.Switch(before));
    if (before.empty()) return told;
    const Status again = RunReload(site_.run, *work->destination, generations.current_link());
    if (again.ok()) {
      GF_CHECK(generations.SetReloadPending(false));
      return std::move(told).error().Hint("the generation before is in use again");
    }
    return std::move(told).error().Hint(
        "the generation before is in its place again, but the reload of that failed too: look at "
        "the consumer now");
  }

  // A run before this one may have ended between the switch and the reload.
  Status Remind(const Work& work) {
    if (work.destination->reload.empty() || !work.generations->reload_pending()) return Ok();
    GF_CHECK(RunReload(site_.run, *work.destination, work.generations->current_link()));
    return work.generations->SetReloadPending(false);
  }

  Status Prepare(Work* work) {
    GF_TRY(work->rights, FindRights(*work->destination));
    GF_CHECK(RefuseLink(*work->destination));
    GF_TRY(work->generations, Generations::Open(FolderOf(*work->destination, folder_)));
    GF_TRY(const std::filesystem::path next, work->generations->Next(site_.state_digest));
    GF_TRY(work->output, OutputFolder::Create(next, work->rights.has_value()));
    const WriterContext context{*work->destination, *work->output, work->generations->current(),
                                site_.created,      sorter_,       registry_,
                                site_.fenced};
    if (work->format->make_for_events != nullptr) {
      work->event_writer = work->format->make_for_events(context);
    } else {
      work->writer = work->format->make(context);
    }
    work->summary->values_before = ValuesOf(work->generations->manifest());
    return Ok();
  }

  // One pass by value for all destinations; formats that read by event only count here.
  Status Distribute() {
    return sorter_.ForEachValue(
        work_.size(), [&](std::size_t destination, const Candidate& candidate) -> Status {
          Work& work = work_[destination];
          if (work.failed()) return Ok();
          std::uint64_t refused = 0;
          if (!work.by_event) {
            refused = work.writer->late_refusals().counts().Total();
            const Status status = work.writer->Add(candidate.mentions[0].event, candidate);
            if (!status.ok()) work.Fail(status.error());
            refused = work.writer->late_refusals().counts().Total() - refused;
          }
          if (refused > 0) return Ok();
          ++work.values[static_cast<std::size_t>(candidate.kind)];
          NoteWider(candidate, work.summary);
          return Ok();
        });
  }

  void NoteWider(const Candidate& candidate, DestinationSummary* summary) const {
    const bool can_be = candidate.kind == intel::IndicatorKind::kDomain ||
                        candidate.kind == intel::IndicatorKind::kNetwork;
    if (!can_be || site_.allowlist == nullptr) return;
    const intel::Indicator indicator{candidate.kind, candidate.value};
    if (site_.allowlist->Overlaps(indicator).empty()) return;
    ++summary->wider;
    if (summary->wider_first.size() < DestinationSummary::kMaxWider)
      summary->wider_first.push_back({candidate.value, site_.allowlist->Where(indicator, true)});
  }

  // A failure undoes what the destination registered, and only that.
  Status Complete(std::size_t place) {
    Work& work = work_[place];
    if (work.failed()) return Ok();
    GF_CHECK(store_.Savepoint());
    const Status status = Finish(place);
    if (status.ok()) return store_.ReleaseSavepoint();
    store_.RollbackToSavepoint();
    work.Fail(status.error());
    return Ok();
  }

  Status FinishValues(std::size_t place) {
    Work& work = work_[place];
    if (work.by_event) {
      GF_CHECK(sorter_.ForEachEvent(place, [&](EventNumber event, const Candidate& candidate) {
        return work.writer->Add(event, candidate);
      }));
    }
    GF_CHECK(work.writer->Finish());
    for (std::size_t kind = 0; kind < work.values.size(); ++kind) {
      work.values[kind] -= work.writer->late_refusals().TakenBack(kind);
      if (work.values[kind] > 0)
        work.summary
            ->values[std::string(IndicatorKindName(static_cast<intel::IndicatorKind>(kind)))] +=
            work.values[kind];
    }
    work.summary->used -= work.writer->late_refusals().counts().Total();
    work.summary->reasons.Merge(work.writer->late_refusals().counts());
    work.summary->refused_late = work.writer->late_refusals();
    return Ok();
  }

  // What the manifest says of the files must hold, and a check that alters them would do so again
  // and again: each run would find other files in use than it made.
  Status Check(const Work& work, const Json& manifest) const {
    if (work.destination->check.empty()) return Ok();
    GF_CHECK(RunCheck(site_.run, *work.destination, work.output->path()));
    const std::vector<std::string> altered = AlteredFiles(work.output->path(), manifest);
    if (altered.empty()) return Ok();
    return Error::Make(Kind::kArtifactCheck, "the check of {} altered {}: {}",
                       work.destination->name, altered.front(), work.destination->check[0])
        .Hint("a check may only look, and add files: let it alter a copy");
  }

  Status Finish(std::size_t place) {
    Work& work = work_[place];
    DestinationSummary& summary = *work.summary;
    GF_CHECK(work.writer ? FinishValues(place)
                         : WalkEvents(store_, site_, place, &decider_, work.event_writer.get(),
                                      &summary, walk_progress_));
    const Json manifest =
        MakeManifest(site_, *work.destination, *work.format, summary, *work.output);
    const Json& before = work.generations->manifest();
    const bool same = SameFiles(manifest, before);
    // `manifest` names the same files, and we have just made it: that of the disk may say anything.
    if (same) summary.altered = AlteredFiles(work.generations->current(), manifest);
    if (same && summary.altered.empty()) {
      summary.outcome = Outcome::kUnchanged;
      // The same artifacts now stand for another state.
      if (manifest == before || site_.preview) return Ok();
      return WriteWithRights(work.generations->current() / kManifestName, DumpJsonPretty(manifest),
                             work.rights);
    }
    GF_CHECK(GuardChange(site_, summary, before));
    if (work.rights) GF_CHECK(SetRights(work.output->path(), *work.rights));
    GF_CHECK(Check(work, manifest));
    GF_CHECK(work.output->Sync());
    GF_CHECK(WriteWithRights(work.output->path() / kManifestName, DumpJsonPretty(manifest),
                             work.rights));
    summary.outcome = Outcome::kSwitched;
    return Ok();
  }

  store::Store& store_;
  const Site& site_;
  const std::filesystem::path& folder_;
  Decider& decider_;
  CandidateSorter& sorter_;
  Registry registry_;
  GenerateProgress walk_progress_;
  std::vector<Work> work_;
};

}  // namespace

Result<GenerateSummary> Generate(store::Store& store, const Site& site,
                                 const std::filesystem::path& folder,
                                 const GenerateProgress& progress) {
  InitCrypto();
  GF_CHECK(CheckSite(site));
  GF_CHECK(MakeFolder(folder));
  GF_TRY(const Fd lock, LockFolder(folder));
  GenerateSummary summary;
  for (const Destination& destination : site.destinations) {
    DestinationSummary& entry = summary.destinations.emplace_back();
    entry.name = destination.name;
    entry.format = destination.format;
  }
  GF_TRY(Decider decider, Decider::Create(store, site));
  const bool by_event =
      std::any_of(site.destinations.begin(), site.destinations.end(), ReadsByEvent);
  GF_TRY(CandidateSorter sorter, CandidateSorter::Create(folder, by_event));
  GF_CHECK(store.Begin());
  Generation generation(store, site, folder, &decider, &sorter, &summary, progress);
  Status status = Gather(store, site, &decider, &sorter, &summary.destinations, progress);
  if (status.ok()) status = generation.Build();
  // Ids before the switch: if this ends between the two, the next run finds the same ids.
  if (status.ok() && site.preview) {
    store.Rollback();
    generation.Preview();
    return summary;
  }
  if (status.ok()) status = store.Commit();
  if (!status.ok()) {
    store.Rollback();
    generation.Abandon();
    return std::move(status).error();
  }
  generation.Publish();
  return summary;
}

}  // namespace gapferry::detect
