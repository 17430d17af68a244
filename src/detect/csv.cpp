// CSV for people and their scripts: one line a value, whatever kind it is.
#include "detect/csv_text.h"
#include "detect/format.h"
#include "detect/value_text.h"

namespace gapferry::detect {
namespace {

class CsvWriter : public Writer {
 public:
  explicit CsvWriter(const WriterContext& context)
      : context_(context), options_(context.destination.csv) {}

  Status Add(EventNumber, const Candidate& candidate) override {
    GF_CHECK(Open());
    const Mention& mention = candidate.mentions[0];
    line_.clear();
    CsvRow(options_, &line_)
        .Cell(candidate.value)
        .Cell(IndicatorKindName(candidate.kind))
        .Cell(TypesOf(candidate))
        .Cell(intel::TlpName(candidate.tlp))
        .Cell(ThreatLevelName(candidate.threat_level))
        .Cell(candidate.mention_count)
        .Cell(mention.event_uuid.ToString())
        .Cell(mention.attribute_uuid.ToString())
        .Cell(TimeText(LastActivity(candidate)))
        .Cell(candidate.warninglist)
        .Cell(fmt::format("{}", fmt::join(PortsOf(candidate), ";")))
        .End();
    return file_->Write(line_);
  }

  Status Finish() override {
    GF_CHECK(Open());
    return file_->Close();
  }

 private:
  Status Open() {
    if (file_) return Ok();
    GF_TRY(file_, context_.output.Open("indicators.csv"));
    CsvRow row(options_, &line_);
    for (const std::string_view column :
         {"value", "kind", "types", "tlp", "threat_level", "mentions", "event_uuid",
          "attribute_uuid", "last_activity", "warninglist", "ports"})
      row.Cell(column);
    row.End();
    return file_->Write(line_);
  }

  WriterContext context_;
  const CsvOptions& options_;
  std::optional<OutputFile> file_;
  std::string line_;
};

policy::Decision ExpressCsv(const Destination&, const intel::Indicator&, std::string_view) {
  return policy::Decision::Allow();
}

}  // namespace

constinit const Format kCsv{
    .name = "csv",
    .summary = "one CSV file, one line a value, safe to open in a spreadsheet",
    .by_event = false,
    .checker =
        "python3 -c 'import csv, sys; list(csv.reader(open(sys.argv[1])))' "
        "{}/indicators.csv",
    .express = ExpressCsv,
    .make = [](const WriterContext& context) -> std::unique_ptr<Writer> {
      return std::make_unique<CsvWriter>(context);
    },
    .power = policy::Power::kReadsLogs,
    .takes_text = true,
    .says_ports = true,
};

}  // namespace gapferry::detect
