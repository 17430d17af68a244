#include <map>

#include "exporter/commands.h"
#include "exporter/context_text.h"
#include "exporter/explain.h"

namespace gapferry::exporter {
namespace {

// What the row's source said of the sharing groups that hold rows back.
class SharingGroups {
 public:
  static SharingGroups Load(Session& session, const Config& config) {
    SharingGroups groups;
    for (const SourceConfig& source : config.sources) {
      std::optional<collect::Context> context = ContextOrWarning(session, source);
      if (context) groups.contexts_.emplace(source.name, *std::move(context));
    }
    return groups;
  }
  // "" where nothing is known, or no sharing group is the reason.
  [[nodiscard]] std::string Of(const CrossingRow& row) const {
    const auto context = contexts_.find(row.source);
    if (row.reason != policy::Reason::kDistributionSharingGroup || context == contexts_.end())
      return "";
    return SharingGroupText(context->second, row.detail);
  }

 private:
  std::map<std::string, collect::Context> contexts_;
};

Json RowJson(const CrossingRow& row, const std::string& sharing_group) {
  return {{"source", row.source},
          {"source_wanted", row.source_wanted},
          {"event", row.event.ToString()},
          {"info", row.event_info},
          {"row", store::RecordKindName(row.kind)},
          {"uuid", row.uuid.ToString()},
          {"type", row.type},
          {"value", row.value},
          {"tlp", intel::TlpName(row.tlp)},
          {"crosses", row.crosses},
          {"reason", policy::ReasonCode(row.reason)},
          {"detail", row.detail},
          {"sharing_group", sharing_group}};
}

std::string DecisionText(const CrossingRow& row) {
  if (row.crosses) return "crosses";
  if (!row.source_wanted)
    return fmt::format("does not cross: the site takes nothing of {}", row.source);
  return fmt::format("does not cross: {}{}, {}", policy::ReasonCode(row.reason),
                     row.detail.empty() ? "" : fmt::format(" ({})", Printable(row.detail)),
                     policy::ExplainReason(row.reason));
}

void Show(Console& console, const CrossingRow& row, const std::string& sharing_group) {
  console.Say(fmt::format("{} {}{}{}  TLP:{}", store::RecordKindName(row.kind), row.uuid.ToString(),
                          row.type.empty() ? "" : "  " + Printable(row.type),
                          row.value.empty() ? "" : " " + Printable(row.value),
                          intel::TlpName(row.tlp)));
  console.Say(fmt::format("  event {} of {}: {}", row.event.ToString(), row.source,
                          Printable(row.event_info)));
  console.Say("  " + DecisionText(row));
  if (!sharing_group.empty()) console.Say("  the group is " + Printable(sharing_group));
}

void ShowLists(Console& console, const std::vector<HoldingList>& lists) {
  for (const HoldingList& list : lists) {
    console.Say(
        fmt::format("on warninglist \"{}\", which holds nothing back here; a site {} such "
                    "values unless it says otherwise",
                    Printable(list.name), list.drops ? "makes no rule of" : "marks"));
  }
}

Json ListsJson(const std::vector<HoldingList>& lists) {
  Json json = Json::array();
  for (const HoldingList& list : lists)
    json.push_back({{"name", list.name}, {"default_mode", list.drops ? "drop" : "mark"}});
  return json;
}

// What is not in the mirror may still be at a source.
Error NotThere(Session& session, const Config& config, const std::string& asked) {
  Error error = Error::Make(Kind::kNotFound, "{} is not in the mirror", Printable(asked));
  for (const SourceConfig& source : config.sources) {
    policy::Selection selection = source.selection;
    const bool published_only = std::exchange(selection.published_only, false);
    if (!selection.Empty()) {
      error =
          std::move(error).Hint("source {} has a `select`, and may have left it out", source.name);
    } else if (published_only) {
      error = std::move(error).Hint("of source {} only published events are taken", source.name);
    }
  }
  return std::move(error).Hint(
      "`{0} collect` says how much was not selected or refused, `{0} status` when each source was "
      "collected last",
      session.program);
}

Status ExplainCrossing(Session& session, const std::string& site_name, const std::string& asked) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const Config config, home.LoadConfig());
  GF_TRY(const SiteConfig site, FindSite(config, site_name));
  GF_TRY(store::Store mirror, store::Store::OpenReadOnly(home.mirror_file()));
  GF_TRY(const CrossingExplanation found, ExplainCrossing(mirror, site, asked));
  const SharingGroups groups = SharingGroups::Load(session, config);
  Console& console = session.console;
  Json rows = Json::array();
  for (const CrossingRow& row : found.rows) {
    const std::string group = groups.Of(row);
    rows.push_back(RowJson(row, group));
    Show(console, row, group);
  }
  console.Emit("explain", {{"site", site.name},
                           {"asked", asked},
                           {"looked_for", found.looked_for},
                           {"rows", rows},
                           {"more", found.more},
                           {"warninglists", ListsJson(found.lists)}});
  if (found.more > 0) console.Say(fmt::format("and {} more", Grouped(found.more)));
  ShowLists(console, found.lists);
  return found.rows.empty() ? Status(NotThere(session, config, asked)) : Ok();
}

}  // namespace

Command ExplainCommand() {
  return {
      "explain", "say what an exit code means, or whether and why a thing crosses to a site",
      "With --site it takes the UUID of an event, object, attribute or report, or a value in any "
      "spelling, also defanged, and decides with the same code as `bundle` on what the mirror "
      "holds now. Else it takes an exit code or error kind; without any it prints them all.",
      [](Arguments& arguments) {
        auto site = std::make_shared<std::string>();
        auto asked = std::make_shared<std::string>();
        arguments.Option("--site", site.get(), "the site in question");
        arguments.Positional("CODE|UUID|VALUE", asked.get(), "what to explain", false);
        arguments.Values("CODE|UUID|VALUE", ExitCodeWords());
        return [site, asked](Session& session) -> Status {
          if (site->empty()) return ExplainExitCode(session, *asked);
          return ExplainCrossing(session, *site, *asked);
        };
      }};
}

}  // namespace gapferry::exporter
