// Zeek's Intelligence Framework. A file that is read again only adds: what it no longer names stays
// until Zeek restarts, unless a row says so (policy/frameworks/intel/removal). So what the
// generation in use names and this one does not is named once more, as removed, for some weeks.
#include <algorithm>
#include <fstream>
#include <functional>
#include <optional>

#include "base/hash.h"
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
constexpr std::size_t kKeyHashBytes = 16;

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

// Zeek compares without case: to remove "a/Gate" would remove "a/gate", too.
std::string HashOf(std::string_view key) {
  return std::string(AsText(Hash256(AsBytes(AsciiLower(key)))).substr(0, kKeyHashBytes));
}

// What an earlier file of ours names and the new one does not. Its rows may be millions, so keys
// are sorted as hashes.
class GoneRows {
 public:
  GoneRows(std::filesystem::path earlier, const std::filesystem::path& folder)
      : earlier_(std::move(earlier)), keys_(folder), gone_(folder) {}

  // A row of the new file.
  Status Name(std::string_view row) { return keys_.Add(HashOf(KeyOf(row))); }

  // In the order of the earlier file.
  using Visit = std::function<Status(const std::string& row)>;
  Status ForEach(const Visit& visit) {
    GF_CHECK(ForEachEarlier([&](const std::string& number, const std::string& row) {
      return keys_.Add(HashOf(KeyOf(row)) + number);
    }));
    std::string named;
    GF_CHECK(keys_.ForEach([&](std::string_view key) -> Status {
      const std::string_view hash = key.substr(0, kKeyHashBytes);
      if (key.size() == kKeyHashBytes) named = hash;
      return hash == named ? Ok() : gone_.Add(key.substr(kKeyHashBytes));
    }));
    std::ifstream in(earlier_, std::ios::binary);
    std::string row;
    std::uint64_t line = 0;
    return gone_.ForEach([&](std::string_view number) -> Status {
      for (const std::uint64_t wanted = std::stoull(std::string(number)); line < wanted; ++line)
        std::getline(in, row);
      return visit(row);
    });
  }

 private:
  // Numbers of lines that sort, from 1 on. What cannot be a row is passed over: an earlier version
  // may have written otherwise, and Zeek would then keep a value until its restart.
  template <typename Take>
  Status ForEachEarlier(const Take& take) const {
    std::ifstream in(earlier_, std::ios::binary);
    std::string row;
    for (std::uint64_t line = 1; std::getline(in, row); ++line) {
      if (row.empty() || row[0] == '#' || row.size() > kMaxLine || KeyOf(row).empty()) continue;
      GF_CHECK(take(fmt::format("{:020}", line), row));
    }
    return Ok();
  }

  std::filesystem::path earlier_;
  RowSorter keys_;  // the hash; for the earlier file, the number of the line after it
  RowSorter gone_;  // numbers of lines
};

class ZeekWriter : public Writer {
 public:
  explicit ZeekWriter(const WriterContext& context)
      : context_(context),
        options_(context.destination.net.zeek),
        gone_(context.previous / kFileName, context.output.path()),
        flags_(Flags(false) + '\n') {}

  Status Add(EventNumber, const Candidate& candidate) override {
    GF_CHECK(Open());
    std::string_view indicator = candidate.value;
    if (candidate.kind == IndicatorKind::kUrl) indicator.remove_prefix(indicator.find("//") + 2);
    row_ = Field(indicator);
    row_ += '\t';
    row_ += TypeOf(candidate.kind);
    // A name that is also a domain comes right after it and has the same keys.
    if (row_ != item_) named_.clear();
    item_ = row_;
    row_ += "\tMISP-";
    const std::size_t head = row_.size();
    for (const Mention& mention : candidate.mentions) {
      if (std::find(named_.begin(), named_.end(), mention.event_uuid) != named_.end()) continue;
      named_.push_back(mention.event_uuid);
      row_.resize(head);
      GF_CHECK(Put(mention));
    }
    return Ok();
  }

  Status Finish() override {
    GF_CHECK(Open());
    if (!context_.previous.empty())
      GF_CHECK(gone_.ForEach([&](const std::string& row) { return PutRemoved(row); }));
    return file_->Close();
  }

 private:
  Status Open() {
    if (file_) return Ok();
    GF_TRY(file_, context_.output.Open(std::string(kFileName)));
    return file_->Write(
        fmt::format("#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\t{}meta.remove\n"
                    "# gapferry: {}, up to tlp:{}\n",
                    options_.notice ? "meta.do_notice\t" : "", context_.destination.name,
                    intel::TlpName(context_.destination.use.clearance)));
  }

  // Appends to the head of the row.
  Status Put(const Mention& mention) {
    mention.event_uuid.AppendTo(&row_);
    row_ += "\tMISP ";
    row_ += mention.type;
    row_ += ' ';
    mention.attribute_uuid.AppendTo(&row_);
    row_ += " tlp:";
    row_ += intel::TlpName(mention.tlp);
    row_ += '\t';
    row_ += flags_;
    if (!context_.previous.empty()) GF_CHECK(gone_.Name(row_));
    return file_->Write(row_);
  }

  [[nodiscard]] std::string Flags(bool removed) const {
    return std::string(options_.notice ? (removed ? "F\t" : "T\t") : "") + (removed ? "T" : "F");
  }

  // `row` is of the generation in use, as a value or as one that was removed earlier.
  Status PutRemoved(std::string_view row) {
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
  GoneRows gone_;
  std::string flags_;        // of a row that names a value
  std::string row_;          // being written
  std::string item_;         // value and type of the last one
  std::vector<Uuid> named_;  // the events that its rows name
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
