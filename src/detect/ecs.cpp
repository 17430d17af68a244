// Elastic Common Schema: one document a value, as NDJSON, with the fields that Elastic's own
// indicator match rules read (event.module ti_*, threat.indicator.*).
#include "detect/format.h"
#include "detect/json_text.h"
#include "detect/value_text.h"

namespace gapferry::detect {
namespace {

using intel::IndicatorKind;
using policy::Decision;
using policy::Reason;

// Beyond it Lucene refuses a keyword, and with it the document: 32,766 bytes. A rule's query would
// suffer long before.
constexpr std::size_t kMaxValueBytes = 8191;

// Where a value stands below threat.indicator; dots separate the levels.
struct Place {
  IndicatorKind kind;
  std::string_view type;  // of the attribute, where the kind does not say it all
  std::string_view indicator_type;
  std::string_view field;
};
constexpr auto kPlaces = std::to_array<Place>({
    {IndicatorKind::kDomain, "", "domain-name", "url.domain"},
    {IndicatorKind::kHostname, "", "domain-name", "url.domain"},
    {IndicatorKind::kEmail, "", "email-addr", "email.address"},
    {IndicatorKind::kMd5, "", "file", "file.hash.md5"},
    {IndicatorKind::kSha1, "", "file", "file.hash.sha1"},
    {IndicatorKind::kSha224, "", "file", "file.hash.sha224"},
    {IndicatorKind::kSha256, "", "file", "file.hash.sha256"},
    {IndicatorKind::kSha384, "", "file", "file.hash.sha384"},
    {IndicatorKind::kSha512, "", "file", "file.hash.sha512"},
    {IndicatorKind::kOtherHash, "ssdeep", "file", "file.hash.ssdeep"},
    {IndicatorKind::kOtherHash, "filename|ssdeep", "file", "file.hash.ssdeep"},
    {IndicatorKind::kOtherHash, "tlsh", "file", "file.hash.tlsh"},
    {IndicatorKind::kOtherHash, "filename|tlsh", "file", "file.hash.tlsh"},
    {IndicatorKind::kOtherHash, "imphash", "file", "file.pe.imphash"},
    {IndicatorKind::kOtherHash, "filename|imphash", "file", "file.pe.imphash"},
    {IndicatorKind::kOtherHash, "pehash", "file", "file.pe.pehash"},
    {IndicatorKind::kOtherHash, "filename|pehash", "file", "file.pe.pehash"},
    {IndicatorKind::kFilename, "", "file", "file.name"},
    {IndicatorKind::kOther, "regkey", "windows-registry-key", "registry.path"},
    {IndicatorKind::kOther, "mutex", "mutex", ""},
});

const Place* PlaceOf(IndicatorKind kind, std::string_view type) {
  for (const Place& place : kPlaces) {
    if (place.kind == kind && (place.type.empty() || place.type == type)) return &place;
  }
  return nullptr;
}

std::string AsciiUpper(std::string_view text) {
  std::string upper;
  for (const char c : text)
    upper += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return upper;
}

// Opens one object for each level of the field's name, and closes them again.
void AddField(std::string_view field, std::string_view value, JsonMembers* members) {
  const std::size_t dot = field.find('.');
  if (dot == std::string_view::npos) {
    members->Text(field, value);
    return;
  }
  JsonMembers inner(members->Raw(field.substr(0, dot)));
  AddField(field.substr(dot + 1), value, &inner);
  inner.Close();
}

void AddUrl(const std::string& value, JsonMembers* indicator) {
  indicator->Text("type", "url");
  JsonMembers url(indicator->Raw("url"));
  url.Text("full", value);
  if (const std::optional<intel::Url> parts = intel::ParseUrl(value)) {
    url.Text("scheme", parts->scheme);
    url.Text("domain", parts->host);
    if (parts->port != 0) url.Number("port", parts->port);
    const std::size_t query = parts->target.find('?');
    url.Text("path", parts->target.substr(0, query));
    if (query != std::string::npos) url.Text("query", parts->target.substr(query + 1));
  }
  url.Close();
}

void AddValue(const Candidate& candidate, JsonMembers* indicator) {
  if (candidate.kind == IndicatorKind::kUrl) {
    AddUrl(candidate.value, indicator);
  } else if (candidate.kind == IndicatorKind::kAddress) {
    const bool v6 = candidate.value.find(':') != std::string::npos;
    indicator->Text("type", v6 ? "ipv6-addr" : "ipv4-addr");
    indicator->Text("ip", candidate.value);
    const std::set<std::uint16_t> ports = PortsOf(candidate);
    // A field of Elasticsearch holds one value or an array of them.
    if (ports.size() == 1) indicator->Number("port", *ports.begin());
    if (ports.size() > 1) *indicator->Raw("port") += fmt::format("[{}]", fmt::join(ports, ","));
  } else if (const Place* place = PlaceOf(candidate.kind, candidate.mentions[0].type)) {
    indicator->Text("type", place->indicator_type);
    if (!place->field.empty()) AddField(place->field, candidate.value, indicator);
  }
}

class EcsWriter : public Writer {
 public:
  explicit EcsWriter(const WriterContext& context)
      : context_(context), created_(FormatTime(context.created)) {}

