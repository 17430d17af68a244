// exporter/home.h: the one folder of the connected side: export.yml, mirror.db, keys/ and work/.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/app.h"
#include "base/file.h"
#include "bundle/root.h"
#include "bundle/volume.h"
#include "exporter/config.h"
#include "store/store.h"

namespace gapferry::exporter {

class Home {
 public:
  explicit Home(std::filesystem::path folder) : folder_(std::move(folder)) {}
  // Errors: kNotReady if `init` has not been run there, or not to its end, or if export.yml is
  // gone; kIo if this user may not look.
  [[nodiscard]] static Result<Home> Open(const Session& session);

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::filesystem::path config_file() const { return folder_ / "export.yml"; }
  // There from the beginning of `init` until it has said all it has to say.
  [[nodiscard]] std::filesystem::path unfinished_mark() const {
    return folder_ / "init.unfinished";
  }
  [[nodiscard]] std::filesystem::path first_root_file() const {
    return keys() / bundle::RootFileName(1);
  }
  [[nodiscard]] std::filesystem::path mirror_file() const { return folder_ / "mirror.db"; }
  [[nodiscard]] std::filesystem::path keys() const { return folder_ / "keys"; }
  [[nodiscard]] std::filesystem::path root_key_file() const { return keys() / "root.key"; }
  // Roots that are not signed by enough people yet.
  [[nodiscard]] std::filesystem::path drafts() const { return keys() / "draft"; }
  [[nodiscard]] std::filesystem::path work() const { return folder_ / "work"; }

  [[nodiscard]] Result<Config> LoadConfig() const { return exporter::LoadConfig(config_file()); }
  [[nodiscard]] Result<store::Store> OpenMirror() const {
    return store::Store::Open(mirror_file());
  }
  [[nodiscard]] Result<Fd> Lock() const { return LockFolder(folder_); }

  // The roots with their signatures, by version from 1. Error: kNotFound if there is none.
  [[nodiscard]] Result<std::vector<bundle::SignedDocument>> LoadRoots() const;
  [[nodiscard]] Status SaveFirstRoot(const bundle::Root& root, const bundle::SecretKey& key) const;
  // The newest of them.
  [[nodiscard]] Result<bundle::Root> LoadNewestRoot() const;

 private:
  std::filesystem::path folder_;
};

// The site with this name, or with an empty name the only one. Errors: kNotFound with the nearest
// name; kUsage if an empty name could mean several.
[[nodiscard]] Result<SiteConfig> FindSite(const Config& config, const std::string& name);

}  // namespace gapferry::exporter
