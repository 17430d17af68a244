#include "collect/misp_lists.h"

#include <sys/stat.h>
#include <algorithm>

#include <optional>
#include <set>

#include "base/file.h"
#include "policy/warninglist.h"

namespace gapferry::collect {
namespace {

namespace fs = std::filesystem;

struct Row {
  std::string id;
  std::string name;
  bool enabled = false;
  std::optional<std::uint64_t> entries;  // as the index counts them, if it does
  std::uint64_t version = 0;
  std::string file;  // its name changes with the row
};

Result<std::vector<Row>> ReadRows(MispApi& api) {
  GF_TRY(const Json index, api.Get("/warninglists/index"));
  if (!index.contains("Warninglists") || !index["Warninglists"].is_array())
    return Error::Make(Kind::kMalformed, "/warninglists/index lists no warninglists");
  std::vector<Row> rows;
  for (const Json& entry : index["Warninglists"]) {
    const Json& list =
        entry.is_object() && entry.contains("Warninglist") ? entry["Warninglist"] : entry;
    Row row;
    row.id = TextOf(list, "id");
    row.name = TextOf(list, "name");
    row.enabled = FlagOf(list, "enabled");
    const std::string count = TextOf(list, "warninglist_entry_count");
    if (!count.empty()) row.entries = std::strtoull(count.c_str(), nullptr, 10);
    row.version = std::strtoull(TextOf(list, "version").c_str(), nullptr, 10);
    if (row.id.empty() || !std::all_of(row.id.begin(), row.id.end(), IsAsciiDigit))
      return Error::Make(Kind::kMalformed, "/warninglists/index has a row without id");
    std::string state;
    for (const char* key : {"name", "type", "description", "version", "warninglist_entry_count",
                            "valid_attributes"}) {
      state += TextOf(list, key) + "\n";
    }
    constexpr std::size_t kEnough = 8;
    row.file = fmt::format("{}-{}.json", row.id,
                           HexEncode(ByteView(Hash256(AsBytes(state))).first(kEnough)));
    rows.push_back(std::move(row));
  }
  return rows;
}

bool IsFresh(const fs::path& file, std::int64_t refresh_days) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return false;
  return refresh_days == 0 || info.st_ctim.tv_sec >= Now() - refresh_days * kSecondsPerDay;
}

class Fetcher {
 public:
  Fetcher(MispApi& api, const fs::path& folder, ListsFetched* lists)
      : api_(api), folder_(folder), lists_(lists) {}

  Status Fetch(const Row& row) {
    HttpRequest request = api_.Request("GET", "/warninglists/export/" + row.id);
    request.max_bytes = policy::kMaxWarninglistBytes;
    const fs::path part = folder_ / "list.part";
    std::uint64_t entries = 0;
    std::uint64_t version = 0;
    const auto check = [&](const fs::path& file) -> Status {
      GF_TRY(const std::string text, ReadFile(file, policy::kMaxWarninglistBytes));
      GF_TRY(const policy::Warninglist list, policy::ParseWarninglist(text));
      entries = list.entries.size();
      version = list.version;
      return Ok();
    };
    auto answer = FetchChecked(api_.client(), request, part, check);
    if (!answer.ok()) return Refuse(row, answer.error()), Ok();
    if (!answer->ok()) return Refuse(row, Unexpected(*answer, api_.client().secret())), Ok();
    in_a_row_ = 0;
    // A part of a list protects from fewer false positives than its earlier state, and so may an
    // older one.
    const bool part_only = row.entries && entries < *row.entries;
    if (part_only || version < row.version) {
      std::error_code ignored;
      fs::remove(part, ignored);
      Refuse(row,
             Error::Make(Kind::kMalformed, "the server says {}, and sent {}; it is asked for again",
                         part_only ? fmt::format("{} entries", *row.entries)
                                   : fmt::format("version {}", row.version),
                         part_only ? entries : version));
      return Ok();
    }
    if (row.entries && entries != *row.entries) {
      lists_->notes.push_back(fmt::format("list \"{}\": the server says {} entries, and sent {}",
                                          row.name, *row.entries, entries));
    }
    std::error_code error;
    fs::rename(part, folder_ / row.file, error);
    return error ? SystemError("cannot rename " + part.string(), error.value()) : Ok();
  }

