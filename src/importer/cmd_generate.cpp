#include "detect/generate.h"

#include <algorithm>
#include <set>

#include "base/suggest.h"
#include "detect/format.h"
#include "detect/id_use.h"
#include "importer/commands.h"
#include "importer/recall.h"

namespace gapferry::importer {
namespace {

constexpr std::uint64_t kMaxListFile = 64 << 20;

std::string_view OutcomeName(detect::Outcome outcome) {
  switch (outcome) {
    case detect::Outcome::kSwitched:
      return "switched";
    case detect::Outcome::kUnchanged:
      return "unchanged";
    case detect::Outcome::kRefused:
      return "refused";
    case detect::Outcome::kPreviewed:
      return "would change";
  }
  return "";
}

Json ReasonsJson(const policy::ReasonCounts& reasons) {
  Json list = Json::array();
  for (const auto& [key, count] : reasons.map()) {
    list.push_back(
        {{"reason", policy::ReasonCode(key.reason)}, {"detail", key.detail}, {"count", count}});
  }
  return list;
}

Json ChangesJson(const std::vector<detect::FileChange>& changes) {
  Json list = Json::array();
  for (const detect::FileChange& change : changes) {
    list.push_back({{"file", change.name},
                    {"lines_added", change.added},
                    {"lines_removed", change.removed},
                    {"added", change.added_lines},
                    {"removed", change.removed_lines}});
  }
  return list;
}

void ShowLines(Console& console, char sign, std::uint64_t count,
               const std::vector<std::string>& lines) {
  // A rule is told from its former self by its end: TLP, dates, sid and rev.
  constexpr std::size_t kShown = 2000;
  constexpr std::size_t kEnd = 800;
  for (const std::string& line : lines) {
    std::string text = line;
    if (text.size() > kShown) text.replace(kShown - kEnd, text.size() - kShown, " … ");
    console.Say(fmt::format("{} {}", sign, Printable(text)));
  }
  if (count > lines.size())
    console.Say(fmt::format("{} … and {} more lines", sign, Grouped(count - lines.size())));
}

void ShowChanges(Console& console, const std::vector<detect::FileChange>& changes) {
  for (const detect::FileChange& change : changes) {
    console.Say(fmt::format("  {}: {} lines come, {} go", Printable(change.name),
                            Grouped(change.added), Grouped(change.removed)));
    ShowLines(console, '-', change.removed, change.removed_lines);
    ShowLines(console, '+', change.added, change.added_lines);
  }
}

// The site may believe that it has silenced these.
void NoteWider(Console& console, const detect::DestinationSummary& summary) {
  if (summary.wider == 0) return;
  std::string first;
  for (const detect::WiderValue& one : summary.wider_first)
    first += fmt::format("{}{} (holds {})", first.empty() ? "" : ", ", Printable(one.value),
                         Printable(one.where));
  console.Note(
      fmt::format("{}: wider than an entry of the allowlist, so that it still matches what is "
                  "allowed: {}{} ({} "
                  "in all); to silence it, allow the wider value",
                  summary.name, first, summary.wider > summary.wider_first.size() ? ", …" : "",
                  Grouped(summary.wider)));
}

// Of `current`, which nobody else writes.
void NoteAltered(Console& console, const detect::DestinationSummary& summary) {
  if (summary.altered.empty()) return;
  console.Note(
      fmt::format("{}: {} files in use were not as `generate` had written them, first {}: {}",
                  summary.name, Grouped(summary.altered.size()), Printable(summary.altered[0]),
                  summary.outcome == detect::Outcome::kSwitched ? "they were written anew"
                                                                : "they are still there"));
}

void Show(Session& session, const detect::DestinationSummary& summary) {
  Console& console = session.console;
  console.Emit("destination", {{"destination", summary.name},
                               {"format", summary.format},
                               {"outcome", OutcomeName(summary.outcome)},
                               {"generation", summary.generation.string()},
                               {"attributes", summary.attributes},
                               {"used", summary.used},
                               {"values", summary.values},
                               {"left_out", ReasonsJson(summary.reasons)},
                               {"parts_left_out", ReasonsJson(summary.part_reasons)},
                               {"wider_than_allowlist", summary.wider},
                               {"altered", summary.altered},
                               {"changes", ChangesJson(summary.changes)}});
  std::uint64_t values = 0;
  for (const auto& [kind, count] : summary.values)
    values += count;
  console.Say(fmt::format("{:<10} {}: {} values from {} of {} attributes{}", summary.name,
                          OutcomeName(summary.outcome), Grouped(values), Grouped(summary.used),
                          Grouped(summary.attributes),
                          summary.generation.empty() ? "" : ", " + summary.generation.string()));
  for (const auto& [key, count] : summary.reasons.map()) {
    console.Say(fmt::format("           {:>12} left out: {}{}", Grouped(count),
                            policy::ReasonCode(key.reason),
                            key.detail.empty() ? "" : " (" + Printable(key.detail) + ")"));
  }
  ShowChanges(console, summary.changes);
  NoteAltered(console, summary);
  NoteWider(console, summary);
}

// Leaves only the destinations that were named.
Status KeepOnly(const std::vector<std::string>& only, std::vector<detect::Destination>* all) {
  if (only.empty()) return Ok();
  std::vector<std::string> names;
  for (const detect::Destination& destination : *all)
    names.push_back(destination.name);
  for (const std::string& name : only) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      return Error::Make(Kind::kNotFound, "there is no destination \"{}\" in import.yml{}", name,
                         DidYouMean(name, names));
    }
  }
  std::erase_if(*all, [&](const detect::Destination& destination) {
    return std::find(only.begin(), only.end(), destination.name) == only.end();
  });
  return Ok();
}

