#include <unistd.h>

#include <chrono>
#include <optional>

#include "importer/alert_names.h"
#include "importer/commands.h"
#include "importer/eve_line.h"
#include "importer/line_feed.h"

namespace gapferry::importer {
namespace {

constexpr std::size_t kMostBuffered = 1 << 20;
constexpr auto kLookAgain = std::chrono::seconds(1);

struct EnrichOptions {
  std::string input;
  std::string destination;
};

// What is known of the rules, read anew when another generation comes into use: a sensor's log may
// be followed for months.
class Knowledge {
 public:
  Knowledge(Session& session, Home home, std::string wanted)
      : session_(session), home_(std::move(home)), wanted_(std::move(wanted)) {}

  Status Load() {
    GF_TRY(Config config, home_.LoadConfig());
    GF_TRY(destination_, FindSuricata(config, wanted_));
    for (const detect::Destination& each : config.site.destinations) {
      if (each.name == destination_) link_ = detect::FolderOf(each, config.artifacts) / "current";
    }
    generation_ = Target();
    looked_ = std::chrono::steady_clock::now();
    GF_TRY(AlertNames names, AlertNames::Load(home_.store_file(), std::move(config), destination_));
    names_.emplace(std::move(names));
    return Ok();
  }

  // What was known stays if the new state cannot be read yet.
  void Refresh() {
    if (std::chrono::steady_clock::now() - looked_ < kLookAgain) return;
    looked_ = std::chrono::steady_clock::now();
    if (Target() == generation_) return;
    if (const Status loaded = Load(); !loaded.ok())
      session_.console.Note("going on with what was known: " + Printable(loaded.error().what));
  }

  AlertNames& names() { return *names_; }
  [[nodiscard]] const std::string& destination() const { return destination_; }

 private:
  [[nodiscard]] std::filesystem::path Target() const {
    std::error_code none;
    return std::filesystem::read_symlink(link_, none);
  }

  Session& session_;
  Home home_;
  std::string wanted_;
  std::string destination_;
  std::filesystem::path link_;
  std::filesystem::path generation_;
  std::chrono::steady_clock::time_point looked_;
  std::optional<AlertNames> names_;
};

class Enrichment {
 public:
  explicit Enrichment(Knowledge* knowledge) : knowledge_(*knowledge) {}

  Status Run(LineFeed feed) {
    for (bool more = true; more;) {
      GF_TRY(more, feed.Fill());
      knowledge_.Refresh();
      while (const auto line = feed.Next()) {
        GF_CHECK(Take(*line));
        if (out_.size() > kMostBuffered) GF_CHECK(Flush());
      }
      GF_CHECK(Flush());
    }
    return Ok();
  }

  [[nodiscard]] std::string Summary() const {
    return fmt::format(
        "{} lines; {} alerts of {} named, {} of them of values that are gone; {} alerts of other "
        "rules",
        Grouped(lines_), Grouped(named_), knowledge_.destination(), Grouped(gone_),
        Grouped(others_));
  }
  [[nodiscard]] Status Outcome() const {
    if (malformed_ == 0) return Ok();
    return Error::Make(Kind::kPartly, "{} of {} lines are no event; the first is line {}: {}",
                       malformed_, lines_, first_malformed_, problem_)
        .Hint("they were passed on as they are");
  }

 private:
  void Malformed(std::uint64_t number, const std::string& problem) {
    if (malformed_++ > 0) return;
    first_malformed_ = number;
    problem_ = problem;
  }

  Status Take(const LineFeed::Line& line) {
    if (line.first) ++lines_;
    if (line.piece) {
      if (line.first)
        Malformed(line.number, fmt::format("longer than {}", HumanBytes(kMaxEveLine)));
      out_ += line.bytes;
      return Ok();
    }
    const EveLine event = ReadEveLine(line.bytes);
    std::optional<NamedAlert> alert;
    if (event.kind == EveLine::Kind::kMalformed) Malformed(line.number, event.problem);
    if (event.kind == EveLine::Kind::kAlert) {
      GF_TRY(alert, knowledge_.names().Find(event.event));
      ++(alert ? named_ : others_);
    }
    if (!alert) {
      out_ += line.bytes;
      return Ok();
    }
    if (alert->values.empty()) ++gone_;
    out_ += WithMember(line.bytes, alert->ToJson());
    return Ok();
  }

  Status Flush() {
    GF_CHECK(WriteFull(STDOUT_FILENO, AsBytes(out_)));
    out_.clear();
    return Ok();
  }

  Knowledge& knowledge_;
  std::string out_;
  std::uint64_t lines_ = 0;
  std::uint64_t named_ = 0;
  std::uint64_t gone_ = 0;
  std::uint64_t others_ = 0;
  std::uint64_t malformed_ = 0;
  std::uint64_t first_malformed_ = 0;
  std::string problem_;
};

Status Enrich(Session& session, const EnrichOptions& options) {
  GF_TRY(Home home, Home::Open(session));
  GF_TRY(Fd input, OpenInput(options.input));
  Knowledge knowledge(session, std::move(home), options.destination);
  GF_CHECK(knowledge.Load());
  Enrichment enrichment(&knowledge);
  GF_CHECK(enrichment.Run(LineFeed(SourceOf(std::move(input)), kMaxEveLine)));
  session.console.Note(enrichment.Summary());
  return enrichment.Outcome();
}

}  // namespace

Command EnrichCommand() {
  return {"enrich", "add to the alerts of Suricata which event each is about",
          "Reads eve.json, a file or standard input, and writes every line again. Alerts of this "
          "site's rules get a member `gapferry`: the value that matched, its events, their source "
          "and TLP, dates, attributes. All other lines pass unchanged. Names only what the "
          "destination may name. As a stream: `tail -F eve.json | gapferry-import enrich`; a new "
          "generation is noticed.",
          [](Arguments& arguments) {
            auto options = std::make_shared<EnrichOptions>();
            arguments.Positional("EVE.JSON", &options->input, "the file; - or none: standard input",
                                 false);
            arguments.Option("--destination", &options->destination,
                             "whose alerts they are; needed if several are of the format suricata");
            return [options](Session& session) { return Enrich(session, *options); };
          }};
}

}  // namespace gapferry::importer
