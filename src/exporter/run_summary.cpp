#include "exporter/run_summary.h"

namespace gapferry::exporter {
namespace {

struct NextNumber {
  std::string site;
  std::optional<Time> due;
};

Result<std::vector<NextNumber>> NextNumbers(const Home& home, const Config& config) {
  std::vector<NextNumber> next;
  for (const SiteConfig& site : config.sites) {
    GF_TRY(const std::optional<Time> due, NextDue(home, site));
    next.push_back({site.name, due});
  }
  return next;
}

std::string SourcesText(const Collected& collected) {
  std::string text = fmt::format("sources {} ok", collected.good);
  if (collected.unchanged > 0) text += fmt::format(" ({} unchanged)", collected.unchanged);
  if (!collected.failed.empty()) {
    text +=
        fmt::format(", {} failed ({})", collected.failed.size(), fmt::join(collected.failed, ", "));
  }
  text += fmt::format("; events and lists {} new, {} changed, {} gone", collected.added,
                      collected.changed, collected.removed);
  if (collected.values_added + collected.values_gone > 0) {
    text += fmt::format("; values {} new, {} gone", collected.values_added, collected.values_gone);
  }
  if (collected.refused > 0) text += fmt::format("; {} refused", collected.refused);
  return text;
}

std::string NextText(const std::vector<NextNumber>& next) {
  std::vector<std::string> parts;
  for (const NextNumber& number : next)
    parts.push_back(number.site + " " + (number.due ? FormatDate(*number.due) : "now"));
  return fmt::format("{}", fmt::join(parts, ", "));
}

Json SitesJson(const std::vector<SiteOutcome>& outcomes) {
  Json sites = Json::array();
  for (const SiteOutcome& outcome : outcomes) {
    Json site = {{"site", outcome.site}, {"failed", !outcome.written}};
    if (outcome.written) {
      site.update({{"epoch", outcome.written->epoch},
                   {"seq", outcome.written->seq},
                   {"kinds", outcome.written->kinds}});
    }
    sites.push_back(std::move(site));
  }
  return sites;
}

Json RunJson(const RunOutcome& run, const std::vector<NextNumber>& next, std::uint64_t warnings) {
  const Collected& collected = run.collected;
  Json due = Json::object();
  for (const NextNumber& number : next)
    due[number.site] = number.due ? Json(FormatTime(*number.due)) : Json(nullptr);
  return {
      {"sources",
       {{"ok", collected.good}, {"unchanged", collected.unchanged}, {"failed", collected.failed}}},
      {"added", collected.added},
      {"changed", collected.changed},
      {"removed", collected.removed},
      {"values_added", collected.values_added},
      {"values_gone", collected.values_gone},
      {"refused", collected.refused},
      {"sites", SitesJson(run.sites)},
      {"next", std::move(due)},
      {"warnings", warnings},
      {"warned", collected.warned},
      {"code", run.done.ok() ? 0 : Info(run.done.error().kind).exit_code}};
}

}  // namespace

Status ShowRun(Session& session, const Home& home, const Config& config, const RunOutcome& run) {
  GF_TRY(const std::vector<NextNumber> next, NextNumbers(home, config));
  const std::uint64_t warnings = session.console.warnings();
  session.console.Emit("run", RunJson(run, next, warnings));
  std::string line = "run: " + SourcesText(run.collected);
  line += "; bundles " + (run.sites.empty() ? "none" : OutcomesText(run.sites));
  if (!next.empty()) line += "; next " + NextText(next);
  if (warnings > 0) line += fmt::format("; warnings {}", warnings);
  if (!run.collected.warned.empty())
    line += fmt::format(" ({})", fmt::join(run.collected.warned, ", "));
  session.console.Say(line);
  return Ok();
}

}  // namespace gapferry::exporter