// The site cannot mean to add a value and to allow it, or to add what no destination may hold.
Status CheckAdditions(const LoadedSite& loaded) {
  const policy::Additions& additions = *loaded.additions;
  const std::vector<detect::Destination>& all = loaded.site.destinations;
  const bool blocks = std::any_of(all.begin(), all.end(), [](const detect::Destination& each) {
    return detect::PowerOf(each) == policy::Power::kBlocks;
  });
  if (loaded.allowlist != nullptr) GF_CHECK(additions.CheckAgainst(*loaded.allowlist, blocks));
  const intel::Tlp tlp = loaded.site.additions_tlp;
  const bool held = std::any_of(all.begin(), all.end(), [&](const detect::Destination& each) {
    return tlp <= each.use.clearance;
  });
  if (held || all.empty() || additions.entries().empty()) return Ok();
  return Error::Make(Kind::kConfig, "what {} adds is TLP:{}, which no destination may hold",
                     additions.file(), intel::TlpName(tlp))
      .Hint("`additions_tlp` in import.yml says what it is, `clearance` what may be held");
}

// Nothing if nothing was recalled.
std::optional<std::set<std::string>> StatesAfterRecall(const bundle::StreamTrust& trust) {
  if (!trust.recalled) return std::nullopt;
  std::set<std::string> states;
  for (const bundle::StatePoint& point : trust.recorded) {
    if (!bundle::IsRecalled(trust, point)) states.insert(HexEncode(point.state_digest));
  }
  return states;
}

// A file that import.yml names and that is not there is a mistake in import.yml.
Result<std::string> ReadNamed(std::string_view key, const std::filesystem::path& file) {
  Result<std::string> text = ReadFile(file, kMaxListFile);
  if (text.ok() || text.error().kind != Kind::kNotFound) return text;
  return Error::Make(Kind::kConfig, "{}: there is no file {}", key, file.string())
      .Hint("correct the name in import.yml, or make the file; it may be empty");
}

// A name that no list has switches nothing; it may also be of a list that is yet to come.
Status NoteUnknownLists(Console& console, store::Store& store, const detect::Site& site) {
  std::vector<std::string> names;
  GF_TRY(const std::vector<store::KnownSource> sources, store.KnownSources());
  for (const store::KnownSource& source : sources) {
    GF_TRY(const auto lists, store.ListWarninglists(source.id));
    for (const store::KnownWarninglist& list : lists)
      names.push_back(list.name);
  }
  std::set<std::string> wanted;
  for (const auto& [name, mode] : site.warninglist_modes)
    wanted.insert(name);
  for (const detect::Destination& destination : site.destinations) {
    for (const auto& [name, mode] : destination.warninglist_modes)
      wanted.insert(name);
  }
  for (const std::string& name : wanted) {
    if (std::find(names.begin(), names.end(), name) == names.end())
      console.Note(fmt::format("import.yml names the warninglist \"{}\", which is not here{}", name,
                               DidYouMean(name, names)));
  }
  return Ok();
}

}  // namespace

