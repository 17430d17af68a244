#include <algorithm>

#include "importer/audit.h"
#include "importer/commands.h"
#include "importer/revocation.h"

namespace gapferry::importer {
namespace {

std::string RolesOf(const SiteTrust& trust, const bundle::KeyId& id) {
  const bundle::Root& root = trust.state.root;
  std::string roles = root.root.keys.contains(id) ? "root" : "";
  for (const auto& [uuid, stream] : root.streams) {
    if (!stream.content.keys.contains(id)) continue;
    roles += (roles.empty() ? "bundles of " : ", ") + stream.name;
  }
  return roles.empty() ? "none" : roles;
}

Status ShowKey(Session& session) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(store::Store store, store::Store::OpenReadOnly(home.store_file()));
  GF_TRY(const SiteTrust trust, LoadTrust(&store));
  GF_TRY(const auto revocations, LoadRevocations(&store, trust));
  const bundle::Root& root = trust.state.root;
  std::set<bundle::KeyId> ids = root.revoked;
  for (const auto& [id, key] : root.keys)
    ids.insert(id);
  for (const auto& [id, why] : revocations)
    ids.insert(id);
  for (const bundle::KeyId& id : ids) {
    const auto here = revocations.find(id);
    std::string state = "trusted";
    if (root.revoked.contains(id)) state = fmt::format("revoked by root {}", root.version);
    if (here != revocations.end()) {
      state = fmt::format("revoked here on {}: {}", FormatDate(here->second.at),
                          Printable(here->second.reason));
    }
    const std::string roles = RolesOf(trust, id);
    session.console.Emit(
        "key", {{"id", id.ToString()},
                {"role", roles},
                {"revoked", root.revoked.contains(id)},
                {"revoked_here", here != revocations.end()},
                {"reason", here == revocations.end() ? Json(nullptr) : Json(here->second.reason)}});
    session.console.Say(fmt::format("{}  {:<24}  {}", id.ToString(), roles, state));
  }
  return Ok();
}

struct RevokeOptions {
  std::string key;
  std::string reason;
  bool undo = false;
  bool unknown = false;
};

Status RevokeKey(Session& session, const RevokeOptions& options) {
  // Read out over a telephone, it may be typed in small letters.
  std::string upper = options.key;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : static_cast<char>(c);
  });
  const auto id = bundle::ParseKeyId(upper);
  if (!id) {
    return Error::Make(Kind::kUsage, "\"{}\" is no key id: 16 hexadecimal digits are", options.key)
        .Hint("`{} key show` lists them", session.program);
  }
  if (options.reason.empty()) {
    return Error::Make(Kind::kUsage, "{} a key needs a reason",
                       options.undo ? "trusting again" : "revoking")
        .Hint("add --reason \"why\"");
  }
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const Fd lock, home.Lock());
  GF_TRY(store::Store store, home.OpenStore());
  GF_TRY(SiteTrust trust, LoadTrust(&store));
  GF_CHECK(options.undo ? UndoRevocation(&store, &trust, *id)
                        : Revoke(&store, &trust, *id, {Now(), options.reason}, options.unknown));
  // A log that cannot be written must not hold up an emergency; it is the last thing said.
  Status logged = AppendAudit(home.audit_file(), options.undo ? "key.revoke-undone" : "key.revoked",
                              {{"key", id->ToString()}, {"reason", options.reason}});
  const std::vector<std::string> lost = LostByRevocation(trust);
  session.console.Emit("key_revoke", {{"id", id->ToString()},
                                      {"revoked_here", !options.undo},
                                      {"reason", options.reason},
                                      {"lost", lost}});
  session.console.Say(
      options.undo
          ? fmt::format("TRUSTED AGAIN   {}", id->ToString())
          : fmt::format("REVOKED HERE    {}: nothing that needs it is accepted", id->ToString()));
  if (!options.undo && !trust.state.root.keys.contains(*id)) {
    session.console.Note(fmt::format("root {} does not know this key; no later root makes it count",
                                     trust.state.root.version));
  }
  for (const std::string& line : lost)
    session.console.Say("                " + line);
  session.console.Say(
      "                data that came before stays in use; look at it with `status` and `why`");
  if (logged.ok()) return Ok();
  session.console.Report(logged.error());
  return Error::Make(Kind::kPartly, "the key is {} here, but the audit log does not say so",
                     options.undo ? "trusted again" : "revoked")
      .Hint("write it into your book, and mend the log as the error above says");
}

}  // namespace

Command KeyCommand() {
  const Command show = {
      "show", "list the keys that this site trusts, and those that are revoked",
      "Those of the root in force, those it revoked, and those this site revoked. Reads only.",
      [](Arguments&) -> Runner { return [](Session& session) { return ShowKey(session); }; }};
  const Command revoke = {
      "revoke", "trust a key no more, by this site's own decision",
      "For an emergency: the connected side says by telephone that a key was stolen, and the root "
      "that revokes it has not arrived. Bundles and roots that need the key are refused (29). No "
      "medium can undo it; --undo can. A key that has not come here yet is revoked with --unknown.",
      [](Arguments& arguments) {
        auto options = std::make_shared<RevokeOptions>();
        arguments.Positional("KEYID", &options->key, "the key's id, 16 hexadecimal digits");
        arguments.Option("--reason", &options->reason, "why, and who said so");
        arguments.Flag("--unknown", &options->unknown,
                       "also if the root in force does not have this key: a later one may");
        arguments.Flag("--undo", &options->undo, "trust it again as far as the root does");
        return [options](Session& session) { return RevokeKey(session, *options); };
      }};
  return CommandGroup("key", "the keys that this site trusts",
                      "They come with the roots; nothing else adds one.", {revoke, show});
}

}  // namespace gapferry::importer
