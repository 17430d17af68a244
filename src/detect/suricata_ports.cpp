#include "detect/suricata_ports.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <optional>

namespace gapferry::detect {
namespace {

template <typename Number>
void PutNumber(Number number, std::string* row) {
  row->append(reinterpret_cast<const char*>(&number), sizeof(number));
}

template <typename Number>
Number TakeNumber(std::string_view* row) {
  Number number;
  std::memcpy(&number, row->data(), sizeof(number));
  row->remove_prefix(sizeof(number));
  return number;
}

}  // namespace

// The list's name, NUL, the line with its LF, and then what decides no order.
struct SuricataPortSets::Row {
  std::string_view list;
  std::string_view line;
  std::uint16_t port = 0;
  intel::Tlp tlp = intel::Tlp::kClear;
  std::uint32_t value = 0;  // place in values_
  std::uint64_t mentions = 0;
  std::string_view attributes;  // 16 bytes each

  static Row Read(std::string_view bytes) {
    const std::size_t name_end = bytes.find('\0');
    const std::size_t line_end = bytes.find('\n', name_end);
    Row row;
    row.list = bytes.substr(0, name_end);
    row.line = bytes.substr(name_end + 1, line_end - name_end);
    bytes.remove_prefix(line_end + 1);
    row.port = TakeNumber<std::uint16_t>(&bytes);
    row.tlp = TakeNumber<intel::Tlp>(&bytes);
    row.value = TakeNumber<std::uint32_t>(&bytes);
    row.mentions = TakeNumber<std::uint64_t>(&bytes);
    row.attributes = bytes;
    return row;
  }

  [[nodiscard]] std::vector<Uuid> Attributes() const {
    std::vector<Uuid> uuids(attributes.size() / sizeof(Uuid));
    std::memcpy(uuids.data(), attributes.data(), uuids.size() * sizeof(Uuid));
    return uuids;
  }
};

std::vector<bool> PortsWithSets(const PortCounts& named_by, const std::vector<bool>& had,
                                std::size_t most) {
  const auto weight = [&](std::size_t port) {
    return std::uint64_t{named_by[port]} * (had[port] ? 2 : 1);
  };
  std::vector<std::size_t> ports;
  for (std::size_t port = 0; port < named_by.size(); ++port) {
    if (named_by[port] > 0) ports.push_back(port);
  }
  std::stable_sort(ports.begin(), ports.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(weight(a), had[a]) > std::pair(weight(b), had[b]);
  });
  std::vector<bool> chosen(named_by.size());
  for (std::size_t i = 0; i < std::min(most, ports.size()); ++i)
    chosen[ports[i]] = true;
  return chosen;
}

Status SuricataPortSets::Add(const Candidate& candidate, const std::vector<ListEntry>& entries,
                             bool elsewhere) {
  const auto value = static_cast<std::uint32_t>(values_.size());
  values_.push_back({candidate.kind, elsewhere});
  for (const ListEntry& entry : entries) {
    if (entry.mentions > 0) ++named_by_[entry.port];
    std::string row = entry.list + '\0' + entry.line;
    PutNumber(entry.port, &row);
    PutNumber(candidate.tlp, &row);
    PutNumber(value, &row);
    PutNumber(entry.mentions, &row);
    // The port of a URL is part of it, and not that of an attribute.
    const bool by_all = candidate.kind == intel::IndicatorKind::kUrl;
    for (const Mention& mention : candidate.mentions) {
      if (entry.mentions > 0 && (by_all || mention.port == entry.port))
        PutNumber(mention.attribute_uuid, &row);
    }
    GF_CHECK(rows_.Add(row));
  }
  return Ok();
}

Result<std::vector<bool>> SuricataPortSets::Choose(Registry* registry, const std::string& space) {
  std::vector<bool> had(named_by_.size());
  for (std::size_t port = 0; port < named_by_.size(); ++port) {
    if (named_by_[port] == 0) continue;
    GF_TRY(const std::int64_t before, registry->Recall(space, std::to_string(port)));
    had[port] = before != 0;
  }
  std::vector<bool> chosen = PortsWithSets(named_by_, had, kMostPorts);
  for (std::size_t port = 0; port < named_by_.size(); ++port) {
    if (chosen[port] != had[port])
      GF_CHECK(registry->Remember(space, std::to_string(port), chosen[port] ? 1 : 0));
  }
  return chosen;
}

Result<std::map<std::string, intel::Tlp>> SuricataPortSets::Finish(Registry* registry,
                                                                   const std::string& space,
                                                                   LateRefusals* refusals) {
  GF_TRY(const std::vector<bool> chosen, Choose(registry, space));
  std::map<std::string, intel::Tlp> lists;
  std::optional<OutputFile> file;
  std::string last;
  const auto put = [&](std::string_view bytes) -> Status {
    const Row row = Row::Read(bytes);
    if (!chosen[row.port]) {
      if (row.mentions > 0) refusals->Add("too-many-ports", row.mentions, row.Attributes());
      return Ok();
    }
    values_[row.value].listed = true;
    const auto [list, is_new] = lists.try_emplace(std::string(row.list), row.tlp);
    list->second = std::max(list->second, row.tlp);
    if (is_new) {
      if (file) GF_CHECK(file->Close());
      GF_TRY(file, output_.Open(fmt::format("{}-{}{}", options_.prefix, row.list,
                                            ListEnding(options_, row.list))));
      last.clear();
    }
    if (row.line == last) return Ok();
    last = row.line;
    return file->Write(row.line);
  };
  GF_CHECK(rows_.ForEach(put));
  if (file) GF_CHECK(file->Close());
  for (const Value& value : values_) {
    if (!value.listed) refusals->TakeBack(value.kind);
  }
  return lists;
}

}  // namespace gapferry::detect
