#include "exporter/collecting.h"

#include <memory>

#include "collect/feed_files.h"
#include "collect/misp_feed.h"
#include "collect/value_feed.h"
#include "collect/warninglist_folder.h"
#include "collect/web_feed.h"
#include "exporter/web_source.h"

namespace gapferry::exporter {
namespace {

// A single file, or all JSON files of a folder.
Result<std::vector<std::filesystem::path>> EventFiles(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    return Error::Make(Kind::kNotFound, "there is no {}", path.string())
        .Hint("check that its folder is mounted; the mirror was left as it is");
  }
  if (!std::filesystem::is_directory(path, error)) return std::vector<std::filesystem::path>{path};
  GF_TRY(std::vector<std::filesystem::path> files, ListFiles(path));
  std::erase_if(files,
                [](const std::filesystem::path& file) { return file.extension() != ".json"; });
  if (!files.empty()) return files;
  // A share that is not mounted looks like this, and must not remove what it gave before.
  return Error::Make(Kind::kNotFound, "{} holds no *.json", path.string())
      .Hint("check that the folder is mounted; files in folders below it are not read");
}

// One bar a source, which begins when its reader knows how much there is.
class SourceProgress {
 public:
  SourceProgress(Session& session, const SourceConfig& source)
      : session_(session), source_(source) {}

  [[nodiscard]] collect::CollectProgress Counting(const char* unit) {
    return [this, unit](std::uint64_t done, std::uint64_t total) {
      if (!bar_) bar_ = std::make_unique<Progress>(session_.console, source_.name, unit, total);
      bar_->Advance(done - before_);
      before_ = done;
    };
  }

 private:
  Session& session_;
  const SourceConfig& source_;
  std::unique_ptr<Progress> bar_;
  std::uint64_t before_ = 0;
};

// A folder of events that is fetched event by event; a packed one is one file.
bool IsWebFeed(const SourceConfig& source) {
  const std::string path = source.url.substr(0, source.url.find_first_of("?#"));
  return source.kind == "misp-feed" && !source.url.empty() && !path.ends_with(".zip") &&
         !path.ends_with(".gz") && !path.ends_with(".tgz");
}

Result<collect::CollectReport> CollectFromWeb(Session& session, const SourceConfig& source,
                                              const collect::SourceOptions& options,
                                              store::Store* mirror) {
  SourceProgress fetched(session, source);
  SourceProgress read(session, source);
  const collect::CollectProgress events = fetched.Counting("events");
  const collect::CollectProgress files = read.Counting("files");
  if (source.kind == "misp") {
    GF_TRY(collect::MispApi api, OpenMisp(session, source, source.key));
    const collect::MispOptions misp{CacheOf(session.home, source), source.refresh_days,
                                    source.edit_grace_days, source.lists};
    return collect::CollectMisp(*mirror, options, misp, api, events, files);
  }
  GF_TRY(collect::HttpClient client, OpenClient(session, source, source.key));
  return collect::CollectWebFeed(*mirror, options, WebOptionsOf(session.home, source), client,
                                 events, files);
}

// Where the source's files lie, after fetching what is fetched as one file.
Result<std::filesystem::path> PathOf(Session& session, const SourceConfig& source) {
  if (source.url.empty()) return source.path;
  GF_TRY(collect::HttpClient client, OpenClient(session, source, source.key));
  return collect::FetchWebFile(client, WebOptionsOf(session.home, source),
                               collect::kMaxEventFileBytes, source.values.options.expected);
}

}  // namespace

Result<collect::CollectReport> CollectSource(Session& session, const SourceConfig& source,
                                             store::Store* mirror) {
  const collect::SourceOptions options{
      source.name,      source.default_tlp, collect::kMaxEventFileBytes,
      source.selection, source.allow_empty, source.accept_older};
  SourceProgress progress(session, source);
  const collect::CollectProgress files = progress.Counting("files");
  const bool lists = source.kind == "warninglists";
  if (source.kind == "misp" || IsWebFeed(source))
    return CollectFromWeb(session, source, options, mirror);
  GF_TRY(const std::filesystem::path path, PathOf(session, source));
  const ValueSource& values = source.values;
  if (!values.misfit.empty()) {
    return Error::Make(Kind::kConfig, "`{}:` is not for sources of kind {}", values.misfit,
                       source.kind)
        .Hint("take the block out, or correct `kind`; docs/sources.md says what each kind has");
  }
  if (source.kind == "csv")
    return collect::CollectCsv(*mirror, options, values.options, values.csv, path, files);
  if (source.kind == "freetext") {
    return collect::CollectFreetext(*mirror, options, values.options, values.freetext, path, files);
  }
  GF_TRY(const collect::UnpackedFeed feed,
         collect::UnpackFeed(path, session.home, lists ? "lists" : "manifest.json"));
  if (lists) return collect::CollectWarninglistFolder(*mirror, options, feed.folder, files);
  if (source.kind == "misp-event") {
    GF_TRY(const std::vector<std::filesystem::path> paths, EventFiles(feed.folder));
    return collect::CollectEventFiles(*mirror, options, paths, files);
  }
  return collect::CollectFeedFolder(*mirror, options, feed.folder, files);
}

}  // namespace gapferry::exporter
