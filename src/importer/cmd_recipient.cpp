#include "importer/commands.h"
#include "importer/site_identity.h"

namespace gapferry::importer {
namespace {

Status ShowRecipient(Session& session, const std::vector<SiteIdentity>& identities) {
  Json list = Json::array();
  for (const SiteIdentity& identity : identities) {
    list.push_back(
        {{"recipient", identity.recipient.ToString()}, {"file", identity.file.string()}});
  }
  session.console.Emit("recipient", {{"recipients", list}});
  for (const SiteIdentity& identity : identities) {
    session.console.Say(
        fmt::format("{}  {}", identity.recipient.ToString(), identity.file.string()));
  }
  session.console.Note(
      "the connected side puts it into `recipients` of this site in export.yml; a copy of the file "
      "belongs into a safe");
  return Ok();
}

Status Recipient(Session& session, bool make_new) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const Fd lock, home.Lock());
  if (make_new) {
    GF_TRY(const SiteIdentity made, MakeSiteIdentity(home));
    return ShowRecipient(session, {made});
  }
  GF_CHECK(EnsureSiteIdentity(home));
  GF_TRY(const std::vector<std::string> loose, LooseIdentities(home));
  for (const std::string& line : loose)
    session.console.Warn(line);
  GF_TRY(const std::vector<SiteIdentity> all, ListSiteIdentities(home));
  return ShowRecipient(session, all);
}

}  // namespace

Command RecipientCommand() {
  return {"recipient", "print to whom bundles for this site are encrypted",
          "The public half of each identity in keys/*.age; the connected side lists it in "
          "export.yml. Makes keys/site.age if there is none. To replace an identity: --new, have "
          "the connected side list the new recipient, and remove the old file once no bundle to it "
          "is under way.",
          [](Arguments& arguments) {
            auto make_new = std::make_shared<bool>(false);
            arguments.Flag("--new", make_new.get(), "make one more identity and print that one");
            return [make_new](Session& session) { return Recipient(session, *make_new); };
          }};
}

}  // namespace gapferry::importer
