#include "exporter/next_root.h"

#include <sodium.h>

#include "base/json.h"
#include "bundle/root_text.h"
#include "bundle/signed_file.h"
#include "exporter/keys.h"

namespace gapferry::exporter {
namespace {

namespace fs = std::filesystem;

constexpr char kEpochDemanded[] = "epoch_demanded";
constexpr mode_t kOwnerOnly = 0700;

// Whether signatures are still missing, which is no failure of a draft.
bool IsUnfinished(const Error& error) {
  return error.kind == Kind::kThreshold || error.kind == Kind::kUnknownSigner;
}

// A root file, if it is there, and its signatures.
Status RemoveWithSignatures(const fs::path& root) {
  GF_TRY(const std::vector<fs::path> files, ListFiles(root.parent_path()));
  std::error_code error;
  for (const fs::path& file : files) {
    if (file.filename().string().starts_with(root.filename().string())) fs::remove(file, error);
  }
  return Ok();
}

// A revoked key stays readable for whoever must look into what happened, but signs nothing more.
Status PutAsideRevoked(const Home& home, const bundle::Root& root) {
  GF_TRY(const std::vector<KeyFile> files, ListKeyFiles(home));
  for (const KeyFile& file : files) {
    if (!root.revoked.contains(file.key.id) || file.name.starts_with("revoked-")) continue;
    fs::path to = home.keys() / ("revoked-" + file.key.id.ToString() + ".key");
    fs::path from = file.secret;
    std::error_code error;
    fs::rename(from, to, error);
    fs::rename(from.replace_extension(".pub"), to.replace_extension(".pub"), error);
  }
  return SyncFolder(home.keys());
}

// Stream UUID → the epoch that must be over before the next bundle.
Result<Json> DemandedEpochs(store::Store* mirror) {
  GF_TRY(const std::optional<std::string> text, mirror->GetMeta(kEpochDemanded));
  return text ? ParseJson(*text) : Result<Json>(Json::object());
}

// While a stream of the mirror owes a new epoch, those that `root` has begun meanwhile do not
// count.
Status CarryDemand(store::Store* mirror, const bundle::Root& root) {
  GF_TRY(const Json demanded, DemandedEpochs(mirror));
  std::map<Uuid, std::uint64_t> carried;
  for (const auto& [uuid, role] : root.streams) {
    const auto after = demanded.find(uuid.ToString());
    if (after == demanded.end() || !after->is_number_unsigned()) continue;
    GF_TRY(const std::optional<store::StreamRow> row, mirror->FindStream(role.name));
    if (!row || row->uuid != uuid) continue;
    const auto epoch = static_cast<std::uint64_t>(row->epoch);
    if (after->get<std::uint64_t>() >= epoch && role.epoch > epoch) carried[uuid] = role.epoch;
  }
  return carried.empty() ? Ok() : DemandNewEpoch(mirror, carried);
}

void SayHowToGoOn(Session& session, const fs::path& draft, const Error& missing) {
  Console& console = session.console;
  console.Say(fmt::format("draft        {}: {}", draft.string(), missing.what));
  console.Say(
      fmt::format("next         {} root sign {} --key KEY", session.program, draft.string()));
  console.Say("             (also on an offline machine: it needs this one file and a key)");
  console.Say(fmt::format("             {} root accept", session.program));
}

}  // namespace

SignWith HomeRootKey(const Home& home, const std::string& passphrase_file) {
  std::error_code error;
  if (!fs::exists(home.root_key_file(), error)) return {};
  return {home.root_key_file(), passphrase_file};
}

Status SignRootFile(const fs::path& file, const bundle::SecretKey& key) {
  GF_TRY(const std::string bytes, ReadFile(file, bundle::kMaxRootBytes));
  auto root = bundle::ParseRoot(bytes);
  if (!root.ok()) return std::move(root).error().In(file.string());
  GF_TRY(const bundle::SignatureFile signature,
         bundle::Sign(key, Hash512(AsBytes(bytes)), bundle::RootTrustedComment(root->version)));
  return bundle::AddSignatureFile(file, key.public_key(), signature);
}

Result<bool> ProposeRoot(Session& session, const Home& home, const bundle::Root& next,
                         const SignWith& sign) {
  GF_CHECK(MakeFolder(home.drafts(), kOwnerOnly));
  const fs::path draft = home.drafts() / bundle::RootFileName(next.version);
  std::error_code error;
  if (fs::exists(draft, error)) {
    return Error::Make(Kind::kUsage, "there is a draft of root {} already: {}", next.version,
                       draft.string())
        .Hint("`{} root accept` finishes it, `{} root discard` throws it away", session.program,
              session.program);
  }
  // Before anything is written: a wrong passphrase should leave nothing behind.
  std::optional<bundle::SecretKey> key;
  if (!sign.key.empty()) {
    // "keys/root.key" means the home's, wherever the command is run.
    const fs::path in_home = home.folder() / sign.key;
    const bool is_here = fs::exists(sign.key, error);
    GF_TRY(key, LoadKey(is_here || !fs::exists(in_home, error) ? sign.key : in_home,
                        sign.passphrase_file));
  }
  GF_CHECK(WriteFileAtomically(draft, bundle::SerializeRoot(next)));
  if (key) GF_CHECK(SignRootFile(draft, *key));
  GF_TRY(const bundle::SignedDocument document,
         bundle::ReadSignedFile(draft, bundle::kMaxRootBytes));
  const Status accepted = AcceptRoot(session.console, home, document);
  if (accepted.ok()) return true;
  if (!IsUnfinished(accepted.error())) return accepted.error();
  SayHowToGoOn(session, draft, accepted.error());
  return false;
}

Status StoreRoot(Console& console, const Home& home, const bundle::Root& now,
                 const bundle::Root& next, const std::vector<std::string>& signatures) {
  const std::string bytes = bundle::SerializeRoot(next);
  bundle::SortedSignatures sorted = bundle::SortSignatures(
      bundle::StepKeys(now, next), bytes, bundle::RootTrustedComment(next.version), signatures);
  for (const Error& other : sorted.others) {
    console.Warn(fmt::format("a signature of root {} was not taken: {}", next.version,
                             Printable(other.what)));
  }
  const fs::path file = home.keys() / bundle::RootFileName(next.version);
  // What an interruption left there may be of another draft.
  GF_CHECK(RemoveWithSignatures(file));
  return bundle::WriteSignedFile(file, {bytes, std::move(sorted.fitting)});
}

Status AcceptRoot(Console& console, const Home& home, const bundle::SignedDocument& document) {
  GF_TRY(const std::vector<bundle::SignedDocument> roots, home.LoadRoots());
  GF_TRY(const bundle::Root now, bundle::ParseRoot(roots.back().bytes));
  GF_TRY(const bundle::Root next, bundle::NextRoot(now, document.bytes, document.signatures));
  GF_TRY(store::Store mirror, home.OpenMirror());
  GF_CHECK(mirror.Begin());
  GF_CHECK(AdoptStreams(&mirror, next, &now));
  GF_CHECK(StoreRoot(console, home, now, next, document.signatures));
  // If the machine stops here, CheckEpoch notices and `root adopt` mends it.
  GF_CHECK(mirror.Commit());
  std::error_code error;
  if (fs::exists(home.drafts(), error))
    GF_CHECK(RemoveWithSignatures(home.drafts() / bundle::RootFileName(next.version)));
  return PutAsideRevoked(home, next);
}

Status AdoptStreams(store::Store* mirror, const bundle::Root& root, const bundle::Root* before) {
  std::map<Uuid, std::uint64_t> lost;
  for (const auto& [uuid, role] : root.streams) {
    GF_TRY(std::optional<store::StreamRow> row, mirror->FindStream(role.name));
    if (row && row->uuid != uuid) {
      return Error::Make(Kind::kConfig, "the mirror's stream of {} is {}; root {} names {}",
                         role.name, row->uuid.ToString(), root.version, uuid.ToString());
    }
    if (!row) {
      row = store::StreamRow{role.name, uuid, 0, Bytes(store::kDigestKeyBytes)};
      randombytes_buf(row->digest_key.data(), row->digest_key.size());
      const bool was_there = before != nullptr && before->streams.contains(uuid);
      if (was_there && before->streams.at(uuid).epoch == role.epoch) lost[uuid] = role.epoch;
    }
    if (row->epoch == static_cast<std::int64_t>(role.epoch)) continue;
    row->epoch = static_cast<std::int64_t>(role.epoch);
    GF_CHECK(mirror->PutStream(*row));
  }
  return lost.empty() ? Ok() : DemandNewEpoch(mirror, lost);
}

Status AdoptRoot(const Home& home, const bundle::Root& root) {
  GF_TRY(store::Store mirror, home.OpenMirror());
  GF_CHECK(mirror.Begin());
  GF_CHECK(CarryDemand(&mirror, root));
  GF_CHECK(AdoptStreams(&mirror, root, &root));
  GF_CHECK(mirror.Commit());
  return PutAsideRevoked(home, root);
}

Status DemandNewEpoch(store::Store* mirror, const std::map<Uuid, std::uint64_t>& epochs) {
  GF_TRY(Json demanded, DemandedEpochs(mirror));
  for (const auto& [uuid, epoch] : epochs)
    demanded[uuid.ToString()] = epoch;
  return mirror->SetMeta(kEpochDemanded, DumpJson(demanded));
}

Status CheckEpoch(store::Store* mirror, const store::StreamRow& stream,
                  const bundle::StreamRole& role) {
  if (stream.epoch != static_cast<std::int64_t>(role.epoch)) {
    return Error::Make(Kind::kNotReady, "the mirror counts {} in epoch {}, the root in epoch {}",
                       role.name, stream.epoch, role.epoch)
        .Hint("`gapferry-export root adopt` makes the mirror follow the newest root");
  }
  GF_TRY(const Json epochs, DemandedEpochs(mirror));
  const auto after = epochs.find(stream.uuid.ToString());
  if (after == epochs.end() || !after->is_number_unsigned() ||
      after->get<std::uint64_t>() < role.epoch) {
    return Ok();
  }
  return Error::Make(Kind::kNotReady,
                     "the mirror was restored or made anew: {} must not go on in epoch {}, whose "
                     "numbers may have been used since",
                     role.name, role.epoch)
      .Hint(
          "`gapferry-export root change --new-epoch --site {} --key KEY`, then "
          "`gapferry-export collect`, then go on",
          role.name);
}

}  // namespace gapferry::exporter
