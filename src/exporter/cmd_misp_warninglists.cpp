#include "exporter/misp_session.h"

namespace gapferry::exporter {
namespace {

using collect::InstanceList;

Json ToJson(const InstanceList& list) {
  return {{"id", list.id},           {"name", list.name},       {"type", list.type},
          {"version", list.version}, {"entries", list.entries}, {"enabled", list.enabled}};
}

Status ListLists(Session& session, const MispTarget& target) {
  GF_TRY(collect::MispApi api, OpenInstance(session, target, false));
  GF_TRY(const std::vector<InstanceList> lists, collect::MispOperator(api).Lists());
  for (const InstanceList& list : lists) {
    session.console.Emit("misp_warninglist", ToJson(list));
    session.console.Say(fmt::format("{:>5}  {:<8}  {:>10} entries  {}", list.id,
                                    list.enabled ? "enabled" : "-", Printable(list.entries),
                                    Printable(list.name)));
  }
  return Ok();
}

Status SetLists(Session& session, const MispTarget& target, bool enabled) {
  GF_TRY(collect::MispApi api, OpenInstance(session, target, true));
  collect::MispOperator instance(api);
  GF_TRY(const std::vector<InstanceList> lists, instance.Lists());
  std::vector<InstanceList> changed;
  std::vector<std::string> names;
  std::size_t fitting = 0;
  for (const InstanceList& list : lists) {
    names.push_back(list.name);
    if (!IsNamed(target.name, list.id, list.name)) continue;
    ++fitting;
    if (list.enabled != enabled) changed.push_back(list);
  }
  if (fitting == 0) return NothingNamed(target.name, "warninglist", names);
  if (!target.dry_run && !changed.empty()) GF_CHECK(instance.SetLists(changed, enabled));
  const std::string_view word = enabled ? "enabled" : "disabled";
  Json ids = Json::array();
  for (const InstanceList& list : changed) {
    ids.push_back(list.id);
    session.console.Say(
        fmt::format("{}{}  {}", target.dry_run ? "would be " : "", word, Printable(list.name)));
  }
  session.console.Say(
      fmt::format("{} lists fit; {} were {} before", fitting, fitting - changed.size(), word));
  session.console.Emit("misp_warninglists",
                       {{"enabled", enabled}, {"changed", ids}, {"dry_run", target.dry_run}});
  return Ok();
}

Command SetListsCommand(std::string_view name, std::string_view summary, bool enabled) {
  return {name, summary, "By name, by a pattern with * that may fit several, or by id.",
          [enabled](Arguments& arguments) {
            auto target = std::make_shared<MispTarget>();
            DeclareTarget(arguments, target.get(), true);
            return
                [target, enabled](Session& session) { return SetLists(session, *target, enabled); };
          }};
}

Command ListListsCommand() {
  return {"list", "show the warninglists of the instance",
          "With the version and the number of entries that the instance has. Changes nothing.",
          [](Arguments& arguments) {
            auto target = std::make_shared<MispTarget>();
            DeclareTarget(arguments, target.get(), false);
            return [target](Session& session) { return ListLists(session, *target); };
          }};
}

}  // namespace

Command MispWarninglistsCommand() {
  return CommandGroup(
      "warninglists", "the warninglists of the instance",
      "`collect` takes the enabled ones, unless its source says otherwise.",
      {SetListsCommand("disable", "switch warninglists off", false),
       SetListsCommand("enable", "switch warninglists on", true), ListListsCommand()});
}

}  // namespace gapferry::exporter
