#include "bundle/label.h"
#include "bundle/resplit.h"
#include "exporter/commands.h"
#include "exporter/keys.h"

namespace gapferry::exporter {
namespace {

struct Options {
  std::string path;
  std::string key;
  std::string passphrase_file;
  bool dry_run = false;
};

// What the signer vouches for, before the key is used.
void ShowWhatIsSigned(Console& console, const bundle::FoundBundle& found,
                      const bundle::Manifest& manifest) {
  const Digest512 digest = Hash512(AsBytes(found.reader.manifest().bytes));
  console.Say(fmt::format("bundle     {} number {}.{}, {}, TLP up to {}", manifest.stream,
                          manifest.epoch, manifest.seq, bundle::KindName(manifest.kind),
                          manifest.tlp_ceiling));
  console.Say(fmt::format("stream     {}", manifest.stream_uuid.ToString()));
  console.Say(fmt::format("created    {}, expires {}", FormatTime(manifest.created),
                          FormatTime(manifest.expires)));
  console.Say(fmt::format("state      {}", HexEncode(manifest.state_digest)));
  for (const auto& [kind, rows] : manifest.counts.kind)
    console.Say(fmt::format("rows       {:>12} {}", Grouped(rows), Printable(kind)));
  console.Say(fmt::format("manifest   {}", HexEncode(digest)));
  for (const std::string& id : bundle::SignerIds(found.reader.members(0)))
    console.Say(fmt::format("signed by  {}", id));
}

// A signature by a key that no root lists helps nobody; the roots of this home say so.
void WarnOfStranger(Session& session, const bundle::Manifest& manifest, const bundle::KeyId& id) {
  auto home = Home::Open(session);
  if (!home.ok()) return;
  auto roots = home->LoadRoots();
  if (!roots.ok()) return;
  auto root = bundle::ParseRoot(roots->back().bytes);
  if (!root.ok()) return;
  const auto stream = root->streams.find(manifest.stream_uuid);
  if (stream != root->streams.end() && stream->second.content.keys.contains(id)) return;
  session.console.Note(
      fmt::format("root {} of {} does not let the key {} sign for {}: no site "
                  "will count this signature",
                  root->version, session.home, id.ToString(), manifest.stream));
}

Json SignedJson(const bundle::Manifest& manifest, const std::optional<bundle::KeyId>& id,
                const std::vector<bundle::WrittenVolume>& volumes) {
  Json paths = Json::array();
  for (const bundle::WrittenVolume& volume : volumes)
    paths.push_back(volume.path.string());
  return {{"stream", manifest.stream},
          {"epoch", manifest.epoch},
          {"seq", manifest.seq},
          {"key", id ? Json(id->ToString()) : Json(nullptr)},
          {"volumes", paths}};
}

Status AddOne(Session& session, const Options& options) {
  if (options.key.empty())
    return Error::Make(Kind::kUsage, "which key? give --key FILE, a secret key of minisign's form");
  GF_TRY(bundle::FoundBundle found, bundle::FindBundle(options.path));
  GF_TRY(const bundle::Manifest manifest, found.reader.AssumeManifest());
  Console& console = session.console;
  for (const Error& fault : found.faults)
    console.Report(fault);
  ShowWhatIsSigned(console, found, manifest);
  GF_CHECK(found.reader.CheckComplete());
  if (options.dry_run) {
    console.Emit("sign", SignedJson(manifest, std::nullopt, {}));
    return Ok();
  }
  GF_TRY(const bundle::SecretKey key, LoadKey(options.key, options.passphrase_file));
  const bundle::KeyId id = key.public_key().id;
  WarnOfStranger(session, manifest, id);
  const std::uint64_t stored = manifest.payload ? manifest.payload->stored_size : 0;
  Progress progress(console, "writing", "bytes", 2 * stored);
  GF_TRY(const std::vector<bundle::WrittenVolume> written,
         bundle::AddSignature(found, key, [&](std::uint64_t more) { progress.Advance(more); }));
  console.Emit("sign", SignedJson(manifest, id, written));
  console.Say(fmt::format("SIGNED     by {}; {} volumes written anew and read back", id.ToString(),
                          written.size()));
  return Ok();
}

}  // namespace

Command SignCommand() {
  return {"sign", "add another key's signature to a finished bundle",
          "For streams whose root demands several signers. Shows what is signed, compares every "
          "chunk with the manifest, and writes each volume anew with the signature in its head; "
          "payload and manifest stay as they are.",
          [](Arguments& arguments) {
            auto options = std::make_shared<Options>();
            arguments.Positional("PATH", &options->path,
                                 "a volume with those beside it, or a folder with one bundle");
            arguments.Option("--key", &options->key, "the secret key file to sign with");
            arguments.Option("--passphrase-file", &options->passphrase_file,
                             "file with the passphrase of the key");
            arguments.Flag("--dry-run", &options->dry_run, "only show what would be signed");
            return [options](Session& session) { return AddOne(session, *options); };
          }};
}

}  // namespace gapferry::exporter
