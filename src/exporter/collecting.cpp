#include "exporter/collecting.h"

#include <memory>

#include "collect/misp_feed.h"
#include "collect/warninglist_folder.h"

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

}  // namespace

Result<collect::CollectReport> CollectSource(Session& session, const SourceConfig& source,
                                             store::Store* mirror) {
  const collect::SourceOptions options{source.name, source.default_tlp,
                                       collect::kMaxEventFileBytes};
  SourceProgress progress(session, source);
  const collect::CollectProgress files = progress.Counting("files");
  if (source.kind == "warninglists") {
    return collect::CollectWarninglistFolder(*mirror, options, source.path, files);
  }
  if (source.kind == "misp-event") {
    GF_TRY(const std::vector<std::filesystem::path> paths, EventFiles(source.path));
    return collect::CollectEventFiles(*mirror, options, paths, files);
  }
  return collect::CollectFeedFolder(*mirror, options, source.path, files);
}

}  // namespace gapferry::exporter
