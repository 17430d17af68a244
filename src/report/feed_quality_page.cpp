#include "report/feed_quality_page.h"

#include <fmt/format.h>
#include <algorithm>

#include "base/console.h"
#include "report/html_page.h"

namespace gapferry::report {
namespace {

constexpr std::array<std::string_view, 6> kAgeNames = {
    "up to 7 days", "up to 30 days", "up to 90 days", "up to a year", "older", "no time given"};
constexpr std::array<std::string_view, 6> kAgeColours = {"#0a7d33", "#5aa02c", "#c9a400",
                                                         "#d9822b", "#9b3b3b", "#888"};
constexpr std::array<std::string_view, intel::kTlpLevels> kTlpColours = {
    "#bbb", "#33a02c", "#e6a700", "#cc7a00", "#cc2222"};

std::string Number(std::uint64_t number) {
  return fmt::format("<td class=\"n\">{}</td>", Grouped(number));
}
std::string PercentCell(std::uint64_t part, std::uint64_t whole) {
  return fmt::format("<td class=\"n\">{} %</td>", Percent(part, whole));
}

std::string AdviceTable(const FeedQuality& quality) {
  std::string html =
      "<h2>Advice</h2>\n<table><tr><th>source</th><th>advice</th><th>why</th></tr>\n";
  for (const SourceQuality& source : quality.sources) {
    std::string reasons;
    for (const std::string& reason : source.reasons)
      reasons += (reasons.empty() ? "" : "<br>") + EscapeHtml(reason);
    html += fmt::format("<tr><td>{}</td><td class=\"{}\">{}</td><td>{}</td></tr>\n",
                        EscapeHtml(source.name), AdviceName(source.advice),
                        AdviceName(source.advice), reasons);
  }
  return html + "</table>\n";
}

std::string VolumeTable(const FeedQuality& quality) {
  std::string html =
      "<h2>How much, and how much of its own</h2>\n<table><tr><th>source</th><th class=\"n\">events"
      "</th><th class=\"n\">attributes</th><th class=\"n\">for sensors</th><th class=\"n\">values"
      "</th><th class=\"n\">unique</th><th class=\"n\">on lists</th><th class=\"n\">past life</th>"
      "<th class=\"n\">churn a run</th><th>newest</th></tr>\n";
  for (const SourceQuality& source : quality.sources) {
    html += "<tr><td>" + EscapeHtml(source.name) + "</td>" + Number(source.events) +
            Number(source.attributes) + Number(source.to_ids) + Number(source.values) +
            PercentCell(source.unique, source.values) + PercentCell(source.listed, source.values) +
            PercentCell(source.dead, source.to_ids) +
            fmt::format("<td class=\"n\">{}</td><td>{}</td></tr>\n", ChurnText(source),
                        source.newest == 0 ? "" : FormatDate(source.newest));
  }
  return html + "</table>\n";
}

std::string Charts(const FeedQuality& quality) {
  std::string html =
      "<h2>Unique and shared, age, TLP</h2>\n<table><tr><th>source</th><th>values: unique, shared"
      "</th><th>age of attributes</th><th>TLP</th></tr>\n";
  for (const SourceQuality& source : quality.sources) {
    const std::array<BarPart, 2> own = {
        BarPart{"in no other source", source.unique, "#2b6cb0"},
        BarPart{"also elsewhere", source.values - source.unique, "#a0b8d0"}};
    std::array<BarPart, kAgeNames.size()> ages;
    for (std::size_t i = 0; i < ages.size(); ++i)
      ages[i] = {kAgeNames[i], source.ages[i], kAgeColours[i]};
    std::array<BarPart, intel::kTlpLevels> tlps;
    for (std::size_t i = 0; i < tlps.size(); ++i)
      tlps[i] = {intel::TlpName(static_cast<intel::Tlp>(i)), source.tlp[i], kTlpColours[i]};
    html += fmt::format(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}<span class=\"small\">{} % "
        "untagged</span></td></tr>\n",
        EscapeHtml(source.name), StackedBar(own), StackedBar(ages), StackedBar(tlps),
        Percent(source.untagged, source.attributes));
  }
  return html + "</table>\n";
}

// Row by row: how much of the source is in each other one.
std::string OverlapTable(const FeedQuality& quality) {
  if (quality.sources.size() < 2) return "";
  std::string html =
      "<h2>Overlap</h2>\n<p class=\"small\">How much of the source on the left is also in the one "
      "above.</p>\n<table><tr><th></th>";
  for (const SourceQuality& source : quality.sources)
    html += "<th class=\"n\">" + EscapeHtml(source.name) + "</th>";
  html += "</tr>\n";
  for (const SourceQuality& source : quality.sources) {
    html += "<tr><td>" + EscapeHtml(source.name) + "</td>";
    for (const SourceQuality& other : quality.sources) {
      const auto shared = source.shared.find(other.name);
      const std::uint64_t count = shared == source.shared.end() ? 0 : shared->second;
      html += &source == &other
                  ? std::string("<td class=\"n\">–</td>")
                  : fmt::format(
                        "<td class=\"n\" style=\"background:rgba(43,108,176,{:.2f})\" "
                        "title=\"{}\">{} %</td>",
                        0.6 * Percent(count, source.values) / 100.0, Grouped(count),
                        Percent(count, source.values));
    }
    html += "</tr>\n";
  }
  return html + "</table>\n";
}

std::vector<std::pair<std::string, std::uint64_t>> Largest(
    const std::map<std::string, std::uint64_t>& counts, std::size_t most) {
  std::vector<std::pair<std::string, std::uint64_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  if (sorted.size() > most) sorted.resize(most);
  return sorted;
}

std::string Details(const FeedQuality& quality) {
  constexpr std::size_t kShown = 8;
  std::string html =
      "<h2>Types and noise</h2>\n<table><tr><th>source</th><th>most frequent types</th><th>"
      "warninglists that drop most of it</th></tr>\n";
  for (const SourceQuality& source : quality.sources) {
    std::string types;
    for (const auto& [type, count] : Largest(source.types, kShown))
      types += EscapeHtml(type) + " " + Grouped(count) + "<br>";
    std::string lists;
    for (const auto& [list, count] : Largest(source.lists, kShown))
      lists += EscapeHtml(list) + " " + Grouped(count) + "<br>";
    html += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n", EscapeHtml(source.name),
                        types, lists);
  }
  return html + "</table>\n";
}

}  // namespace

