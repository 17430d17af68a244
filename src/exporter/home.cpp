#include "exporter/home.h"

#include "base/suggest.h"

namespace gapferry::exporter {
namespace {

constexpr std::string_view kSignatureEnding = ".minisig";

}  // namespace

Result<Home> Home::Open(const Session& session) {
  Home home{std::filesystem::path(session.home)};
  std::error_code error;
  if (!std::filesystem::exists(home.config_file(), error)) {
    return Error::Make(Kind::kNotReady, "there is no gapferry home at {}", session.home)
        .Hint("`{} --home {} init --site NAME` makes one", session.program, session.home);
  }
  return home;
}

Result<std::vector<bundle::SignedDocument>> Home::LoadRoots() const {
  std::vector<bundle::SignedDocument> roots;
  for (std::uint64_t version = 1; version <= bundle::kMaxRootVersion; ++version) {
    const std::filesystem::path file = keys() / bundle::RootFileName(version);
    auto bytes = ReadFile(file, bundle::kMaxRootBytes);
    if (!bytes.ok()) {
      if (bytes.error().kind == Kind::kNotFound && version > 1) break;
      return std::move(bytes).error();
    }
    GF_TRY(std::string signature,
           ReadFile(file.string() + std::string(kSignatureEnding), bundle::kMaxSignatureFileBytes));
    roots.push_back({*std::move(bytes), {std::move(signature)}});
  }
  return roots;
}

Status Home::SaveRoot(const bundle::Root& root, const bundle::SecretKey& key) const {
  const std::string bytes = bundle::SerializeRoot(root);
  GF_TRY(const bundle::SignatureFile signature,
         bundle::Sign(key, Hash512(AsBytes(bytes)), bundle::RootTrustedComment(root.version)));
  const std::filesystem::path file = keys() / bundle::RootFileName(root.version);
  // The signature first: a root is there only when it is signed.
  GF_CHECK(
      WriteFileAtomically(file.string() + std::string(kSignatureEnding), signature.Serialize()));
  return WriteFileAtomically(file, bytes);
}

Result<bundle::SecretKey> LoadKey(const std::filesystem::path& file) {
  auto text = ReadFile(file, bundle::kMaxKeyFileBytes);
  if (!text.ok()) {
    if (text.error().kind != Kind::kNotFound) return std::move(text).error();
    return Error::Make(Kind::kNotFound, "there is no key at {}", file.string())
        .Hint("if it is kept offline, put it there for this command and take it away afterwards");
  }
  const bundle::SecretText secret(*std::move(text));
  auto key = bundle::SecretKey::Parse(secret.view());
  if (!key.ok()) return std::move(key).error().In(file.string());
  return key;
}

Result<SiteConfig> FindSite(const Config& config, const std::string& name) {
  std::vector<std::string> names;
  for (const SiteConfig& site : config.sites) {
    if (site.name == name) return site;
    names.push_back(site.name);
  }
  return Error::Make(Kind::kNotFound, "there is no site \"{}\" in export.yml{}", name,
                     DidYouMean(name, names));
}

}  // namespace gapferry::exporter
