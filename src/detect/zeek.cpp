// Zeek's Intelligence Framework. A file that is read again only adds: what it no longer names stays
// until Zeek restarts, unless a row says so (policy/frameworks/intel/removal). So what the
// generation in use names and this one does not is named once more, as removed, for some weeks.
#include <algorithm>
#include <fstream>

#include "detect/format.h"
#include "detect/row_sorter.h"

namespace gapferry::detect {
namespace {

using intel::IndicatorKind;
using policy::Decision;

constexpr std::string_view kFileName = "misp.intel";
constexpr std::size_t kMaxZeekBytes = 4096;
constexpr std::size_t kMaxLine = 64 << 10;  // four bytes for each of a value, and the rest
constexpr std::string_view kRemovedOn = "removed ";

std::string_view TypeOf(IndicatorKind kind) {
  switch (kind) {
    case IndicatorKind::kAddress:
      return "Intel::ADDR";
    case IndicatorKind::kNetwork:
      return "Intel::SUBNET";
    case IndicatorKind::kDomain:
    case IndicatorKind::kHostname:
      return "Intel::DOMAIN";
    case IndicatorKind::kUrl:
      return "Intel::URL";
    case IndicatorKind::kEmail:
      return "Intel::EMAIL";
    case IndicatorKind::kMd5:
    case IndicatorKind::kSha1:
    case IndicatorKind::kSha256:
      return "Intel::FILE_HASH";
    case IndicatorKind::kX509Sha1:
      return "Intel::CERT_HASH";
    case IndicatorKind::kFilename:
      return "Intel::FILE_NAME";
    case IndicatorKind::kUserAgent:
      return "Intel::SOFTWARE";
    default:
      return "";
  }
}

bool IsPlain(char c) {
  return c >= 0x20 && c < 0x7F && c != '\\';
}

// The reader undoes \xHH in every field. "-" and "(empty)" are no values, and # begins a comment.
std::string Field(std::string_view value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const bool special = value == "-" || value == "(empty)" || value.starts_with('#');
  if (!special && std::all_of(value.begin(), value.end(), IsPlain)) return std::string(value);
  std::string field;
  for (const char c : value) {
    if (IsPlain(c) && !(special && field.empty())) {
      field += c;
    } else {
      const auto byte = static_cast<std::uint8_t>(c);
      field += "\\x";
      field += kDigits[byte >> 4];
      field += kDigits[byte & 0xF];
    }
  }
  return field;
}

// Up to and with the third tab: what Zeek tells items by.
std::string_view KeyOf(std::string_view row) {
  std::size_t end = 0;
  for (int tab = 0; tab < 3; ++tab) {
    end = row.find('\t', end);
    if (end == std::string_view::npos) return {};
    ++end;
  }
  return row.substr(0, end);
}

// The rows of an earlier file of ours, in its order. What cannot be a row is passed over: an
// earlier version may have written otherwise, and Zeek would then keep a value until its restart.
class EarlierRows {
 public:
  explicit EarlierRows(const std::filesystem::path& file) : in_(file, std::ios::binary) {
    Advance();
  }
  [[nodiscard]] bool done() const { return row_.empty(); }
  [[nodiscard]] const std::string& row() const { return row_; }
  void Advance() {
    std::string before = std::move(row_);
    for (row_.clear(); std::getline(in_, row_); row_.clear()) {
      if (!row_.empty() && row_[0] != '#' && row_.size() <= kMaxLine && KeyOf(before) < KeyOf(row_))
        return;
    }
    row_.clear();
  }

 private:
  std::ifstream in_;
  std::string row_;
};

class ZeekWriter : public Writer {
 public:
  explicit ZeekWriter(const WriterContext& context)
      : context_(context), options_(context.destination.net.zeek), rows_(context.output.path()) {}

