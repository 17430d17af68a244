#include "exporter/home.h"

#include "base/suggest.h"
#include "bundle/signed_file.h"

namespace gapferry::exporter {

Result<Home> Home::Open(const Session& session) {
  Home home{std::filesystem::path(session.home)};
  std::error_code error;
  const bool configured = std::filesystem::exists(home.config_file(), error);
  if (error) return SystemError("cannot look into " + session.home, error.value());
  if (std::filesystem::exists(home.unfinished_mark(), error)) {
    return Error::Make(Kind::kNotReady, "the making of the home {} was interrupted", session.home)
        .Hint("`{} --home {} init --site NAME` begins again; nothing was signed with its keys",
              session.program, session.home);
  }
  if (configured) return home;
  if (std::filesystem::exists(home.first_root_file(), error)) {
    return Error::Make(Kind::kNotReady, "the home {} has lost its configuration, {}", session.home,
                       home.config_file().string())
        .Hint(
            "put it back from a backup, or `{} --home {} init` writes a new one for the sites "
            "that the root names",
            session.program, session.home);
  }
  return Error::Make(Kind::kNotReady, "there is no gapferry home at {}", session.home)
      .Hint("`{} --home {} init --site NAME` makes one", session.program, session.home);
}

Result<std::vector<bundle::SignedDocument>> Home::LoadRoots() const {
  std::vector<bundle::SignedDocument> roots;
  for (std::uint64_t version = 1; version <= bundle::kMaxRootVersion; ++version) {
    auto root =
        bundle::ReadSignedFile(keys() / bundle::RootFileName(version), bundle::kMaxRootBytes);
    if (!root.ok()) {
      if (root.error().kind == Kind::kNotFound && version > 1) break;
      return std::move(root).error();
    }
    roots.push_back(*std::move(root));
  }
  return roots;
}

Status Home::SaveFirstRoot(const bundle::Root& root, const bundle::SecretKey& key) const {
  const std::string bytes = bundle::SerializeRoot(root);
  GF_TRY(const bundle::SignatureFile signature,
         bundle::Sign(key, Hash512(AsBytes(bytes)), bundle::RootTrustedComment(root.version)));
  return bundle::WriteSignedFile(keys() / bundle::RootFileName(root.version),
                                 {bytes, {signature.Serialize()}});
}

Result<bundle::Root> Home::LoadNewestRoot() const {
  GF_TRY(const std::vector<bundle::SignedDocument> roots, LoadRoots());
  return bundle::ParseRoot(roots.back().bytes);
}

Result<SiteConfig> FindSite(const Config& config, const std::string& name) {
  if (name.empty() && config.sites.size() == 1) return config.sites.front();
  if (name.empty()) {
    return Error::Make(Kind::kUsage, "which of {} sites? name one with --site",
                       config.sites.size());
  }
  std::vector<std::string> names;
  for (const SiteConfig& site : config.sites) {
    if (site.name == name) return site;
    names.push_back(site.name);
  }
  return Error::Make(Kind::kNotFound, "there is no site \"{}\" in export.yml{}", name,
                     DidYouMean(name, names));
}

}  // namespace gapferry::exporter
