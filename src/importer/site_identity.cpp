#include "importer/site_identity.h"

#include <algorithm>

namespace gapferry::importer {
namespace {

constexpr std::string_view kEnding = ".age";
constexpr mode_t kOwnerOnlyFile = 0600;
constexpr mode_t kOwnerOnlyFolder = 0700;

std::filesystem::path KeyFolder(const Home& home) {
  return home.folder() / "keys";
}

Result<std::vector<std::filesystem::path>> KeyFiles(const Home& home) {
  std::error_code error;
  if (!std::filesystem::exists(KeyFolder(home), error)) return std::vector<std::filesystem::path>();
  GF_TRY(std::vector<std::filesystem::path> files, ListFiles(KeyFolder(home)));
  std::erase_if(files, [](const auto& file) { return file.extension() != kEnding; });
  return files;
}

Result<bundle::AgeIdentities> ReadIdentities(const std::filesystem::path& file) {
  GF_TRY(std::string text, ReadFile(file, bundle::kMaxKeyFileBytes));
  const bundle::SecretText secret(std::move(text));
  auto identities = bundle::ParseAgeKeyFile(secret.view());
  if (!identities.ok()) return std::move(identities).error().In(file.string());
  return identities;
}

Error NotForThisSite(const Home& home, const std::vector<std::string>& recipients,
                     const std::vector<std::string>& here) {
  const std::string whose = here.empty() ? "there is no identity here"
                                         : fmt::format("this site is {}", fmt::join(here, ", "));
  return Error::Make(Kind::kWrongRecipient, "the bundle is encrypted to {}; {}",
                     fmt::join(recipients, ", "), whose)
      .Hint(
          "`gapferry-import recipient` prints what the connected side has to put into "
          "`recipients` of this site in export.yml, for the next bundle")
      .Hint("if a backup holds the identity, put it into {} as a file that ends with {}",
            KeyFolder(home).string(), kEnding);
}

}  // namespace

Result<std::vector<SiteIdentity>> ListSiteIdentities(const Home& home) {
  std::vector<SiteIdentity> all;
  GF_TRY(const std::vector<std::filesystem::path> files, KeyFiles(home));
  for (const std::filesystem::path& file : files) {
    GF_TRY(const bundle::AgeIdentities identities, ReadIdentities(file));
    for (const bundle::AgeIdentity& identity : identities)
      all.push_back({file, identity.recipient()});
  }
  return all;
}

Result<std::vector<std::string>> LooseIdentities(const Home& home) {
  std::vector<std::string> notes;
  GF_TRY(const std::vector<std::filesystem::path> files, KeyFiles(home));
  for (const std::filesystem::path& file : files) {
    std::error_code error;
    const auto mode = std::filesystem::status(file, error).permissions();
    constexpr auto kOthers = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
    if (error || (mode & kOthers) == std::filesystem::perms::none) continue;
    notes.push_back(
        fmt::format("{0} is open to others than its owner: `chmod 600 {0}`; whoever has read it "
                    "can open every bundle to this site, so make another with `recipient --new`",
                    file.string()));
  }
  return notes;
}

Result<SiteIdentity> MakeSiteIdentity(const Home& home) {
  GF_CHECK(MakeFolder(KeyFolder(home), kOwnerOnlyFolder));
  std::filesystem::path file = KeyFolder(home) / "site.age";
  for (int number = 2; std::filesystem::exists(file); ++number)
    file = KeyFolder(home) / fmt::format("site-{}.age", number);
  const bundle::AgeIdentity identity = bundle::AgeIdentity::Generate();
  GF_CHECK(WriteFileAtomically(file, identity.ToFile(Now()).view(), kOwnerOnlyFile));
  return SiteIdentity{file, identity.recipient()};
}

Result<SiteIdentity> EnsureSiteIdentity(const Home& home) {
  GF_TRY(const std::vector<SiteIdentity> all, ListSiteIdentities(home));
  if (!all.empty()) return all.front();
  return MakeSiteIdentity(home);
}

Result<bundle::AgeIdentities> IdentitiesFor(const Home& home,
                                            const std::vector<std::string>& recipients) {
  bundle::AgeIdentities fitting;
  if (recipients.empty()) return fitting;
  std::vector<std::string> here;
  GF_TRY(const std::vector<std::filesystem::path> files, KeyFiles(home));
  for (const std::filesystem::path& file : files) {
    GF_TRY(bundle::AgeIdentities identities, ReadIdentities(file));
    for (bundle::AgeIdentity& identity : identities) {
      here.push_back(identity.recipient().ToString());
      if (std::find(recipients.begin(), recipients.end(), here.back()) != recipients.end())
        fitting.push_back(std::move(identity));
    }
  }
  if (fitting.empty()) return NotForThisSite(home, recipients, here);
  return fitting;
}

}  // namespace gapferry::importer