std::optional<unsigned> Churn(const SourceQuality& source) {
  const std::uint64_t all = source.by_values ? source.attributes : source.events;
  if (source.runs.size() < 2 || all == 0) return std::nullopt;
  std::uint64_t moved = 0;
  for (std::size_t i = 1; i < source.runs.size(); ++i)
    moved += source.runs[i].added + source.runs[i].changed + source.runs[i].removed;
  return Percent(moved, all * (source.runs.size() - 1));
}

std::string ChurnText(const SourceQuality& source) {
  const std::optional<unsigned> churn = Churn(source);
  return churn ? fmt::format("{} %", *churn) : "";
}

Json ToJson(const SourceQuality& source) {
  Json tlp = Json::object();
  for (int i = 0; i < intel::kTlpLevels; ++i)
    tlp[std::string(intel::TlpName(static_cast<intel::Tlp>(i)))] =
        source.tlp[static_cast<std::size_t>(i)];
  Json ages = Json::object();
  for (std::size_t i = 0; i < kAgeNames.size(); ++i)
    ages[std::string(kAgeNames[i])] = source.ages[i];
  Json runs = Json::array();
  for (const CollectedRun& run : source.runs) {
    runs.push_back({{"time", FormatTime(run.time)},
                    {"added", run.added},
                    {"changed", run.changed},
                    {"removed", run.removed}});
  }
  return {{"source", source.name},
          {"advice", AdviceName(source.advice)},
          {"reasons", source.reasons},
          {"events", source.events},
          {"attributes", source.attributes},
          {"to_ids", source.to_ids},
          {"types", source.types},
          {"tlp", tlp},
          {"untagged", source.untagged},
          {"values", source.values},
          {"unique", source.unique},
          {"shared", source.shared},
          {"listed", source.listed},
          {"lists", source.lists},
          {"dead", source.dead},
          {"false_positives", source.false_positives},
          {"not_indicators", source.not_indicators},
          {"ages", ages},
          {"newest", source.newest == 0 ? Json(nullptr) : Json(FormatTime(source.newest))},
          {"counted", source.by_values ? "values" : "events"},
          {"churn_percent", Churn(source) ? Json(*Churn(source)) : Json(nullptr)},
          {"runs", runs}};
}

std::string FeedQualityPage(const FeedQuality& quality) {
  const std::string head =
      fmt::format("<p>As of {}: {} sources with {} distinct values; {} warninglists.</p>\n",
                  FormatTime(quality.now), quality.sources.size(), Grouped(quality.values),
                  Grouped(quality.warninglists));
  return HtmlPage("Sources of gapferry", head + AdviceTable(quality) + VolumeTable(quality) +
                                             Charts(quality) + OverlapTable(quality) +
                                             Details(quality));
}

}  // namespace gapferry::report
