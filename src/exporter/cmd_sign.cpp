#include <map>
#include <set>

#include "bundle/label.h"
#include "bundle/resplit.h"
#include "exporter/commands.h"
#include "exporter/keys.h"

namespace gapferry::exporter {
namespace {

struct SignOptions {
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

// A signature that no site counts helps nobody; the newest root of this home says whose count. A
// home that does not know the stream, or none at all, cannot say.
Status CheckMaySign(Session& session, const bundle::Manifest& manifest, const bundle::KeyId& id) {
  auto home = Home::Open(session);
  if (!home.ok()) return Ok();
  GF_TRY(const bundle::Root root, home->LoadNewestRoot());
  const auto stream = root.streams.find(manifest.stream_uuid);
  if (stream == root.streams.end() || stream->second.content.keys.contains(id)) return Ok();
  const bool is_root_key = root.root.keys.contains(id);
  return Error::Make(Kind::kUnknownSigner,
                     "root {} of {} does not let the key {}{} sign for {}: no site would count it",
                     root.version, session.home, id.ToString(),
                     is_root_key ? ", which signs roots," : "", manifest.stream)
      .Hint("`{} key show` lists keys and roles; `{} root change --add-content` adds one",
            session.program, session.program);
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

// Of a folder the bundles of each stream's newest number, by name: a full and a delta of one number
// need the same signatures. Else the bundle that the path names.
Result<std::vector<bundle::FoundBundle>> BundlesAt(const std::filesystem::path& path) {
  std::vector<bundle::FoundBundle> bundles;
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    GF_TRY(bundle::FoundBundle one, bundle::FindBundle(path));
    bundles.push_back(std::move(one));
    return bundles;
  }
  GF_TRY(const bundle::MediumListing listing, bundle::ListMedium(path));
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> newest;  // of each stream
  std::set<std::filesystem::path> seen;
  for (const bundle::NamedVolume& volume : listing.volumes) {
    const auto number = std::pair(volume.name.epoch, volume.name.seq);
    const auto first = newest.emplace(volume.name.stream, number).first;
    if (first->second != number || seen.contains(volume.path)) continue;
    GF_TRY(bundle::FoundBundle found, bundle::FindBundle(volume.path));
    seen.insert(found.paths.begin(), found.paths.end());
    bundles.push_back(std::move(found));
  }
  if (!bundles.empty()) return bundles;
  return Error::Make(Kind::kNotFound, "there is no bundle in {}", path.string())
      .Hint("bundles are files that end in .gfb; is the right medium mounted?");
}

Status AddOne(Session& session, bundle::FoundBundle& found, const bundle::SecretKey& key) {
  GF_TRY(const bundle::Manifest manifest, found.reader.AssumeManifest());
  const bundle::KeyId id = key.public_key().id;
  const std::uint64_t stored = manifest.payload ? manifest.payload->stored_size : 0;
  Progress progress(session.console, "writing", "bytes", 2 * stored);
  GF_TRY(const std::vector<bundle::WrittenVolume> written,
         bundle::AddSignature(found, key, [&](std::uint64_t more) { progress.Advance(more); }));
  session.console.Emit("sign", SignedJson(manifest, id, written));
  session.console.Say(fmt::format("SIGNED     by {}: {} {}; {} volumes written anew and read back",
                                  id.ToString(), manifest.stream, bundle::KindName(manifest.kind),
                                  written.size()));
  return Ok();
}

// Shows each bundle; refuses one that is not whole.
Status Inspect(Session& session, std::vector<bundle::FoundBundle>& bundles, bool dry_run) {
  for (bundle::FoundBundle& found : bundles) {
    GF_TRY(const bundle::Manifest manifest, found.reader.AssumeManifest());
    for (const Error& fault : found.faults)
      session.console.Report(fault);
    ShowWhatIsSigned(session.console, found, manifest);
    GF_CHECK(found.reader.CheckComplete());
    if (dry_run) session.console.Emit("sign", SignedJson(manifest, std::nullopt, {}));
  }
  return Ok();
}

Status AddAll(Session& session, const SignOptions& options) {
  if (options.key.empty())
    return Error::Make(Kind::kUsage, "which key? give --key FILE, a secret key of minisign's form");
  GF_TRY(std::vector<bundle::FoundBundle> bundles, BundlesAt(options.path));
  GF_CHECK(Inspect(session, bundles, options.dry_run));
  if (options.dry_run) return Ok();
  GF_TRY(const bundle::SecretKey key, LoadKey(options.key, options.passphrase_file));
  const bundle::KeyId id = key.public_key().id;
  for (bundle::FoundBundle& found : bundles) {
    GF_TRY(const bundle::Manifest manifest, found.reader.AssumeManifest());
    GF_CHECK(CheckMaySign(session, manifest, id));
  }
  // Those that have the signature already matter only if no other lacked it.
  Status refused = Ok();
  std::size_t added = 0;
  for (bundle::FoundBundle& found : bundles) {
    Status one = AddOne(session, found, key);
    if (!one.ok() && one.error().kind != Kind::kUsage) return one;
    if (one.ok()) {
      ++added;
    } else {
      refused = std::move(one);
    }
  }
  return added > 0 ? Ok() : std::move(refused);
}

}  // namespace

Command SignCommand() {
  return {
      "sign", "add another key's signature to a finished bundle",
      "For streams whose root demands several signers. Shows what is signed, compares every "
      "chunk with the manifest, and writes each volume anew with the signature in its head; "
      "payload and manifest stay as they are. Of a folder, every bundle of the newest number that "
      "lacks the signature gets it.",
      [](Arguments& arguments) {
        auto options = std::make_shared<SignOptions>();
        arguments.Positional("PATH", &options->path,
                             "a volume with those beside it, or a folder: all bundles "
                             "of the newest number there");
        arguments.Option("--key", &options->key, "the secret key file to sign with");
        arguments.Option("--passphrase-file", &options->passphrase_file,
                         "file with the passphrase of the key");
        arguments.Flag("--dry-run", &options->dry_run, "only show what would be signed");
        return [options](Session& session) { return AddAll(session, *options); };
      }};
}

}  // namespace gapferry::exporter
