#include "detect/suricata_ports.h"

#include <optional>

namespace gapferry::detect {

bool SuricataPortSets::Admits(std::uint16_t port) {
  if (ports_.contains(port)) return true;
  return ports_.size() < kMostPorts && ports_.insert(port).second;
}

Status SuricataPortSets::Add(const ListEntry& entry) {
  return rows_.Add(entry.list + '\0' + entry.line);
}

Result<std::vector<std::string>> SuricataPortSets::Finish() {
  std::vector<std::string> lists;
  std::optional<OutputFile> file;
  std::string last;
  const auto put = [&](std::string_view row) -> Status {
    if (row == last) return Ok();
    last = row;
    const std::string_view list = row.substr(0, row.find('\0'));
    if (lists.empty() || lists.back() != list) {
      if (file) GF_CHECK(file->Close());
      lists.emplace_back(list);
      GF_TRY(file, output_.Open(
                       fmt::format("{}-{}{}", options_.prefix, list, ListEnding(options_, list))));
    }
    return file->Write(row.substr(list.size() + 1));
  };
  GF_CHECK(rows_.ForEach(put));
  if (file) GF_CHECK(file->Close());
  return lists;
}

}  // namespace gapferry::detect
