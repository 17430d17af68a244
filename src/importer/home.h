// importer/home.h: the one folder of the isolated side: import.yml, store.db, work/ and, unless
// configured otherwise, artifacts/.
#pragma once

#include <filesystem>
#include <string>

#include "base/app.h"
#include "base/file.h"
#include "importer/config.h"
#include "store/store.h"

namespace gapferry::importer {

class Home {
 public:
  explicit Home(std::filesystem::path folder) : folder_(std::move(folder)) {}
  // Errors: kNotReady if `init` has not been run there; kIo if this user may not look.
  [[nodiscard]] static Result<Home> Open(const Session& session);
  [[nodiscard]] static bool Exists(const Session& session);

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::filesystem::path config_file() const { return folder_ / "import.yml"; }
  [[nodiscard]] std::filesystem::path store_file() const { return folder_ / "store.db"; }
  [[nodiscard]] std::filesystem::path work() const { return folder_ / "work"; }
  [[nodiscard]] std::filesystem::path states() const { return folder_ / "states"; }
  [[nodiscard]] std::filesystem::path audit_file() const { return folder_ / "audit.log"; }

  [[nodiscard]] Result<Config> LoadConfig() const { return importer::LoadConfig(config_file()); }
  [[nodiscard]] Result<store::Store> OpenStore() const { return store::Store::Open(store_file()); }
  [[nodiscard]] Result<Fd> Lock() const { return LockFolder(folder_); }

 private:
  std::filesystem::path folder_;
};

}  // namespace gapferry::importer
