#include "detect/site_lists.h"

#include <algorithm>
#include <optional>

#include "store/database.h"

namespace gapferry::detect {
namespace {

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

class ListLoader {
 public:
  ListLoader(store::Store& store, std::span<const ListModes> modes)
      : store_(store), modes_(modes), builders_(modes.size()) {}

  Result<std::vector<policy::WarninglistSet>> Load() {
    GF_CHECK(Choose());
    GF_CHECK(store_.Reader().ForEach(store::RowReader::Part::kWarninglists,
                                     [&](const store::Record& record) { return Take(record); }));
    GF_CHECK(Flush());
    std::vector<policy::WarninglistSet> sets;
    for (auto& builder : builders_)
      sets.push_back(std::move(builder).Build());
    return sets;
  }

 private:
  Status Choose() {
    return store::Guarded("cannot read the warninglists", [&] {
      SQLite::Statement read(store_.database(),
                             "SELECT warninglist.name, version, source.name FROM warninglist JOIN "
                             "source ON source.id = source ORDER BY 1, 2 DESC, 3");
      while (read.executeStep()) {
        std::string name;
        std::string source;
        store::ReadText(read.getColumn(0), &name);
        store::ReadText(read.getColumn(2), &source);
        chosen_.try_emplace(name, source);
      }
    });
  }

  Status Take(const store::Record& record) {
    if (record.kind == store::RecordKind::kWarninglistEntry) {
      if (open_) list_.entries.push_back(record.entry);
      return Ok();
    }
    if (record.kind != store::RecordKind::kWarninglist) return Ok();
    GF_CHECK(Flush());
    const store::WarninglistHead& head = record.warninglist;
    const std::optional<policy::ListType> type = policy::FindListType(head.type);
    const auto chosen = chosen_.find(head.name);
    open_ = type && chosen != chosen_.end() && chosen->second == record.source;
    if (!open_) return Ok();
    list_.name = head.name;
    list_.version = static_cast<std::uint64_t>(head.version);
    list_.type = *type;
    list_.matching_attributes = Lines(head.matching_attributes);
    list_.entries.clear();
    return Ok();
  }

  Status Flush() {
    if (!open_) return Ok();
    open_ = false;
    for (std::size_t i = 0; i < modes_.size(); ++i) {
      const auto mode = modes_[i].find(list_.name);
      GF_CHECK(builders_[i].Add(list_, mode != modes_[i].end()
                                           ? mode->second
                                           : policy::DefaultListMode(list_.name).mode));
    }
    return Ok();
  }

  store::Store& store_;
  std::span<const ListModes> modes_;
  std::vector<policy::WarninglistSet::Builder> builders_;
  std::map<std::string, std::string> chosen_;  // list → source
  policy::Warninglist list_;
  bool open_ = false;
};

}  // namespace

Result<std::vector<policy::WarninglistSet>> LoadWarninglists(store::Store& store,
                                                             std::span<const ListModes> modes) {
  return ListLoader(store, modes).Load();
}

}  // namespace gapferry::detect