Result<LoadedSite> LoadSite(Config config, store::Store* store) {
  LoadedSite loaded;
  loaded.site = std::move(config.site);
  for (const auto& [key, file, list] :
       {std::tuple{"allowlist", &config.allowlist, &loaded.allowlist},
        {"own", &config.own, &loaded.own}}) {
    if (file->empty()) continue;
    GF_TRY(const std::string text, ReadNamed(key, *file));
    GF_TRY(policy::Allowlist parsed, policy::Allowlist::Parse(text, file->string()));
    *list = std::make_unique<policy::Allowlist>(std::move(parsed));
  }
  loaded.site.allowlist = loaded.allowlist.get();
  loaded.site.own = loaded.own.get();
  if (!config.additions.empty()) {
    GF_TRY(const std::string text, ReadNamed("additions", config.additions));
    GF_TRY(policy::Additions parsed, policy::Additions::Parse(text, config.additions.string()));
    loaded.additions = std::make_unique<policy::Additions>(std::move(parsed));
    loaded.site.additions = loaded.additions.get();
  }
  GF_TRY(const std::optional<Applied> applied, LoadApplied(store));
  if (!applied) {
    return Error::Make(Kind::kNotReady, "nothing has been imported yet")
        .Hint("`gapferry-import import MEDIUM` comes first");
  }
  // Nothing goes out that may not be here, also while rows from before the clearance was lowered
  // are.
  for (detect::Destination& destination : loaded.site.destinations)
    destination.use.clearance = std::min(destination.use.clearance, config.clearance);
  if (loaded.additions != nullptr) GF_CHECK(CheckAdditions(loaded));
  GF_TRY(SiteTrust trust, LoadTrust(store));
  loaded.site.only_states = StatesAfterRecall(trust.state.streams[trust.stream]);
  loaded.site.created = applied->manifest.created;
  loaded.site.state_digest = HexEncode(applied->manifest.state_digest);
  return loaded;
}

Status GenerateArtifacts(Session& session, const Home& home, Config config,
                         const GenerateOptions& options, const Runners& runners) {
  GF_TRY(store::Store store, home.OpenStore());
  const std::filesystem::path folder = config.artifacts;
  const bool require_landlock = config.require_landlock;
  for (const std::string& note : config.notes)
    session.console.Note(note);
  if (!options.preview) {
    GF_TRY(SiteTrust trust, LoadTrust(&store));
    GF_CHECK(HeedRecall(session, home, trust.state.streams[trust.stream], false));
  }
  GF_TRY(LoadedSite loaded, LoadSite(std::move(config), &store));
  GF_CHECK(NoteUnknownLists(session.console, store, loaded.site));
  loaded.site.accept_change = options.accept_change;
  loaded.site.preview = options.preview;
  loaded.site.run = runners.plain;
  loaded.site.fenced = [&](const std::vector<std::string>& argv, std::chrono::seconds timeout,
                           const Fence& fence) {
    return runners.fenced(argv, timeout, fence, require_landlock);
  };
  if (loaded.site.destinations.empty()) {
    return Error::Make(Kind::kNotReady, "no destination is configured")
        .Hint("name one in {}", home.config_file().string());
  }
  GF_CHECK(KeepOnly(options.only, &loaded.site.destinations));
  GF_CHECK(MakeFolder(folder));
  std::uint64_t attributes_in_store = 0;
  if (session.console.shows_progress()) {
    GF_TRY(const auto counts, store.CountRows());
    attributes_in_store = counts.at("attribute");
  }
  detect::GenerateSummary summary;
  {
    Progress progress(session.console, "deciding", "attributes", attributes_in_store);
    GF_TRY(summary, detect::Generate(store, loaded.site, folder, [&](std::uint64_t attributes) {
             progress.Advance(attributes);
           }));
  }
  GF_TRY(const std::vector<std::string> low, detect::LowIds(store, loaded.site.destinations));
  for (const std::string& note : low)
    session.console.Note(note);
  Status worst = Ok();
  for (const detect::DestinationSummary& destination : summary.destinations) {
    Show(session, destination);
    if (!destination.error) continue;
    if (!worst.ok()) session.console.Report(worst.error());
    worst = *destination.error;
  }
  return worst;
}

Command GenerateCommand(Runners runners) {
  return {"generate", "make the artifacts of every destination from the store",
          "Each destination's files are built aside, checked with the consumer's own tool if one "
          "is configured, put into use by one rename, and its consumer is told if a reload is "
          "configured. If anything fails, the old generation stays in use. With --diff nothing is "
          "put into use: it says which lines would come and go.",
          [runners = std::move(runners)](Arguments& arguments) {
            auto options = std::make_shared<GenerateOptions>();
            arguments.Flag("--accept-change", &options->accept_change,
                           "switch even if a guard finds the change large");
            arguments.Flag("--diff", &options->preview,
                           "say what would change in each file, and change nothing");
            arguments.Option("--only", &options->only, "this destination only; repeat for more");
            return [options, runners](Session& session) -> Status {
              GF_TRY(const Home home, Home::Open(session));
              GF_TRY(Config config, home.LoadConfig());
              GF_TRY(const Fd lock, home.Lock());
              return GenerateArtifacts(session, home, std::move(config), *options, runners);
            };
          }};
}

}  // namespace gapferry::importer
