#include "collect/collect_report.h"

namespace gapferry::collect {
namespace {

Json Counts(const std::map<std::string, std::uint64_t>& counts) {
  Json object = Json::object();
  for (const auto& [name, count] : counts)
    object[name] = count;
  return object;
}

// The warnings among them, or all.
Json Texts(const std::vector<Remark>& remarks, bool warnings_only) {
  Json list = Json::array();
  for (const Remark& remark : remarks) {
    if (remark.warning || !warnings_only) list.push_back(remark.text);
  }
  return list;
}

std::string_view NameOf(ListChange::What what) {
  switch (what) {
    case ListChange::What::kNew:
      return "new";
    case ListChange::What::kChanged:
      return "changed";
    case ListChange::What::kRemoved:
      return "removed";
  }
  return "";
}

Json ToJson(const std::vector<Refusal>& refusals) {
  Json list = Json::array();
  for (const Refusal& refusal : refusals) {
    list.push_back({{"file", refusal.file},
                    {"line", refusal.line},
                    {"kind", Info(refusal.kind).name},
                    {"reason", refusal.reason}});
  }
  return list;
}

Json Words(std::string_view lines) {
  Json words = Json::array();
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    words.push_back(std::string(lines.substr(0, end)));
    lines.remove_prefix(std::min(lines.size(), end + 1));
  }
  return words;
}

Json ToJson(const ValueCounts& values) {
  return {{"added", values.added},
          {"same", values.same},
          {"renewed", values.renewed},
          {"gone", values.gone},
          {"kept", values.kept},
          {"excluded", values.excluded},
          {"without_form", values.without_form},
          {"examples_without_form", ToJson(values.examples)}};
}

}  // namespace

void CollectReport::Refuse(Refusal refusal) {
  if (++refused_count <= kMaxRefusals) refused.push_back(std::move(refusal));
}

Json ToJson(const CollectReport& report) {
  Json json;
  json["source"] = report.source;
  json["added"] = report.added;
  json["changed"] = report.changed;
  json["unchanged"] = report.unchanged;
  json["removed"] = report.removed;
  json["kept"] = report.kept;
  json["left_out_events"] = report.left_out_events;
  json["left_out_attributes"] = report.left_out_attributes;
  json["gone"] = Counts(report.gone);
  json["notes"] = Texts(report.notes, false);
  json["warnings"] = Texts(report.notes, true);
  json["removals_held"] = report.removals_held;
  json["rows"] = Counts(report.rows);
  json["attributes_by_type"] = Counts(report.attributes_by_type);
  json["to_ids_by_type"] = Counts(report.to_ids_by_type);
  json["repeated_rows"] = report.repeated_rows;
  json["unknown_fields"] = Counts(report.unknown_fields);
  json["bytes_read"] = report.bytes_read;
  json["refused_count"] = report.refused_count;
  json["refused"] = ToJson(report.refused);
  Json lists = Json::array();
  for (const ListChange& list : report.lists) {
    lists.push_back({{"name", list.name},
                     {"change", NameOf(list.what)},
                     {"old_version", list.old_version},
                     {"new_version", list.new_version},
                     {"entries_added", list.entries_added},
                     {"entries_removed", list.entries_removed}});
    if (list.old_head == list.new_head) continue;
    for (const auto& [key, head] : {std::pair{"before", list.old_head}, {"after", list.new_head}})
      lists.back()[key] = {{"type", head.type}, {"matching_attributes", Words(head.attributes)}};
  }
  json["lists"] = std::move(lists);
  if (report.values) json["values"] = ToJson(*report.values);
  return json;
}

}  // namespace gapferry::collect
