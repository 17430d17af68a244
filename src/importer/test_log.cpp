#include <set>

#include "importer/bench.h"
#include "importer/gunzip.h"
#include "importer/line_feed.h"
#include "importer/log_values.h"
#include "importer/why_text.h"

namespace gapferry::importer {
namespace {

using detect::DestinationMatch;

class LogTest {
 public:
  LogTest(Session& session, Bench* bench) : console_(session.console), bench_(*bench) {}

  Status Run(LineFeed feed) {
    for (bool more = true; more;) {
      GF_TRY(more, feed.Fill());
      while (const auto line = feed.Next())
        GF_CHECK(Take(*line));
    }
    return Ok();
  }

  void Summary() {
    console_.Emit("test", {{"input", "log"},
                           {"lines", lines_},
                           {"lines_matched", matched_lines_},
                           {"values_matched", values_},
                           {"lines_in_pieces", long_lines_}});
    console_.Say(fmt::format("{} of {} lines match", Grouped(matched_lines_), Grouped(lines_)));
    if (long_lines_ > 0) {
      console_.Note(fmt::format("{} lines are longer than {} and were read in pieces",
                                Grouped(long_lines_), HumanBytes(kMaxLogLine)));
    }
  }
  [[nodiscard]] bool any() const { return values_ > 0; }

 private:
  Status Take(const LineFeed::Line& line) {
    if (line.first) ++lines_;
    if (line.first && line.piece) ++long_lines_;
    bool matched = false;
    for (const LogValue& seen : ReadLogLine(line.bytes)) {
      GF_TRY(const bool match, Look(line.number, seen));
      matched = matched || match;
    }
    if (matched && last_matched_ != line.number) {
      last_matched_ = line.number;
      ++matched_lines_;
    }
    return Ok();
  }

  Result<bool> Look(std::uint64_t line, const LogValue& seen) {
    std::vector<detect::Way> ways = detect::WaysOf(seen, seen.ports, bench_.lookup());
    // The host stands in the line as a word of its own.
    std::erase_if(ways, [](const detect::Way& way) { return way.host; });
    GF_TRY(const auto matches, detect::MatchWays(ways, bench_.site(), &bench_.lookup()));
    Json artifacts = Json::array();
    std::string text;
    for (const LiveGeneration& live : bench_.live()) {
      const detect::Destination& destination = bench_.site().destinations[live.destination];
      // What holds whole events for people and other programs matches nothing in a log.
      if (detect::FindFormat(destination.format)->make_for_events != nullptr) continue;
      const std::string& name = destination.name;
      for (const DestinationMatch::Hit& hit : matches[live.destination].hits) {
        artifacts.push_back(HitJson(name, hit));
        text += HitText(name, hit);
      }
    }
    if (artifacts.empty()) return false;
    ++values_;
    console_.Say(fmt::format("{}: {}{}", line, Printable(seen.value), text));
    console_.Emit("log_match", {{"line", line}, {"value", seen.value}, {"artifacts", artifacts}});
    return true;
  }

  static Json HitJson(const std::string& destination, const DestinationMatch::Hit& hit) {
    Json events = Json::array();
    std::set<Uuid> named;
    for (const detect::WhyOccurrence& one : hit.occurrences) {
      if (!named.insert(one.event_uuid).second) continue;
      events.push_back({{"event", one.event_uuid.ToString()},
                        {"info", one.event_info},
                        {"source", one.source},
                        {"tlp", intel::TlpName(one.tlp)}});
    }
    return {{"destination", destination},
            {"match", detect::HowName(hit.way.how)},
            {"kind", intel::IndicatorKindName(hit.way.indicator.kind)},
            {"value", hit.way.indicator.value},
            {"at_ports", hit.at_ports},
            {"canary", hit.canary},
            {"events", events}};
  }

  static std::string HitText(const std::string& destination, const DestinationMatch::Hit& hit) {
    std::string text = fmt::format("\n  {:<12} {} {}{}{}", destination,
                                   intel::IndicatorKindName(hit.way.indicator.kind),
                                   Printable(hit.way.indicator.value), PortsText(hit.at_ports),
                                   hit.canary ? ", the canary" : "");
    std::set<Uuid> named;
    for (const detect::WhyOccurrence& one : hit.occurrences) {
      if (!named.insert(one.event_uuid).second) continue;
      text +=
          fmt::format("\n    event {} of {}: {}  TLP:{}", one.event_uuid.ToString(),
                      Printable(one.source), Printable(one.event_info), intel::TlpName(one.tlp));
    }
    return text;
  }

  Console& console_;
  Bench& bench_;
  std::uint64_t lines_ = 0;
  std::uint64_t matched_lines_ = 0;
  std::uint64_t last_matched_ = 0;
  std::uint64_t values_ = 0;
  std::uint64_t long_lines_ = 0;
};

}  // namespace

Status TestLog(Session& session, Bench* bench, const std::string& file) {
  GF_TRY(Fd input, OpenInput(file));
  GF_TRY(ByteSource source, MaybeGunzip(SourceOf(std::move(input))));
  LogTest test(session, bench);
  const Status read = test.Run(LineFeed(std::move(source), kMaxLogLine));
  test.Summary();
  GF_CHECK(read);
  if (test.any()) return Ok();
  return Error::Make(Kind::kNotFound, "no artifact in use matches anything in {}",
                     file == "-" ? "the input" : file);
}

}  // namespace gapferry::importer
