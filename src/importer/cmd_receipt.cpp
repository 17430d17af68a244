#include "bundle/receipt.h"
#include "bundle/signed_file.h"
#include "importer/audit.h"
#include "importer/commands.h"

namespace gapferry::importer {
namespace {

constexpr char kCounter[] = "receipt_counter";
constexpr mode_t kOwnerOnly = 0600;

// The site's own signing key, made at the first receipt.
Result<bundle::SecretKey> SiteKey(Session& session, const Home& home) {
  const std::filesystem::path file = home.folder() / "keys" / "receipt.key";
  auto text = ReadFile(file, bundle::kMaxKeyFileBytes);
  if (text.ok()) {
    const bundle::SecretText secret(*std::move(text));
    return bundle::SecretKey::Parse(secret.view());
  }
  if (text.error().kind != Kind::kNotFound) return std::move(text).error();
  GF_CHECK(MakeFolder(file.parent_path(), 0700));
  bundle::SecretKey key = bundle::SecretKey::Generate();
  std::filesystem::path shared = file;
  GF_CHECK(WriteFileAtomically(shared.replace_extension(".pub"), key.public_key().ToFile()));
  GF_CHECK(WriteFileAtomically(file, key.ToFile().view(), kOwnerOnly));
  session.console.Note(
      fmt::format("made {}; the connected side takes receipts once it has, for this "
                  "site in export.yml:  receipt_key: {}",
                  file.string(), key.public_key().ToBase64()));
  return key;
}

Result<bundle::Receipt> MakeReceipt(store::Store* store) {
  GF_TRY(const SiteTrust trust, LoadTrust(store));
  GF_TRY(const std::optional<Applied> applied, LoadApplied(store));
  if (!applied) {
    return Error::Make(Kind::kNotReady,
                       "nothing has been imported yet: there is nothing to confirm");
  }
  GF_TRY(const std::optional<std::string> counter, store->GetMeta(kCounter));
  GF_TRY(const std::optional<std::string> digest_key, store->GetMeta("digest_key"));
  const bundle::Manifest& manifest = applied->manifest;
  bundle::Receipt receipt;
  receipt.stream = manifest.stream;
  receipt.stream_uuid = manifest.stream_uuid;
  receipt.epoch = manifest.epoch;
  receipt.seq = manifest.seq;
  receipt.state_digest = manifest.state_digest;
  receipt.manifest_digest = Hash256(AsBytes(applied->manifest_bytes));
  receipt.counter = counter ? std::stoull(*counter) + 1 : 1;
  receipt.root_version = trust.state.root.version;
  receipt.floor = trust.state.floor;
  receipt.issued = Now();
  receipt.code = bundle::PhoneCode(receipt.epoch, receipt.seq, receipt.state_digest,
                                   AsBytes(digest_key.value_or("")));
  return receipt;
}

Status WriteReceipt(Session& session, const std::filesystem::path& to) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const Fd lock, home.Lock());
  GF_TRY(store::Store store, home.OpenStore());
  GF_TRY(const bundle::Receipt receipt, MakeReceipt(&store));
  Console& console = session.console;
  std::filesystem::path file;
  if (!to.empty()) {
    GF_TRY(const bundle::SecretKey key, SiteKey(session, home));
    bundle::SignedDocument document;
    document.bytes = bundle::SerializeReceipt(receipt);
    GF_TRY(const bundle::SignatureFile signature,
           bundle::Sign(key, Hash512(AsBytes(document.bytes)),
                        bundle::ReceiptTrustedComment(receipt)));
    document.signatures.push_back(signature.Serialize());
    // The counter is spent before the receipt exists.
    GF_CHECK(store.Begin());
    GF_CHECK(store.SetMeta(kCounter, std::to_string(receipt.counter)));
    GF_CHECK(store.Commit());
    file = to / fmt::format("receipt-{}-{:06}.json", receipt.stream, receipt.counter);
    GF_CHECK(MakeFolder(to));
    GF_CHECK(bundle::WriteSignedFile(file, document));
    GF_TRY(const AuditHead audit,
           Audit(home.audit_file(), "receipt",
                 {{"epoch", receipt.epoch}, {"seq", receipt.seq}, {"counter", receipt.counter}}));
    (void)audit;
  }
  console.Emit("receipt", {{"stream", receipt.stream},
                           {"epoch", receipt.epoch},
                           {"seq", receipt.seq},
                           {"code", receipt.code},
                           {"path", file.string()}});
  console.Say(fmt::format("{} holds number {}.{}", receipt.stream, receipt.epoch, receipt.seq));
  console.Say(fmt::format("phone code  {}", receipt.code));
  if (!file.empty()) console.Say(fmt::format("receipt     {}", file.string()));
  return Ok();
}

}  // namespace

Command ReceiptCommand() {
  return {
      "receipt", "say which state this site holds, signed, or as a code for the telephone",
      "Optional: nothing needs to go back across the gap. A receipt makes the next delta start at "
      "the state that is here. It names the stream, the number and the state's digest, and no "
      "content. Without --to only the code is printed.",
      [](Arguments& arguments) {
        auto to = std::make_shared<std::string>();
        arguments.Option("--to", to.get(), "folder to write the signed receipt into");
        return [to](Session& session) { return WriteReceipt(session, *to); };
      }};
}

}  // namespace gapferry::importer
