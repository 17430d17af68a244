// CSV in the columns of MISP's own export (restSearch, returnFormat csv), whole events. The column
// event_id holds the event's UUID: numbers of an instance do not cross.
#include <algorithm>
#include <map>

#include "detect/csv_text.h"
#include "detect/event_walk.h"
#include "detect/format.h"

namespace gapferry::detect {
namespace {

std::string TagList(const std::vector<intel::Tag>& tags) {
  std::string list;
  for (const intel::Tag& tag : tags)
    list += (list.empty() ? "" : ",") + tag.name;
  return list;
}

class MispCsvWriter : public EventWriter {
 public:
  explicit MispCsvWriter(const WriterContext& context)
      : context_(context), options_(context.destination.csv) {}

  Status Begin(const intel::Event& event, intel::Tlp) override {
    GF_CHECK(Open());
    event_ = event.uuid.ToString();
    return Ok();
  }
  Status AddObject(const intel::Object& object) override {
    objects_.emplace_back(object.uuid, std::pair(object.name, object.meta_category));
    return Ok();
  }
  Status AddAttribute(const Uuid& object, const intel::Attribute& attribute) override {
    // As in MISP, what is deleted is not exported.
    if (attribute.deleted) return Ok();
    line_.clear();
    CsvRow row(options_, &line_);
    row.Cell(attribute.uuid.ToString())
        .Cell(event_)
        .Cell(attribute.category)
        .Cell(attribute.type)
        .Cell(attribute.value)
        .Cell(attribute.comment)
        .Cell(attribute.to_ids ? "1" : "0")
        .Cell(static_cast<std::uint64_t>(attribute.timestamp))
        .Cell(attribute.object_relation)
        .Cell(TagList(attribute.tags));
    AddObjectCells(object, &row);
    row.End();
    return file_->Write(line_);
  }
  Status End(const std::vector<Uuid>&) override {
    objects_.clear();
    return Ok();
  }
  Status Finish() override {
    GF_CHECK(Open());
    return file_->Close();
  }

 private:
  void AddObjectCells(const Uuid& object, CsvRow* row) const {
    if (object.IsNil()) {
      row->Cell("").Cell("").Cell("");
      return;
    }
    const auto found =
        std::lower_bound(objects_.begin(), objects_.end(), object,
                         [](const auto& entry, const Uuid& uuid) { return entry.first < uuid; });
    row->Cell(object.ToString()).Cell(found->second.first).Cell(found->second.second);
  }

  Status Open() {
    if (file_) return Ok();
    GF_TRY(file_, context_.output.Open("misp.csv"));
    CsvRow row(options_, &line_);
    for (const std::string_view column :
         {"uuid", "event_id", "category", "type", "value", "comment", "to_ids", "date",
          "object_relation", "attribute_tag", "object_uuid", "object_name", "object_meta_category"})
      row.Cell(column);
    row.End();
    return file_->Write(line_);
  }

  WriterContext context_;
  const CsvOptions& options_;
  std::optional<OutputFile> file_;
  std::string event_;
  // Of the open event, by UUID: name and meta-category.
  std::vector<std::pair<Uuid, std::pair<std::string, std::string>>> objects_;
  std::string line_;
};

}  // namespace

constinit const Format kMispCsv{
    .name = "misp-csv",
    .summary = "one CSV file in the columns of MISP's export, whole events",
    .by_event = false,
    .checker = "python3 -c 'import csv, sys; list(csv.reader(open(sys.argv[1])))' {}/misp.csv",
    .express = CopyWhole,
    .make = nullptr,
    .make_for_events = [](const WriterContext& context) -> std::unique_ptr<EventWriter> {
      return std::make_unique<MispCsvWriter>(context);
    },
};

}  // namespace gapferry::detect
