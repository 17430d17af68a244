#include <algorithm>

#include "bundle/receipt.h"
#include "bundle/signed_file.h"
#include "exporter/commands.h"
#include "exporter/receipts.h"
#include "store/stream_parts.h"

namespace gapferry::exporter {
namespace {

struct ReceiptOptions {
  std::string file;
  std::string site;
  std::string code;
  bool restored = false;
};

// Each key counts for itself: a site that was made anew has a new one and begins at 1.
std::string CounterKey(const Uuid& stream, const bundle::KeyId& key) {
  return "receipt_counter/" + stream.ToString() + "/" + key.ToString();
}

// Deltas start from `seq` from now on, if what went since then is still known.
Status StartFrom(store::Store* mirror, const store::StreamRow& stream, std::uint64_t seq) {
  GF_TRY(auto state, store::LoadStreamState(mirror, stream.uuid));
  if (!state || state->epoch != stream.epoch || seq < state->oldest_base) {
    return Error::Make(Kind::kNotReady, "what {} lacks since number {}.{} is no longer known here",
                       stream.site, stream.epoch, seq)
        .Hint("the next bundle must be a full: `gapferry-export bundle --site {} --kind full`",
              stream.site);
  }
  state->base_seq = seq;
  GF_CHECK(store::SaveStreamState(mirror, stream.uuid, *state));
  return SaveReceipt(mirror, stream.uuid, {stream.epoch, seq, Now()});
}

const store::LedgerRow* FindNumber(const std::vector<store::LedgerRow>& ledger, std::int64_t epoch,
                                   std::int64_t seq) {
  const auto found = std::find_if(ledger.begin(), ledger.end(), [&](const store::LedgerRow& row) {
    return row.epoch == epoch && row.seq == seq;
  });
  return found == ledger.end() ? nullptr : &*found;
}

Status Show(Session& session, const store::StreamRow& stream, std::uint64_t seq) {
  session.console.Emit("receipt", {{"site", stream.site}, {"epoch", stream.epoch}, {"seq", seq}});
  session.console.Say(fmt::format("{} holds number {}.{}; its next delta starts there", stream.site,
                                  stream.epoch, seq));
  return Ok();
}

Result<store::StreamRow> StreamOf(store::Store* mirror, const std::string& site) {
  GF_TRY(const auto stream, mirror->FindStream(site));
  if (stream) return *stream;
  return Error::Make(Kind::kNotFound, "there is no stream for \"{}\" here", site)
      .Hint(
          "`gapferry-export status` lists the sites; if the mirror was made anew, "
          "`gapferry-export root adopt`");
}

Status AddFile(Session& session, const Home& home, const Config& config,
               const ReceiptOptions& options) {
  GF_TRY(const bundle::SignedDocument document,
         bundle::ReadSignedFile(options.file, bundle::kMaxReceiptBytes));
  if (document.signatures.size() != 1) {
    return Error::Make(Kind::kBadSignature, "{} has {} signatures; a receipt has one", options.file,
                       document.signatures.size());
  }
  GF_TRY(const bundle::SignatureFile signature,
         bundle::ParseSignatureFile(document.signatures.front()));
  // The registered key first, so that no stranger's bytes are parsed.
  const auto site =
      std::find_if(config.sites.begin(), config.sites.end(), [&](const SiteConfig& known) {
        return known.receipt_key && known.receipt_key->id == signature.key_id();
      });
  if (site == config.sites.end()) {
    return Error::Make(Kind::kUnknownSigner, "{} is signed by {}, which no site has registered",
                       options.file, signature.key_id().ToString())
        .Hint("put the site's `receipt_key:` into export.yml, if it is that site's key");
  }
  GF_CHECK(bundle::Verify(*site->receipt_key, Hash512(AsBytes(document.bytes)), signature));
  GF_TRY(const bundle::Receipt receipt, bundle::ParseReceipt(document.bytes));
  if (signature.trusted_comment() != bundle::ReceiptTrustedComment(receipt)) {
    return Error::Make(Kind::kBadSignature, "the signature says \"{}\", the receipt \"{}\"",
                       signature.trusted_comment(), bundle::ReceiptTrustedComment(receipt));
  }
  GF_TRY(store::Store mirror, home.OpenMirror());
  GF_TRY(const store::StreamRow stream, StreamOf(&mirror, site->name));
  if (receipt.stream_uuid != stream.uuid) {
    return Error::Make(Kind::kWrongStream, "the receipt is for stream {}, site {} has {}",
                       receipt.stream_uuid.ToString(), site->name, stream.uuid.ToString());
  }
  const std::string counter_key = CounterKey(stream.uuid, signature.key_id());
  GF_TRY(const std::optional<std::string> last, mirror.GetMeta(counter_key));
  const std::uint64_t counter = last ? std::stoull(*last) : 0;
  if (receipt.counter <= counter && !options.restored) {
    return Error::Make(Kind::kRollback,
                       "receipt {} of {} is not newer than {}, which was taken before",
                       receipt.counter, site->name, counter)
        .Hint(
            "take the newest receipt. If the site was restored from a backup and so counts from an "
            "older number: `{} receipt add FILE --restored`",
            session.program);
  }
  GF_TRY(const std::vector<store::LedgerRow> ledger, mirror.Ledger(stream.uuid));
  const store::LedgerRow* row = FindNumber(ledger, static_cast<std::int64_t>(receipt.epoch),
                                           static_cast<std::int64_t>(receipt.seq));
  if (row == nullptr || receipt.epoch != static_cast<std::uint64_t>(stream.epoch)) {
    return Error::Make(Kind::kNotFound, "number {}.{} was not made here in the present epoch {}",
                       receipt.epoch, receipt.seq, stream.epoch);
  }
  if (row->state_digest != receipt.state_digest) {
    return Error::Make(Kind::kDiverged,
                       "{} holds the state {}… under number {}.{}; made here was {}…", site->name,
                       HexEncode(receipt.state_digest).substr(0, 16), receipt.epoch, receipt.seq,
                       HexEncode(row->state_digest).substr(0, 16))
        .Hint("write a full for this site, and find out where it got that state");
  }
  GF_CHECK(mirror.Begin());
  GF_CHECK(StartFrom(&mirror, stream, receipt.seq));
  GF_CHECK(mirror.SetMeta(counter_key, std::to_string(receipt.counter)));
  GF_CHECK(mirror.Commit());
  return Show(session, stream, receipt.seq);
}

Status AddCode(Session& session, const Home& home, const ReceiptOptions& options) {
  const std::string heard = bundle::NormalisePhoneCode(options.code);
  if (!bundle::IsPhoneCode(heard)) {
    return Error::Make(Kind::kUsage,
                       "\"{}\" is no code: a number and eight letters or digits are, such as "
                       "42-7KQ3-9XWP",
                       Printable(options.code))
        .Hint("have it read again; `gapferry-import receipt` prints it");
  }
  GF_TRY(store::Store mirror, home.OpenMirror());
  GF_TRY(const store::StreamRow stream, StreamOf(&mirror, options.site));
  GF_TRY(const std::vector<store::LedgerRow> ledger, mirror.Ledger(stream.uuid));
  for (const store::LedgerRow& row : ledger) {
    if (row.epoch != stream.epoch) continue;
    const auto seq = static_cast<std::uint64_t>(row.seq);
    if (bundle::NormalisePhoneCode(bundle::PhoneCode(static_cast<std::uint64_t>(row.epoch), seq,
                                                     row.state_digest, stream.digest_key)) != heard)
      continue;
    GF_CHECK(mirror.Begin());
    GF_CHECK(StartFrom(&mirror, stream, seq));
    GF_CHECK(mirror.Commit());
    return Show(session, stream, seq);
  }
  return Error::Make(Kind::kNotFound, "{} fits no number that was made for {} in epoch {}", heard,
                     options.site, stream.epoch)
      .Hint("have it read again; `gapferry-import receipt` prints it");
}

Command AddReceiptCommand() {
  return {
      "add", "take a site's receipt: its next delta starts at the state it holds",
      "Takes a receipt only from the key that export.yml registers for the site, with a counter "
      "that rises and a state that was made here. A code that was read over the telephone does the "
      "same without a signature; a wrong one fits nothing.",
      [](Arguments& arguments) {
        auto options = std::make_shared<ReceiptOptions>();
        arguments.Positional("FILE", &options->file, "receipt-….json, its .minisig beside it",
                             /*required=*/false);
        arguments.Option("--site", &options->site, "the site whose code it is");
        arguments.Option("--code", &options->code, "the code that was read out");
        arguments.Flag("--restored", &options->restored,
                       "the site was restored from a backup: take its counter as it is now");
        return [options](Session& session) -> Status {
          GF_TRY(const Home home, Home::Open(session));
          GF_TRY(const Config config, home.LoadConfig());
          const bool by_code = !options->code.empty();
          if (by_code == !options->file.empty() || by_code == options->site.empty()) {
            return Error::Make(Kind::kUsage, "give FILE, or --site and --code");
          }
          GF_TRY(const Fd lock, home.Lock());
          if (by_code) return AddCode(session, home, *options);
          return AddFile(session, home, config, *options);
        };
      }};
}

}  // namespace

Command ReceiptCommand() {
  return CommandGroup("receipt", "take what sites say back",
                      "Optional: sites need not say anything. A receipt shortens the next delta.",
                      {AddReceiptCommand()});
}

}  // namespace gapferry::exporter
