#include "importer/revocation.h"

#include "base/json.h"
#include "base/suggest.h"

namespace gapferry::importer {
namespace {

constexpr char kRevocations[] = "revocations";

Result<Json> LoadReasons(store::Store* store) {
  GF_TRY(const std::optional<std::string> text, store->GetMeta(kRevocations));
  if (!text) return Json::object();
  auto reasons = ParseJson(*text);
  if (reasons.ok() && reasons->is_object()) return reasons;
  return Error::Make(Kind::kDamaged, "the reasons of revocations in the store cannot be read");
}

Error UnknownKey(const SiteTrust& trust, const bundle::KeyId& key) {
  std::vector<std::string> names;
  for (const auto& [id, point] : trust.state.root.keys)
    names.push_back(id.ToString());
  return Error::Make(Kind::kNotFound, "root {} has no key {}{}", trust.state.root.version,
                     key.ToString(), DidYouMean(key.ToString(), names))
      .Hint("`gapferry-import key show` lists the keys that this site trusts")
      .Hint(
          "is it the key of a root that has not come here yet? Have its id read out once more, "
          "then "
          "add --unknown");
}

Status SaveRevocations(store::Store* store, const SiteTrust& trust, const Json& reasons) {
  GF_CHECK(store->Begin());
  GF_CHECK(SaveTrust(store, trust));
  GF_CHECK(store->SetMeta(kRevocations, DumpJson(reasons)));
  return store->Commit();
}

void NoteRole(std::vector<std::string>* lines, const bundle::Role& role,
              const std::set<bundle::KeyId>& revoked, std::string_view consequence) {
  const bundle::Role left = bundle::Without(role, revoked);
  if (left.keys.size() >= role.threshold) return;
  lines->push_back(fmt::format("{}: {} of {} needed keys are left", consequence, left.keys.size(),
                               role.threshold));
}

}  // namespace

Result<std::map<bundle::KeyId, Revocation>> LoadRevocations(store::Store* store,
                                                            const SiteTrust& trust) {
  GF_TRY(const Json reasons, LoadReasons(store));
  std::map<bundle::KeyId, Revocation> revocations;
  for (const bundle::KeyId& id : trust.state.revoked_here) {
    Revocation& revocation = revocations[id];
    const auto known = reasons.find(id.ToString());
    if (known == reasons.end() || !known->is_object()) continue;
    revocation.at = ParseTime(known->value("at", "")).value_or(0);
    revocation.reason = known->value("reason", "");
  }
  return revocations;
}

Status Revoke(store::Store* store, SiteTrust* trust, const bundle::KeyId& key,
              const Revocation& why, bool unknown) {
  if (!unknown && !trust->state.root.keys.contains(key)) return UnknownKey(*trust, key);
  GF_TRY(Json reasons, LoadReasons(store));
  trust->state.revoked_here.insert(key);
  reasons[key.ToString()] = {{"at", FormatTime(why.at)}, {"reason", why.reason}};
  return SaveRevocations(store, *trust, reasons);
}

Status UndoRevocation(store::Store* store, SiteTrust* trust, const bundle::KeyId& key) {
  GF_TRY(Json reasons, LoadReasons(store));
  if (trust->state.revoked_here.erase(key) == 0)
    return Error::Make(Kind::kNotFound, "this site has not revoked key {}", key.ToString());
  reasons.erase(key.ToString());
  return SaveRevocations(store, *trust, reasons);
}

std::vector<std::string> LostByRevocation(const SiteTrust& trust) {
  std::vector<std::string> lines;
  const bundle::Root& root = trust.state.root;
  const auto stream = root.streams.find(trust.stream);
  if (stream != root.streams.end()) {
    NoteRole(&lines, stream->second.content, trust.state.revoked_here,
             "no bundle can be imported until a root names another content key");
  }
  NoteRole(&lines, root.root, trust.state.revoked_here,
           "no new root can be followed; a new home must be pinned");
  return lines;
}

}  // namespace gapferry::importer
