#include "collect/warninglist_folder.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/file.h"
#include "policy/warninglist.h"

namespace gapferry::collect {
namespace {

// Entries as sorted 64-bit hashes: enough to count what came and went.
using Hashes = std::vector<std::size_t>;

void SortUnique(Hashes* hashes) {
  std::sort(hashes->begin(), hashes->end());
  hashes->erase(std::unique(hashes->begin(), hashes->end()), hashes->end());
}

std::uint64_t CountCommon(const Hashes& a, const Hashes& b) {
  std::uint64_t common = 0;
  for (auto i = a.begin(), k = b.begin(); i != a.end() && k != b.end();) {
    if (*i == *k)
      ++common, ++i, ++k;
    else if (*i < *k)
      ++i;
    else
      ++k;
  }
  return common;
}

struct ListFile {
  std::filesystem::path path;
  std::string shown;
};

Result<std::vector<ListFile>> FindLists(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (fs::is_regular_file(folder, error))
    return std::vector<ListFile>{{folder, folder.filename().string()}};
  const fs::path base = fs::is_directory(folder / "lists", error) ? folder / "lists" : folder;
  std::vector<ListFile> files;
  fs::directory_iterator entries(base, error);
  if (error) return SystemError("cannot list " + base.string(), error.value());
  for (; entries != fs::directory_iterator(); entries.increment(error)) {
    if (error) break;
    const fs::path list = entries->path() / "list.json";
    if (entries->symlink_status(error).type() == fs::file_type::directory &&
        fs::exists(list, error)) {
      files.push_back({list, (entries->path().filename() / "list.json").string()});
    }
  }
  if (error) return SystemError("cannot list " + base.string(), error.value());
  if (files.empty()) {
    GF_TRY(const std::vector<fs::path> plain, ListFiles(base));
    for (const fs::path& path : plain) {
      if (path.extension() == ".json") files.push_back({path, path.filename().string()});
    }
  }
  std::sort(files.begin(), files.end(),
            [](const ListFile& a, const ListFile& b) { return a.shown < b.shown; });
  return files;
}

// One run over one source.
class ListRun {
 public:
  ListRun(store::Store& store, const SourceOptions& options, CollectReport* report)
      : store_(store), options_(options), report_(report), writer_(store.Writer()) {}

  Status All(const std::vector<ListFile>& files, const CollectProgress& progress) {
    GF_TRY(source_, writer_.PutSource(options_.name, options_.default_tlp));
    GF_TRY(const std::vector<store::KnownWarninglist> known, store_.ListWarninglists(source_));
    for (const store::KnownWarninglist& list : known)
      known_.emplace(list.name, list);
    for (std::size_t i = 0; i < files.size(); ++i) {
      GF_CHECK(One(files[i]));
      if (progress) progress(i + 1, files.size());
    }
    return RemoveOthers();
  }

 private:
  void Refuse(const std::string& file, Kind kind, std::string reason) {
    report_->Refuse({kind, file, 0, std::move(reason)});
    report_->removals_held = true;
  }

  Status One(const ListFile& file) {
    auto text = Read(file.path);
    if (!text.ok()) return Refuse(file.shown, text.error().kind, text.error().what), Ok();
    report_->bytes_read += text->size();
    const Digest256 digest = Hash256(AsBytes(*text));
    for (const auto& [name, list] : known_) {
      if (list.input_digest != digest) continue;
      if (Claim(name, file.shown)) ++report_->unchanged;
      return Ok();
    }
    auto list = policy::ParseWarninglist(*text);
    if (!list.ok()) return Refuse(file.shown, list.error().kind, list.error().what), Ok();
    text->clear();
    text->shrink_to_fit();
    if (!Claim(list->name, file.shown)) return Ok();
    return Put(*list, digest, file.shown);
  }

  static Result<std::string> Read(const std::filesystem::path& path) {
    GF_CHECK(OpenRegular(path));
    return ReadFile(path, policy::kMaxWarninglistBytes);
  }

