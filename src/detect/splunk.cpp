// Splunk: the local lookups of Enterprise Security's threat intelligence framework, and one lookup
// for searches of your own. Cells are what the log holds, so no formula is guarded here.
#include <map>

#include "detect/csv_text.h"
#include "detect/format.h"
#include "detect/value_text.h"

namespace gapferry::detect {
namespace {

using intel::IndicatorKind;
using policy::Decision;
using policy::Reason;

constexpr std::size_t kMaxCellBytes = 8191;
constexpr CsvOptions kSplunkCsv{.guard_formulas = false, .crlf = false};

// A lookup of Enterprise Security; its columns stand between description and weight.
struct Lookup {
  std::string_view file;
  std::array<std::string_view, 3> columns;
};
constexpr Lookup kIp{"local_ip_intel.csv", {"ip", "", ""}};
constexpr Lookup kDomain{"local_domain_intel.csv", {"domain", "", ""}};
constexpr Lookup kEmail{"local_email_intel.csv", {"src_user", "subject", ""}};
constexpr Lookup kFile{"local_file_intel.csv", {"file_hash", "file_name", ""}};
constexpr Lookup kHttp{"local_http_intel.csv", {"http_referrer", "http_user_agent", "url"}};

struct KindColumn {
  IndicatorKind kind;
  const Lookup* lookup;
  std::string_view column;
};
constexpr auto kKindColumns = std::to_array<KindColumn>({
    {IndicatorKind::kAddress, &kIp, "ip"},
    {IndicatorKind::kNetwork, &kIp, "ip"},
    {IndicatorKind::kDomain, &kDomain, "domain"},
    {IndicatorKind::kHostname, &kDomain, "domain"},
    {IndicatorKind::kUrl, &kHttp, "url"},
    {IndicatorKind::kUserAgent, &kHttp, "http_user_agent"},
    {IndicatorKind::kEmail, &kEmail, "src_user"},
    {IndicatorKind::kMd5, &kFile, "file_hash"},
    {IndicatorKind::kSha1, &kFile, "file_hash"},
    {IndicatorKind::kSha224, &kFile, "file_hash"},
    {IndicatorKind::kSha256, &kFile, "file_hash"},
    {IndicatorKind::kSha384, &kFile, "file_hash"},
    {IndicatorKind::kSha512, &kFile, "file_hash"},
    {IndicatorKind::kFilename, &kFile, "file_name"},
});

const KindColumn* CellOf(IndicatorKind kind) {
  for (const KindColumn& cell : kKindColumns) {
    if (cell.kind == kind) return &cell;
  }
  return nullptr;
}

std::uint64_t Weight(std::uint8_t threat_level) {
  return threat_level >= 1 && threat_level <= 3 ? 4U - threat_level : 1U;
}

constexpr std::string_view kTransforms = R"([misp_indicators]
filename = misp_indicators.csv
case_sensitive_match = false

[misp_networks]
filename = misp_indicators.csv
match_type = CIDR(indicator)
max_matches = 1
)";

class SplunkWriter : public Writer {
 public:
  explicit SplunkWriter(const WriterContext& context) : context_(context) {}

  Status Add(EventNumber, const Candidate& candidate) override {
    GF_CHECK(OpenAll());
    const KindColumn& cell = *CellOf(candidate.kind);
    const std::string event = candidate.mentions[0].event_uuid.ToString();
    line_.clear();
    CsvRow row(kSplunkCsv, &line_);
    row.Cell("MISP event " + event + " tlp:" + std::string(intel::TlpName(candidate.tlp)));
    for (const std::string_view column : cell.lookup->columns) {
      if (!column.empty()) row.Cell(column == cell.column ? candidate.value : "");
    }
    row.Cell(Weight(candidate.threat_level)).End();
    GF_TRY(OutputFile* const file, Lookups(*cell.lookup));
    GF_CHECK(file->Write(line_));
    return WriteOwn(candidate, event);
  }

  Status Finish() override {
    GF_CHECK(OpenAll());
    for (auto& [name, file] : files_)
      GF_CHECK(file.Close());
    return context_.output.WriteFile("transforms.conf", kTransforms);
  }

 private:
  Status WriteOwn(const Candidate& candidate, const std::string& event) {
    line_.clear();
    CsvRow(kSplunkCsv, &line_)
        .Cell(candidate.value)
        .Cell(IndicatorKindName(candidate.kind))
        .Cell(TypesOf(candidate))
        .Cell(event)
        .Cell(candidate.mention_count)
        .Cell(intel::TlpName(candidate.tlp))
        .Cell(ThreatLevelName(candidate.threat_level))
        .Cell(TimeText(LastActivity(candidate)))
        .End();
    return files_.at(std::string(kOwn)).Write(line_);
  }

  Status OpenAll() {
    if (!files_.empty()) return Ok();
    GF_TRY(OutputFile file, context_.output.Open(std::string(kOwn)));
    GF_CHECK(
        file.Write("indicator,kind,types,event_uuid,mentions,tlp,threat_level,last_activity\n"));
    files_.emplace(kOwn, std::move(file));
    return Ok();
  }

  // Only lookups that have values are written.
  Result<OutputFile*> Lookups(const Lookup& lookup) {
    const auto found = files_.find(std::string(lookup.file));
    if (found != files_.end()) return &found->second;
    GF_TRY(OutputFile file, context_.output.Open(std::string(lookup.file)));
    std::string head = "description";
    for (const std::string_view column : lookup.columns) {
      if (!column.empty()) head += ',' + std::string(column);
    }
    GF_CHECK(file.Write(head + ",weight\n"));
    return &files_.emplace(lookup.file, std::move(file)).first->second;
  }

  static constexpr std::string_view kOwn = "misp_indicators.csv";
  WriterContext context_;
  std::map<std::string, OutputFile> files_;
  std::string line_;
};

Decision ExpressSplunk(const Destination&, const intel::Indicator& indicator,
                       std::string_view type) {
  if (indicator.kind == IndicatorKind::kOther)
    return Decision::Refuse(Reason::kTypeNotDetectable, type);
  if (CellOf(indicator.kind) == nullptr)
    return Decision::Refuse(Reason::kFormatCannotExpress, IndicatorKindName(indicator.kind));
  if (indicator.value.size() > kMaxCellBytes)
    return Decision::Refuse(Reason::kFormatCannotExpress, "too-long");
  return Decision::Allow();
}

}  // namespace

constinit const Format kSplunk{
    .name = "splunk",
    .summary = "lookups for Splunk and the threat intelligence of Enterprise Security",
    .by_event = false,
    .checker =
        "python3 -c 'import csv, sys; list(csv.reader(open(sys.argv[1])))' "
        "{}/misp_indicators.csv",
    .express = ExpressSplunk,
    .make = [](const WriterContext& context) -> std::unique_ptr<Writer> {
      return std::make_unique<SplunkWriter>(context);
    },
    .power = policy::Power::kReadsLogs,
};

}  // namespace gapferry::detect
