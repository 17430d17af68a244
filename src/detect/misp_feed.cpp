// MISP feed for an isolated MISP: feed/manifest.json, feed/hashes.csv and one JSON file an event
// (MISP core format draft-20). One attribute is one line, so that versions of a file compare well.
#include <md5.h>
#include <algorithm>

#include "detect/event_walk.h"
#include "detect/format.h"
#include "detect/misp_json.h"
#include "detect/row_sorter.h"

namespace gapferry::detect {
namespace {

std::string Md5Of(std::string_view text) {
  MD5_CTX context;
  MD5Init(&context);
  MD5Update(&context, reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  std::array<std::uint8_t, MD5_DIGEST_LENGTH> digest{};
  MD5Final(digest.data(), &context);
  return HexEncode(digest);
}

// What lies below objects, and reports, waits in the sorter until its event ends: the store has
// attributes by UUID, the feed has them by object.
class MispFeedWriter : public EventWriter {
 public:
  explicit MispFeedWriter(const WriterContext& context) : output_(context.output) {}

  Status Begin(const intel::Event& event, intel::Tlp) override {
    GF_CHECK(OpenLists());
    event_ = event.uuid.ToString();
    GF_TRY(file_, output_.Open("feed/" + event_ + ".json"));
    sorter_.emplace(output_.path());
    std::string& text = Clear();
    text = "{\"Event\":";
    AppendOpenEvent(event, &text);
    text += ",\n\"Attribute\":[";
    GF_CHECK(file_->Write(text));
    first_attribute_ = true;

    std::string& entry = Clear();
    entry = first_event_ ? "{\n" : ",\n";
    first_event_ = false;
    AppendManifestEntry(event, &entry);
    return manifest_->Write(entry);
  }

  Status AddObject(const intel::Object& object) override {
    std::string& row = RowOf(kObjects, object.uuid, kHead, object.uuid);
    AppendOpenObject(object, &row);
    return sorter_->Add(row);
  }

  Status AddAttribute(const Uuid& object, const intel::Attribute& attribute) override {
    GF_CHECK(AddHashes(attribute));
    if (!object.IsNil()) {
      std::string& row = RowOf(kObjects, object, kAttribute, attribute.uuid);
      AppendAttribute(attribute, &row);
      return sorter_->Add(row);
    }
    std::string& text = Clear();
    text = first_attribute_ ? "\n" : ",\n";
    first_attribute_ = false;
    AppendAttribute(attribute, &text);
    return file_->Write(text);
  }

  Status AddReference(const Uuid& object, const intel::Reference& reference) override {
    std::string& row = RowOf(kObjects, object, kReference, reference.uuid);
    AppendReference(reference, &row);
    return sorter_->Add(row);
  }

  Status AddReport(const intel::Report& report) override {
    std::string& row = RowOf(kReports, Uuid{}, kHead, report.uuid);
    AppendReport(report, &row);
    return sorter_->Add(row);
  }

  Status End(const std::vector<Uuid>& hidden) override {
    GF_CHECK(file_->Write("],\n\"Object\":["));
    hidden_ = &hidden;
    section_ = kObjects;
    rank_ = kNothing;
    GF_CHECK(sorter_->ForEach([this](std::string_view row) { return WriteRow(row); }));
    GF_CHECK(CloseSection());
    if (section_ == kObjects) GF_CHECK(file_->Write("],\n\"EventReport\":["));
    GF_CHECK(file_->Write("]}}\n"));
    sorter_.reset();
    return file_->Close();
  }

  Status Finish() override {
    GF_CHECK(OpenLists());
    GF_CHECK(manifest_->Write(first_event_ ? "{}\n" : "\n}\n"));
    GF_CHECK(manifest_->Close());
    return hashes_->Close();
  }

 private:
  // A row of the sorter: section, object, rank, the row's UUID; then its JSON.
  enum Section : char { kObjects, kReports };
  enum Rank : char { kHead, kAttribute, kReference, kNothing };
  static constexpr std::size_t kUuidBytes = sizeof(Uuid::bytes);
  static constexpr std::size_t kKeyBytes = 2 * kUuidBytes + 2;

  Status OpenLists() {
    if (manifest_) return Ok();
    GF_TRY(manifest_, output_.Open("feed/manifest.json"));
    GF_TRY(hashes_, output_.Open("feed/hashes.csv"));
    return Ok();
  }

  std::string& Clear() {
    text_.clear();
    return text_;
  }
  std::string& RowOf(Section section, const Uuid& object, Rank rank, const Uuid& uuid) {
    std::string& row = Clear();
    row += static_cast<char>(section);
    row += AsText(object.bytes);
    row += static_cast<char>(rank);
    row += AsText(uuid.bytes);
    return row;
  }

  // The parts of composites, each by itself, as PyMISP's MISPAttribute.hash_values has them.
  Status AddHashes(const intel::Attribute& attribute) {
    const bool composite =
        attribute.type.find('|') != std::string::npos || attribute.type == "malware-sample";
    std::string_view rest = attribute.value;
    while (true) {
      const std::size_t bar = composite ? rest.find('|') : std::string_view::npos;
      GF_CHECK(hashes_->Write(Md5Of(rest.substr(0, bar)) + ',' + event_ + '\n'));
      if (bar == std::string_view::npos) return Ok();
      rest.remove_prefix(bar + 1);
    }
  }

  Status WriteRow(std::string_view row) {
    const auto section = static_cast<Section>(row[0]);
    const auto rank = static_cast<Rank>(row[1 + kUuidBytes]);
    Uuid object;
    const ByteView bytes = AsBytes(row.substr(1, kUuidBytes));
    std::copy(bytes.begin(), bytes.end(), object.bytes.begin());
    if (section == kObjects && std::binary_search(hidden_->begin(), hidden_->end(), object))
      return Ok();
    if (section != section_) {
      GF_CHECK(CloseSection());
      GF_CHECK(file_->Write("],\n\"EventReport\":["));
      section_ = section;
    }
    GF_CHECK(file_->Write(Separator(rank)));
    rank_ = rank;
    return file_->Write(row.substr(kKeyBytes));
  }

  // What stands between the row before and one of this rank.
  [[nodiscard]] std::string Separator(Rank rank) const {
    if (rank == kHead) return rank_ == kNothing ? "\n" : (EndOfObject() + ",\n");
    if (rank == rank_) return ",\n";
    const std::string list = rank == kAttribute ? "\"Attribute\":[\n" : "\"ObjectReference\":[\n";
    return (rank_ == kAttribute ? "]," : ",") + list;
  }
  [[nodiscard]] std::string EndOfObject() const {
    if (section_ == kReports) return "";
    return rank_ == kHead ? "}" : "]}";
  }
  Status CloseSection() {
    if (rank_ == kNothing) return Ok();
    GF_CHECK(file_->Write(EndOfObject()));
    rank_ = kNothing;
    return Ok();
  }

  OutputFolder& output_;
  std::optional<OutputFile> manifest_;
  std::optional<OutputFile> hashes_;
  bool first_event_ = true;

  // Of the open event.
  std::string event_;
  std::optional<OutputFile> file_;
  std::optional<RowSorter> sorter_;
  bool first_attribute_ = true;

  // While its sorted rows are written.
  const std::vector<Uuid>* hidden_ = nullptr;
  Section section_ = kObjects;
  Rank rank_ = kNothing;

  std::string text_;
};

}  // namespace

constinit const Format kMispFeed{
    .name = "misp-feed",
    .summary = "feed in MISP's own format, whole events, for an isolated MISP",
    .by_event = false,
    .checker = "jq empty {}/feed/manifest.json",
    .express = CopyWhole,
    .make = nullptr,
    .make_for_events = [](const WriterContext& context) -> std::unique_ptr<EventWriter> {
      return std::make_unique<MispFeedWriter>(context);
    },
};

}  // namespace gapferry::detect
