#include <algorithm>

#include "base/suggest.h"
#include "exporter/collect_log.h"
#include "exporter/collecting.h"
#include "exporter/commands.h"

namespace gapferry::exporter {
namespace {

std::string EventLine(const SourceConfig& source, const collect::CollectReport& report) {
  const auto attributes = report.rows.find("attribute");
  return fmt::format("{}  {} new, {} changed, {} unchanged, {} gone{}", source.name,
                     Grouped(report.added), Grouped(report.changed), Grouped(report.unchanged),
                     Grouped(report.removed),
                     attributes == report.rows.end()
                         ? ""
                         : fmt::format("; {} attributes read", Grouped(attributes->second)));
}

// Of a feed that is one event, its values are what counts.
std::string ValueLine(const SourceConfig& source, const collect::ValueCounts& values) {
  std::string line = fmt::format("{}  {} values: {} new, {} gone", source.name,
                                 Grouped(values.added + values.same + values.kept),
                                 Grouped(values.added), Grouped(values.gone));
  if (values.kept > 0)
    line += fmt::format(", {} kept though no longer listed", Grouped(values.kept));
  if (values.excluded > 0) line += fmt::format("; {} excluded", Grouped(values.excluded));
  if (values.without_form > 0)
    line += fmt::format("; {} cells without a known form", Grouped(values.without_form));
  return line;
}

// With hundreds of new lists their number is enough; one that is gone protects from nothing more.
constexpr std::size_t kMostNewLists = 10;

std::string ListLine(const collect::ListChange& list) {
  using What = collect::ListChange::What;
  std::string line = fmt::format("  list {}: ", Printable(list.name));
  if (list.what == What::kNew)
    return line + fmt::format("new, {} entries", Grouped(list.entries_added));
  if (list.what == What::kRemoved)
    return line + fmt::format("gone, with {} entries", Grouped(list.entries_removed));
  line += fmt::format("version {} → {}, +{} −{} entries", list.old_version, list.new_version,
                      Grouped(list.entries_added), Grouped(list.entries_removed));
  if (list.old_head.type != list.new_head.type) {
    line +=
        fmt::format(", type {} → {}", Printable(list.old_head.type), Printable(list.new_head.type));
  }
  if (list.old_head.attributes != list.new_head.attributes) line += ", for other attribute types";
  return line;
}

void ShowLists(Console& console, const std::vector<collect::ListChange>& lists) {
  const auto is_new = [](const collect::ListChange& list) {
    return list.what == collect::ListChange::What::kNew;
  };
  const auto fresh = static_cast<std::size_t>(std::count_if(lists.begin(), lists.end(), is_new));
  if (fresh > kMostNewLists) console.Say(fmt::format("  {} lists are new", Grouped(fresh)));
  for (const collect::ListChange& list : lists) {
    if (!is_new(list) || fresh <= kMostNewLists) console.Say(ListLine(list));
  }
}

void ShowRemark(Console& console, const SourceConfig& source, const collect::Remark& remark) {
  const std::string line = fmt::format("{}: {}", source.name, Printable(remark.text));
  if (remark.warning) {
    console.Warn(line);
  } else {
    console.Note(line);
  }
}

void Show(Session& session, const SourceConfig& source, const collect::CollectReport& report) {
  Console& console = session.console;
  console.Emit("collect", collect::ToJson(report));
  console.Say(report.values ? ValueLine(source, *report.values) : EventLine(source, report));
  for (const auto& [why, events] : report.gone)
    console.Say(fmt::format("  {} events {}", Grouped(events), why));
  if (report.left_out_events + report.left_out_attributes > 0) {
    console.Say(fmt::format("  {} events and {} attributes are not selected",
                            Grouped(report.left_out_events), Grouped(report.left_out_attributes)));
  }
  for (const collect::Remark& note : report.notes)
    ShowRemark(console, source, note);
  ShowLists(console, report.lists);
  if (report.values) {
    for (const collect::Refusal& example : report.values->examples)
      console.Say("  " + Printable(example.ToError().what));
  }
  for (const collect::Refusal& refusal : report.refused) {
    console.Warn(fmt::format("refused: {}", Printable(refusal.ToError().what)));
  }
  if (report.refused_count > report.refused.size()) {
    console.Warn(fmt::format("{}: {} more were refused", source.name,
                             Grouped(report.refused_count - report.refused.size())));
  }
  if (report.repeated_rows > 0) {
    console.Warn(fmt::format("{}: {} rows with a UUID that their event has already are left out",
                             source.name, Grouped(report.repeated_rows)));
  }
  if (report.kept > 0) {
    console.Warn(fmt::format("{}: {} {} keep their earlier state", source.name,
                             Grouped(report.kept),
                             source.kind == "warninglists" ? "lists" : "refused events"));
  }
}

void Count(const collect::CollectReport& report, Collected* collected) {
  std::uint64_t moved = report.added + report.changed + report.removed;
  if (report.values) {  // its one event changes with each day that it renews
    moved = report.values->added + report.values->gone;
    collected->values_added += report.values->added;
    collected->values_gone += report.values->gone;
  }
  collected->added += report.added;
  collected->changed += report.changed;
  collected->removed += report.removed;
  collected->refused += report.refused_count;
  ++collected->good;
  if (moved + report.refused_count == 0) ++collected->unchanged;
}

// Reports the errors of the sources, but for one that is all there is to say.
std::optional<Error> ProblemOf(Session& session, const Collected& collected,
                               std::vector<Error> failed) {
  for (std::size_t i = collected.good == 0 ? 1 : 0; i < failed.size(); ++i)
    session.console.Report(failed[i]);
  if (collected.good == 0) return std::move(failed.front());
  if (collected.refused == 0 && failed.empty()) return std::nullopt;
  return Error::Make(Kind::kPartly,
                     "refused files or rows: {}; failed sources: {}; the rest is collected",
                     collected.refused, failed.size());
}

}  // namespace

Result<Collected> CollectSources(Session& session, const Home& home, const Config& config,
                                 const std::string& only) {
  const std::vector<std::string> names = SourceNames(config);
  if (!only.empty() && std::find(names.begin(), names.end(), only) == names.end()) {
    return Error::Make(Kind::kNotFound, "there is no source \"{}\" in export.yml{}", only,
                       DidYouMean(only, names));
  }
  if (names.empty()) {
    return Error::Make(Kind::kNotReady, "no source is configured")
        .Hint("name one in {}", home.config_file().string());
  }
  GF_TRY(store::Store mirror, home.OpenMirror());
  Collected collected;
  std::vector<Error> failed;
  for (const SourceConfig& source : config.sources) {
    if (!only.empty() && source.name != only) continue;
    const std::uint64_t warnings = session.console.warnings();
    auto report = CollectSource(session, source, &mirror);
    if (!report.ok()) {
      // One source that is away must not keep the others from crossing.
      failed.push_back(std::move(report).error().In("source " + source.name));
      collected.failed.push_back(source.name);
      continue;
    }
    GF_CHECK(LogRun(&mirror, *report, Now()));
    Show(session, source, *report);
    if (session.console.warnings() > warnings) collected.warned.push_back(source.name);
    Count(*report, &collected);
  }
  collected.problem = ProblemOf(session, collected, std::move(failed));
  return collected;
}

Command CollectCommand() {
  return {"collect", "read the sources into the mirror",
          "Each source is read in one transaction; files that did not change are skipped. What is "
          "malformed is refused "
          "with file, line and reason, keeps its earlier state, and makes the exit code 5 "
          "(partly); so does a source that fails beside others, and where all fail, the code is "
          "the first one's. What a source no longer lists is removed.",
          [](Arguments& arguments) {
            auto only = std::make_shared<std::string>();
            arguments.Option("--source", only.get(), "only this source");
            return [only](Session& session) -> Status {
              GF_TRY(const Home home, Home::Open(session));
              GF_TRY(const Config config, home.LoadConfig());
              GF_TRY(const Fd lock, home.Lock());
              GF_TRY(Collected collected, CollectSources(session, home, config, *only));
              return collected.problem ? Status(*std::move(collected.problem)) : Ok();
            };
          }};
}

}  // namespace gapferry::exporter