  // False: refused, because an earlier file of this run holds a list of that name.
  bool Claim(const std::string& name, const std::string& file) {
    const auto [seen, first] = seen_.emplace(name, file);
    if (first) return true;
    Refuse(file, Kind::kMalformed, fmt::format("list \"{}\" is already in {}", name, seen->second));
    return false;
  }

  // Why a list does not take the place of its earlier state; empty: it does.
  std::string WorseThan(const store::KnownWarninglist& known, std::size_t entries_before,
                        std::int64_t version, std::size_t entries) const {
    if (version < known.version && !options_.accept_older) {
      return fmt::format(
          "list \"{}\" is version {}, and was version {} before; it stays as it was, unless "
          "`accept_older: true` is set",
          known.name, version, known.version);
    }
    const bool emptied = entries == 0 && entries_before > 0;
    // A new version may well be short: upstream has put hundreds of networks into seven. Not into
    // one.
    const bool collapsed =
        (version <= known.version || entries == 1) && IsCollapse(entries_before, entries);
    if (options_.allow_empty || (!emptied && !collapsed)) return "";
    return fmt::format(
        "list \"{}\" has {} entries, and had {} before; it stays as it was, unless `allow_empty: "
        "true` is set",
        known.name, entries, entries_before);
  }

  Status Put(const policy::Warninglist& list, const Digest256& digest, const std::string& file) {
    store::WarninglistHead head;
    head.name = list.name;
    head.type = policy::ListTypeName(list.type);
    head.description = list.description;
    head.version = static_cast<std::int64_t>(
        std::min<std::uint64_t>(list.version, static_cast<std::uint64_t>(INT64_MAX)));
    for (const std::string& type : list.matching_attributes) {
      if (type.find('\n') != std::string::npos) {
        return Refuse(file, Kind::kMalformed, "a matching attribute with a line break"), Ok();
      }
      head.matching_attributes += (head.matching_attributes.empty() ? "" : "\n") + type;
    }
    ListChange change{.what = ListChange::What::kNew, .name = list.name};
    change.new_version = head.version;
    Hashes before;
    auto known = known_.find(list.name);
    if (known != known_.end()) {
      change.what = ListChange::What::kChanged;
      change.old_version = known->second.version;
      GF_TRY(before, StoredEntries(list.name));
      std::string worse =
          WorseThan(known->second, before.size(), head.version, list.entries.size());
      if (!worse.empty()) return Refuse(file, Kind::kMalformed, std::move(worse)), Ok();
      change.old_head = std::move(stored_heads_[list.name]);
      change.new_head = {head.type, head.matching_attributes};
      GF_CHECK(store_.RemoveWarninglist(known->second.id));
    }
    ++(known != known_.end() ? report_->changed : report_->added);
    GF_CHECK(Write(list, head, digest));
    Hashes after;
    after.reserve(list.entries.size());
    for (const std::string& entry : list.entries)
      after.push_back(std::hash<std::string>()(entry));
    SortUnique(&after);
    const std::uint64_t common = CountCommon(before, after);
    change.entries_added = after.size() - common;
    change.entries_removed = before.size() - common;
    report_->lists.push_back(std::move(change));
    return Ok();
  }

  Status Write(const policy::Warninglist& list, const store::WarninglistHead& head,
               const Digest256& digest) {
    GF_TRY(const std::int64_t id, writer_.PutWarninglist(source_, head, &digest));
    ++report_->rows["warninglist"];
    std::uint64_t& rows = report_->rows["warninglist-entry"];
    for (const std::string& entry : list.entries) {
      GF_TRY(const bool written, writer_.PutWarninglistEntry(id, entry));
      ++(written ? rows : report_->repeated_rows);
    }
    return Ok();
  }