  Status Add(EventNumber, const Candidate& candidate) override {
    std::string_view indicator = candidate.value;
    if (candidate.kind == IndicatorKind::kUrl) indicator.remove_prefix(indicator.find("//") + 2);
    row_ = Field(indicator);
    row_ += '\t';
    row_ += TypeOf(candidate.kind);
    row_ += "\tMISP-";
    const std::size_t head = row_.size();
    for (const Mention& mention : candidate.mentions) {
      row_.resize(head);
      mention.event_uuid.AppendTo(&row_);
      row_ += "\tMISP ";
      row_ += mention.type;
      row_ += ' ';
      mention.attribute_uuid.AppendTo(&row_);
      row_ += " tlp:";
      row_ += intel::TlpName(mention.tlp);
      row_ += '\t';
      row_ += Flags(false);
      GF_CHECK(rows_.Add(row_));
    }
    return Ok();
  }

  Status Finish() override {
    GF_TRY(file_, context_.output.Open(std::string(kFileName)));
    GF_CHECK(file_->Write(
        fmt::format("#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\t{}meta.remove\n"
                    "# gapferry: {}, up to tlp:{}\n",
                    options_.notice ? "meta.do_notice\t" : "", context_.destination.name,
                    intel::TlpName(context_.destination.use.clearance))));
    EarlierRows earlier(context_.previous / kFileName);
    std::string last;
    const auto put = [&](std::string_view row) -> Status {
      const std::string_view key = KeyOf(row);
      if (key == last) return Ok();  // the same event names it twice
      last = key;
      for (; !earlier.done() && KeyOf(earlier.row()) < key; earlier.Advance())
        GF_CHECK(PutRemoved(earlier.row()));
      if (!earlier.done() && KeyOf(earlier.row()) == key) earlier.Advance();
      GF_CHECK(file_->Write(row));
      return file_->Write("\n");
    };
    GF_CHECK(rows_.ForEach(put));
    for (; !earlier.done(); earlier.Advance())
      GF_CHECK(PutRemoved(earlier.row()));
    return file_->Close();
  }

 private:
  [[nodiscard]] std::string Flags(bool removed) const {
    return std::string(options_.notice ? (removed ? "F\t" : "T\t") : "") + (removed ? "T" : "F");
  }

  // `row` is of the generation in use, as a value or as one that was removed earlier.
  Status PutRemoved(std::string_view row) {
    if (context_.previous.empty()) return Ok();
    const std::string_view key = KeyOf(row);
    const std::string_view description = row.substr(key.size(), row.find('\t', key.size()));
    Time removed = context_.created;
    if (row.ends_with("\tT") && description.starts_with(kRemovedOn))
      removed = ParseDate(description.substr(kRemovedOn.size(), 10)).value_or(removed);
    if (context_.created - removed >= Time{options_.removal_days} * kSecondsPerDay) return Ok();
    return file_->Write(
        fmt::format("{}{}{}\t{}\n", key, kRemovedOn, FormatDate(removed), Flags(true)));
  }

  WriterContext context_;
  const ZeekOptions& options_;
  RowSorter rows_;
  std::string row_;
  std::optional<OutputFile> file_;
};

Decision ExpressZeek(const Destination&, const intel::Indicator& indicator, std::string_view type) {
  if (TypeOf(indicator.kind).empty()) return CannotExpressKind(indicator, type);
  if (indicator.value.size() > kMaxZeekBytes) return CannotExpress("too-long");
  if (indicator.kind != IndicatorKind::kUrl) return Decision::Allow();
  // The framework sees URLs of HTTP only; the host alone would match far more.
  if (indicator.value.starts_with("https:")) return CannotExpress("https-url-inexpressible");
  return indicator.value.starts_with("http:") ? Decision::Allow() : CannotExpress("url-scheme");
}

}  // namespace

constinit const Format kZeek{
    .name = "zeek",
    .summary = "intelligence file for Zeek, with removals",
    .by_event = false,
    .checker = "",
    .express = ExpressZeek,
    .make = [](const WriterContext& context) -> std::unique_ptr<Writer> {
      return std::make_unique<ZeekWriter>(context);
    },
};

}  // namespace gapferry::detect