  Status Add(EventNumber, const Candidate& candidate) override {
    GF_CHECK(Open());
    text_.clear();
    const std::string& index = context_.destination.ecs.index;
    if (!index.empty()) {
      text_ += fmt::format("{{\"index\":{{\"_index\":\"{}\",\"_id\":\"{}\"}}}}\n", index,
                           ValueUuid("ecs", candidate).ToString());
    }
    AppendDocument(candidate);
    text_ += '\n';
    return file_->Write(text_);
  }

  Status Finish() override {
    GF_CHECK(Open());
    return file_->Close();
  }

 private:
  Status Open() {
    if (file_) return Ok();
    GF_TRY(file_, context_.output.Open("indicators.ndjson"));
    return Ok();
  }

  // Match rules look back thirty days, so @timestamp is the bundle's: what is in it is still held
  // to be true.
  void AppendDocument(const Candidate& candidate) {
    JsonMembers document(&text_);
    document.Text("@timestamp", created_);
    AddField("ecs.version", "8.17.0", &document);
    *document.Raw("event") +=
        R"({"kind":"enrichment","category":["threat"],"type":["indicator"],"module":"ti_misp"})";
    JsonMembers threat(document.Raw("threat"));
    AddField("feed.name", "MISP " + context_.destination.name, &threat);
    JsonMembers indicator(threat.Raw("indicator"));
    AddValue(candidate, &indicator);
    indicator.Text("name", candidate.value);
    indicator.TextIfAny("modified_at", TimeText(LastActivity(candidate)));
    AddField("marking.tlp", AsciiUpper(intel::TlpName(candidate.tlp)), &indicator);
    indicator.Text("provider", "MISP");
    const std::string event = candidate.mentions[0].event_uuid.ToString();
    indicator.Text("reference", "urn:uuid:" + event);
    std::string description = TypesOf(candidate);
    description += " of MISP event ";
    description += event;
    if (candidate.mention_count > 1) description += " and others";
    indicator.Text("description", description);
    indicator.Close();
    threat.Close();
    // How bad the event is says nothing of how sure it is: threat.indicator.confidence is left out.
    AddField("labels.misp_threat_level", ThreatLevelName(candidate.threat_level), &document);
    document.Close();
  }

  WriterContext context_;
  std::string created_;
  std::optional<OutputFile> file_;
  std::string text_;
};

Decision ExpressEcs(const Destination&, const intel::Indicator& indicator, std::string_view type) {
  // The field for addresses takes no networks.
  if (indicator.kind == IndicatorKind::kNetwork)
    return Decision::Refuse(Reason::kFormatCannotExpress, "network");
  const bool known = indicator.kind == IndicatorKind::kUrl ||
                     indicator.kind == IndicatorKind::kAddress ||
                     PlaceOf(indicator.kind, type) != nullptr;
  if (!known && indicator.kind == IndicatorKind::kOther)
    return Decision::Refuse(Reason::kTypeNotDetectable, type);
  if (!known)
    return Decision::Refuse(Reason::kFormatCannotExpress, IndicatorKindName(indicator.kind));
  if (indicator.value.size() > kMaxValueBytes)
    return Decision::Refuse(Reason::kFormatCannotExpress, "too-long");
  return Decision::Allow();
}

}  // namespace

constinit const Format kEcs{
    .name = "ecs",
    .summary = "documents in the Elastic Common Schema, one a value, as NDJSON",
    .by_event = false,
    .checker = "jq -e .threat.indicator.type {}/indicators.ndjson",
    .express = ExpressEcs,
    .make = [](const WriterContext& context) -> std::unique_ptr<Writer> {
      return std::make_unique<EcsWriter>(context);
    },
    .power = policy::Power::kReadsLogs,
    .takes_text = true,
    .says_ports = true,
};

}  // namespace gapferry::detect
