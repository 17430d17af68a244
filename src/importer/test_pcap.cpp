#include "importer/test_pcap.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <map>

#include "base/bytes.h"
#include "base/file.h"
#include "base/suggest.h"
#include "importer/alert_names.h"
#include "importer/eve_line.h"
#include "importer/line_feed.h"

namespace gapferry::importer {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxRows = 10'000;

// Over the outputs of suricata.yaml: alerts only, with what they were about, and the counters.
constexpr std::string_view kOutputs = R"(%YAML 1.1
---
stats:
  enabled: yes
outputs:
  - eve-log:
      enabled: yes
      filetype: regular
      filename: eve.json
      types:
        - alert
        - stats:
            totals: yes
            threads: no
)";

// A folder that goes away with it.
class ScratchFolder {
 public:
  [[nodiscard]] static Result<ScratchFolder> Make() {
    std::error_code error;
    const fs::path base = fs::temp_directory_path(error);
    std::string name = ((error ? fs::path("/tmp") : base) / "gapferry-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      return SystemError(fmt::format("cannot make {}", name), errno);
    return ScratchFolder(name);
  }
  explicit ScratchFolder(fs::path path) : path_(std::move(path)) {}
  ScratchFolder(ScratchFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// Of the counters, the alerts that were more than Suricata keeps for one packet.
std::uint64_t AlertsDropped(std::string_view line) {
  if (line.find("\"alert_queue_overflow\"") == std::string_view::npos) return 0;
  const Result<Json> event = ParseJson(line, {kMaxEveLine + 1, kMaxEveDepth});
  if (!event.ok()) return 0;
  const Json::json_pointer place("/stats/detect/alert_queue_overflow");
  if (!event->contains(place) || !event->at(place).is_number_unsigned()) return 0;
  return event->at(place).get<std::uint64_t>();
}

// Alerts of one rule about one value.
struct AlertRow {
  std::uint64_t alerts = 0;
  NamedAlert first;
};

class Tally {
 public:
  Status Read(const fs::path& eve, AlertNames* names) {
    GF_TRY(Fd file, OpenInput(eve));
    LineFeed feed(SourceOf(std::move(file)), kMaxEveLine);
    for (bool more = true; more;) {
      GF_TRY(more, feed.Fill());
      while (const auto line = feed.Next()) {
        if (line->piece) continue;
        dropped_ = std::max(dropped_, AlertsDropped(line->bytes));
        const EveLine event = ReadEveLine(line->bytes);
        if (event.kind != EveLine::Kind::kAlert) continue;
        GF_TRY(std::optional<NamedAlert> alert, names->Find(event.event));
        if (alert) Add(*std::move(alert));
      }
    }
    return Ok();
  }

  [[nodiscard]] std::uint64_t alerts() const { return alerts_; }
  // By Suricata itself, which counts them on from the beginning of the capture.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }
  [[nodiscard]] const std::map<std::string, AlertRow>& rows() const { return rows_; }

 private:
  void Add(NamedAlert alert) {
    ++alerts_;
    std::string key = fmt::format("{:020}", alert.sid);
    for (const NamedValue& value : alert.values)
      key += '\n' + value.indicator.value;
    const auto known = rows_.find(key);
    if (known != rows_.end()) {
      ++known->second.alerts;
    } else if (rows_.size() == kMaxRows) {
      ++left_out_;
    } else {
      rows_.emplace(std::move(key), AlertRow{1, std::move(alert)});
    }
  }

  std::uint64_t alerts_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t left_out_ = 0;  // alerts beyond kMaxRows kinds
  std::map<std::string, AlertRow> rows_;
};

void ShowRow(Console& console, const AlertRow& row) {
  console.Say(fmt::format("{:>7}  sid {}{}", Grouped(row.alerts), row.first.sid,
                          row.first.canary ? ", the canary" : ""));
  if (row.first.values.empty())
    console.Say(fmt::format("         {} of the set {}: not found in the store", "a value",
                            Printable(row.first.rule.set)));
  for (const NamedValue& value : row.first.values) {
    if (row.first.rule.attribute) {
      console.Say("         a rule that an attribute carries");
    } else {
      console.Say(fmt::format("         {} {}", intel::IndicatorKindName(value.indicator.kind),
                              Printable(value.indicator.value)));
    }
    for (const detect::WhyOccurrence& one : value.occurrences) {
      console.Say(fmt::format("           event {} of {}: {}  TLP:{}", one.event_uuid.ToString(),
                              Printable(one.source), Printable(one.event_info),
                              intel::TlpName(one.tlp)));
    }
  }
}

void Show(Session& session, const std::string& destination, const Tally& tally,
          const std::vector<std::string>& notes) {
  Json rows = Json::array();
  session.console.Say(fmt::format("{}: {} alerts", destination, Grouped(tally.alerts())));
  for (const auto& [key, row] : tally.rows()) {
    ShowRow(session.console, row);
    Json json = row.first.ToJson();
    json["sid"] = row.first.sid;
    json["alerts"] = row.alerts;
    rows.push_back(std::move(json));
  }
  if (tally.left_out() > 0)
    session.console.Say(fmt::format("and {} alerts of more rules", Grouped(tally.left_out())));
  session.console.Emit("test", {{"input", "pcap"},
                                {"destination", destination},
                                {"alerts", tally.alerts()},
                                {"rows", rows},
                                {"left_out", tally.left_out()},
                                {"notes", notes}});
  for (const std::string& note : notes)
    session.console.Note(fmt::format("{}: {}", destination, note));
}

// The number before `what` in the output, 0 if there is none.
std::uint64_t NumberBefore(std::string_view output, std::string_view what) {
  const std::size_t end = output.rfind(what);
  if (end == std::string_view::npos) return 0;
  std::size_t begin = end;
  while (begin > 0 && IsAsciiDigit(output[begin - 1]))
    --begin;
  std::uint64_t number = 0;
  (void)std::from_chars(output.data() + begin, output.data() + end, number);
  return number;
}

// What "no alert" would not mean: rules that this Suricata did not load, a capture that it did not
// read whole, alerts that a limit kept back.
std::vector<std::string> Reservations(std::string_view output,
                                      const detect::Destination& destination,
                                      std::uint64_t dropped) {
  std::vector<std::string> notes;
  const std::uint64_t failed = NumberBefore(output, " rules failed");
  const std::uint64_t skipped = NumberBefore(output, " rules skipped");
  if (failed > 0)
    notes.push_back(fmt::format("{} rules were refused by this Suricata", Grouped(failed)));
  if (skipped > 0) {
    notes.push_back(
        fmt::format("{} rules were skipped by this Suricata: they need another version of it",
                    Grouped(skipped)));
  }
  if (output.find("truncated dump file") != std::string_view::npos)
    notes.emplace_back("the capture is cut off: it was read up to there");
  if (dropped > 0) {
    notes.push_back(
        fmt::format("{} alerts are missing, here as on a sensor with this configuration: they were "
                    "more for one packet than its packet-alert-max",
                    Grouped(dropped)));
  }
  if (destination.alert_rate) {
    notes.push_back(fmt::format("alert_rate: at most {} alerts of a rule are counted in {} seconds",
                                destination.alert_rate->count, destination.alert_rate->seconds));
  }
  return notes;
}

// Gives what it wrote on its screen.
Result<std::string> RunSuricata(const std::string& program, const PcapTest& test,
                                const fs::path& rules, const fs::path& folder,
                                const CommandRunner& run) {
  GF_CHECK(WriteFileAtomically(folder / "outputs.yaml", kOutputs, 0600));
  GF_TRY(const CommandEnd end,
         run({program, "-r", fs::absolute(test.capture).string(), "-S", rules.string(), "-l",
              folder.string(), "--include", (folder / "outputs.yaml").string(), "-k", "none",
              "--runmode", "single", "-v"},
             test.timeout));
  if (end.ok()) return end.output;
  if (end.how == CommandEnd::How::kExited && end.value == 127) {
    return Error::Make(Kind::kNotFound, "{} cannot be started: {}", program, end.output)
        .Hint("name it: --suricata PATH, or `suricata:` in import.yml");
  }
  return end.Explain(
      Error::Make(Kind::kIo, "{} on {}: {}", program, test.capture.string(), end.Describe()));
}

// The file that Suricata loads; empty for a format of which it loads none.
std::string RulesOf(const detect::Destination& destination) {
  if (destination.format == "suricata") return destination.suricata.prefix + ".rules";
  return destination.format == "stored-rules" ? "stored-suricata.rules" : "";
}

Result<std::vector<const detect::Destination*>> Wanted(const Config& config,
                                                       const std::string& name) {
  std::vector<const detect::Destination*> wanted;
  std::vector<std::string> names;
  for (const detect::Destination& destination : config.site.destinations) {
    if (RulesOf(destination).empty()) continue;
    names.push_back(destination.name);
    if (name.empty() || destination.name == name) wanted.push_back(&destination);
  }
  if (names.empty()) {
    return Error::Make(Kind::kNotReady,
                       "import.yml has no destination of the format suricata or stored-rules");
  }
  if (!wanted.empty()) return wanted;
  return Error::Make(Kind::kNotFound,
                     "there is no destination \"{}\" of the format suricata or stored-rules{}",
                     name, DidYouMean(name, names));
}

}  // namespace

Status TestPcap(Session& session, const Home& home, const PcapTest& test,
                const CommandRunner& run) {
  GF_TRY(const Config config, home.LoadConfig());
  GF_TRY(const auto wanted, Wanted(config, test.destination));
  const std::string program = !test.suricata.empty()     ? test.suricata
                              : !config.suricata.empty() ? config.suricata.string()
                                                         : "suricata";
  std::uint64_t alerts = 0;
  bool any = false;
  for (const detect::Destination* destination : wanted) {
    const fs::path rules =
        detect::FolderOf(*destination, config.artifacts) / "current" / RulesOf(*destination);
    std::error_code error;
    if (!fs::exists(rules, error)) continue;
    any = true;
    GF_TRY(const ScratchFolder folder, ScratchFolder::Make());
    GF_TRY(const std::string output, RunSuricata(program, test, rules, folder.path(), run));
    GF_TRY(AlertNames names, AlertNames::Load(home.store_file(), config, destination->name));
    Tally tally;
    GF_CHECK(tally.Read(folder.path() / "eve.json", &names));
    Show(session, destination->name, tally, Reservations(output, *destination, tally.dropped()));
    alerts += tally.alerts();
  }
  if (!any) {
    return Error::Make(Kind::kNotReady, "no destination has rules for Suricata in use")
        .Hint("`{} generate` makes them", session.program);
  }
  if (alerts > 0) return Ok();
  return Error::Make(Kind::kNotFound, "no rule in use matches anything in {}",
                     test.capture.string());
}

}  // namespace gapferry::importer