  // Whether a list that left the index is still there. If so, or if nobody knows, that is refused,
  // and it stays as it was.
  Result<bool> IsThere(const std::string& id) {
    Row row;
    row.id = id;
    row.name = "not in the index";
    HttpRequest request = api_.Request("GET", "/warninglists/export/" + id);
    request.max_bytes = policy::kMaxWarninglistBytes;
    const fs::path part = folder_ / "list.part";
    auto answer = FetchChecked(api_.client(), request, part, {});
    std::error_code ignored;
    fs::remove(part, ignored);
    if (!answer.ok()) return Refuse(row, answer.error()), true;
    constexpr int kNoSuchList = 404;
    if (answer->status == kNoSuchList) return false;
    Refuse(row, answer->ok() ? Error::Make(Kind::kMalformed,
                                           "the server still has it, so the index is not whole; "
                                           "the list stays as it was")
                             : Unexpected(*answer, api_.client().secret()));
    return true;
  }

  // The server is away, or as good as that.
  [[nodiscard]] bool GaveUp() const { return in_a_row_ >= EventFetcher::kMostInARow; }

 private:
  void Refuse(const Row& row, const Error& error) {
    if (error.kind == Kind::kNetwork) ++in_a_row_;
    lists_->refused.push_back(
        {error.kind, "warninglist " + row.id, 0, fmt::format("\"{}\": {}", row.name, error.what)});
  }

  MispApi& api_;
  const fs::path& folder_;
  ListsFetched* lists_;
  int in_a_row_ = 0;  // for which the server was away
};

std::string IdOf(const fs::path& file) {
  const std::string name = file.filename().string();
  const std::size_t dash = name.find('-');
  return name.substr(0, dash == std::string::npos ? 0 : dash);
}

// An index that is cut off must not remove lists.
Status KeepWhatIsThere(Fetcher& fetcher, const fs::path& folder, const std::vector<Row>& rows,
                       std::set<std::string>* kept) {
  std::set<std::string> ids;
  for (const Row& row : rows)
    ids.insert(row.id);
  GF_TRY(const std::vector<fs::path> files, ListFiles(folder));
  for (const fs::path& file : files) {
    const std::string id = IdOf(file);
    if (id.empty() || fetcher.GaveUp() || !ids.insert(id).second) continue;
    GF_TRY(const bool there, fetcher.IsThere(id));
    if (there) kept->insert(file.filename().string());
  }
  return Ok();
}

// Files of rows that are no more. With something refused they stay: one may be its earlier state.
Status DropOthers(const fs::path& folder, const std::set<std::string>& kept, bool refused) {
  GF_TRY(const std::vector<fs::path> files, ListFiles(folder));
  std::error_code ignored;
  for (const fs::path& file : files) {
    const std::string name = file.filename().string();
    const std::string id = name.substr(0, name.find('-') + 1);
    const auto same = kept.lower_bound(id);
    const bool newer = same != kept.end() && same->starts_with(id);
    if (!kept.contains(name) && (newer || !refused)) fs::remove(file, ignored);
  }
  return Ok();
}

}  // namespace

Result<ListsFetched> FetchLists(MispApi& api, const fs::path& folder, WhichLists which,
                                std::int64_t refresh_days) {
  constexpr mode_t kPrivate = 0700;
  GF_CHECK(MakeFolder(folder, kPrivate));
  ListsFetched lists;
  lists.folder = folder;
  const auto rows = ReadRows(api);
  if (!rows.ok()) {
    lists.closed = true;
    lists.notes.push_back("warninglists could not be listed, and stay as they were: " +
                          rows.error().what);
    return lists;
  }
  Fetcher fetcher(api, folder, &lists);
  std::set<std::string> kept;
  for (const Row& row : *rows) {
    if (fetcher.GaveUp()) break;
    if (!row.enabled && which != WhichLists::kAll) continue;
    if (!IsFresh(folder / row.file, refresh_days)) GF_CHECK(fetcher.Fetch(row));
    std::error_code error;
    if (fs::exists(folder / row.file, error)) kept.insert(row.file);
  }
  if (fetcher.GaveUp())
    lists.notes.emplace_back(
        "the server failed for several warninglists in a row; no more were asked for");
  GF_CHECK(KeepWhatIsThere(fetcher, folder, *rows, &kept));
  constexpr std::size_t kOldLimit = 60;
  if (rows->size() == kOldLimit) {
    lists.notes.push_back(
        fmt::format("the index has {} warninglists, as many as an old MISP lists at most; there "
                    "may be more",
                    kOldLimit));
  }
  GF_CHECK(DropOthers(folder, kept, !lists.refused.empty()));
  return lists;
}

}  // namespace gapferry::collect