  // The entries of one list as the mirror had them. The mirror is walked once a run, and only if
  // some list did change.
  Result<Hashes> StoredEntries(const std::string& name) {
    if (!walked_) {
      walked_ = true;
      GF_CHECK(store_.Reader().ForEach(
          store::RowReader::Part::kWarninglists, [&](const store::Record& record) {
            // Lists that were put in this run come once more, but no one asks for them.
            if (record.source != options_.name) return Ok();
            const store::WarninglistHead& list = record.warninglist;
            if (record.kind == store::RecordKind::kWarninglistEntry)
              stored_[list.name].push_back(std::hash<std::string>()(record.entry));
            if (record.kind == store::RecordKind::kWarninglist)
              stored_heads_[list.name] = {list.type, list.matching_attributes};
            return Ok();
          }));
    }
    Hashes hashes = std::move(stored_[name]);
    stored_.erase(name);
    SortUnique(&hashes);
    return hashes;
  }

  // Without its lists a site blocks what is known to be good.
  Status CheckLoss() const {
    std::vector<std::string> lost;
    for (const auto& [name, list] : known_) {
      if (!seen_.contains(name)) lost.push_back(name);
    }
    const bool many = seen_.empty() || IsCollapse(known_.size(), seen_.size());
    if (options_.allow_empty || report_->removals_held || lost.empty() || !many) return Ok();
    constexpr std::size_t kShown = 5;
    const std::size_t count = lost.size();
    lost.resize(std::min(count, kShown));
    return Error::Make(Kind::kMalformed, "the source no longer has {} of {} warninglists: {}{}",
                       count, known_.size(), fmt::join(lost, ", "), count > kShown ? ", …" : "")
        .Hint(
            "look at the source; if they may go, set its `allow_empty: true`; the mirror was left "
            "as it is");
  }

  Status RemoveOthers() {
    GF_CHECK(CheckLoss());
    for (const auto& [name, list] : known_) {
      if (seen_.contains(name)) continue;
      if (report_->removals_held) {
        ++report_->kept;
        continue;
      }
      GF_TRY(const Hashes before, StoredEntries(name));
      GF_CHECK(store_.RemoveWarninglist(list.id));
      report_->lists.push_back({.what = ListChange::What::kRemoved,
                                .name = name,
                                .old_version = list.version,
                                .entries_removed = before.size()});
      ++report_->removed;
    }
    return Ok();
  }

  store::Store& store_;
  const SourceOptions& options_;
  CollectReport* report_;
  store::RowWriter writer_;
  store::SourceId source_ = 0;
  std::map<std::string, store::KnownWarninglist> known_;
  std::map<std::string, std::string> seen_;  // and in which file
  bool walked_ = false;
  std::map<std::string, Hashes> stored_;
  std::map<std::string, ListChange::Head> stored_heads_;
};

Result<CollectReport> CollectLists(store::Store& store, const SourceOptions& options,
                                   const std::vector<ListFile>& files, std::vector<Refusal> refused,
                                   const CollectProgress& progress) {
  CollectReport report;
  report.source = options.name;
  report.removals_held = !refused.empty();
  for (Refusal& refusal : refused)
    report.Refuse(std::move(refusal));
  GF_CHECK(store.Begin());
  auto done = ListRun(store, options, &report).All(files, progress);
  if (!done.ok()) {
    store.Rollback();
    return std::move(done).error();
  }
  GF_CHECK(store.Commit());
  return report;
}

}  // namespace

Result<CollectReport> CollectWarninglistFolder(store::Store& store, const SourceOptions& options,
                                               const std::filesystem::path& folder,
                                               const CollectProgress& progress) {
  GF_TRY(const std::vector<ListFile> files, FindLists(folder));
  if (files.empty()) {
    return Error::Make(Kind::kNotFound, "{} holds no warninglist", folder.string())
        .Hint("name the folder that holds lists/<name>/list.json; the mirror was left as it is");
  }
  return CollectLists(store, options, files, {}, progress);
}

Result<CollectReport> CollectFetchedWarninglists(store::Store& store, const SourceOptions& options,
                                                 const std::filesystem::path& folder,
                                                 std::vector<Refusal> refused) {
  GF_TRY(const std::vector<ListFile> files, FindLists(folder));
  return CollectLists(store, options, files, std::move(refused), {});
}

}  // namespace gapferry::collect
