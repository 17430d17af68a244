#include "exporter/collecting.h"

#include <memory>

#include "collect/feed_files.h"
#include "collect/misp_feed.h"
#include "collect/value_feed.h"
#include "collect/warninglist_folder.h"

namespace gapferry::exporter {
namespace {

// A single file, or all JSON files of a folder.
Result<std::vector<std::filesystem::path>> EventFiles(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return std::vector<std::filesystem::path>{path};
  GF_TRY(std::vector<std::filesystem::path> files, ListFiles(path));
  std::erase_if(files,
                [](const std::filesystem::path& file) { return file.extension() != ".json"; });
  return files;
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

}  // namespace

Result<collect::CollectReport> CollectSource(Session& session, const SourceConfig& source,
                                             store::Store* mirror) {
  const collect::SourceOptions options{source.name, source.default_tlp,
                                       collect::kMaxEventFileBytes};
  SourceProgress progress(session, source);
  const collect::CollectProgress files = progress.Counting("files");
  const ValueSource& values = source.values;
  if (source.kind == "csv")
    return collect::CollectCsv(*mirror, options, values.options, values.csv, source.path, files);
  if (source.kind == "freetext") {
    return collect::CollectFreetext(*mirror, options, values.options, values.freetext, source.path,
                                    files);
  }
  const bool lists = source.kind == "warninglists";
  GF_TRY(const collect::UnpackedFeed feed,
         collect::UnpackFeed(source.path, session.home, lists ? "lists" : "manifest.json"));
  if (lists) return collect::CollectWarninglistFolder(*mirror, options, feed.folder, files);
  if (source.kind == "misp-event") {
    GF_TRY(const std::vector<std::filesystem::path> paths, EventFiles(feed.folder));
    return collect::CollectEventFiles(*mirror, options, paths, files);
  }
  return collect::CollectFeedFolder(*mirror, options, feed.folder, files);
}

}  // namespace gapferry::exporter
