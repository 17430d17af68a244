#include <algorithm>
#include <map>
#include <set>

#include "bundle/label.h"
#include "bundle/resplit.h"
#include "bundle/signed_file.h"
#include "exporter/commands.h"
#include "exporter/keys.h"

namespace gapferry::exporter {
namespace {

struct SignOptions {
  std::string path;
  std::string key;
  std::string passphrase_file;
  std::string root;
  bool is_unsigned = false;
  bool dry_run = false;
};

// The root that says whose signatures count, and where it is from.
struct Judge {
  bundle::Root root;
  std::string origin;
  bool is_known = true;  // false: it came with what it judges
};

// The newest root that the medium itself brings: whoever altered the bundle may have altered it.
Result<std::optional<Judge>> JudgeOnMedium(Console& console, const bundle::FoundBundle& found) {
  bundle::SignedDocument document;
  if (!found.reader.roots().empty()) {
    document = found.reader.roots().rbegin()->second;
  } else {
    std::filesystem::path first = found.paths.front();
    auto beside = bundle::ReadSignedFile(first.replace_filename(bundle::RootFileName(1)),
                                         bundle::kMaxRootBytes);
    if (!beside.ok()) return std::optional<Judge>();
    document = *std::move(beside);
  }
  GF_TRY(bundle::Root root, bundle::OpenSignedRoot(document.bytes, document.signatures));
  console.Warn(
      fmt::format("checked against root {} of the medium itself, fingerprint {}: compare it with "
                  "the one that you know, or give --root FILE",
                  root.version, bundle::Fingerprint(document.bytes).ToString()));
  return std::optional(Judge{std::move(root), "on the medium", false});
}

// The root that was named, or that of a home which knows the stream, or the medium's own.
Result<std::optional<Judge>> ChooseJudge(Session& session, const SignOptions& options,
                                         const bundle::FoundBundle& found,
                                         const bundle::Manifest& manifest) {
  if (!options.root.empty()) {
    GF_TRY(const bundle::SignedDocument document,
           bundle::ReadSignedFile(options.root, bundle::kMaxRootBytes));
    GF_TRY(bundle::Root root, bundle::OpenSignedRoot(document.bytes, document.signatures));
    return std::optional(Judge{std::move(root), "in " + options.root});
  }
  if (auto home = Home::Open(session); home.ok()) {
    GF_TRY(bundle::Root root, home->LoadNewestRoot());
    if (root.streams.contains(manifest.stream_uuid))
      return std::optional(Judge{std::move(root), "of " + session.home});
  }
  return JudgeOnMedium(session.console, found);
}

// Names whose signatures fit, and what else there is. Error: if nobody's that counts does, for then
// nobody vouches for what would be signed.
Status CheckSigners(Console& console, const bundle::FoundBundle& found,
                    const bundle::Manifest& manifest, const std::optional<Judge>& judge) {
  if (!judge) {
    return Error::Make(Kind::kNotReady, "there is no root to check the signatures against")
        .Hint("give --root FILE, a root-NNNN.json that you trust");
  }
  const bundle::Root& root = judge->root;
  std::map<bundle::KeyId, bundle::PublicKey> keys;
  if (const auto stream = root.streams.find(manifest.stream_uuid); stream != root.streams.end()) {
    for (const bundle::KeyId& id : stream->second.content.keys)
      keys.emplace(id, root.keys.at(id));
  }
  const bundle::SignedDocument& document = found.reader.manifest();
  const bundle::SortedSignatures sorted = bundle::SortSignatures(
      keys, document.bytes, bundle::TrustedComment(manifest), document.signatures);
  for (const std::string& text : sorted.fitting) {
    GF_TRY(const bundle::SignatureFile signature, bundle::ParseSignatureFile(text));
    console.Say(fmt::format("signed by  {} (root {} {})", signature.key_id().ToString(),
                            root.version, judge->origin));
  }
  for (const Error& other : sorted.others)
    console.Warn("a signature that does not count: " + Printable(other.what));
  if (!sorted.fitting.empty()) return Ok();
  const bool altered = std::any_of(sorted.others.begin(), sorted.others.end(),
                                   [](const Error& e) { return e.kind == Kind::kBadSignature; });
  return Error::Make(altered ? Kind::kBadSignature : Kind::kUnknownSigner,
                     "no signature of {} by a key that root {} {} lets sign for {} fits: nobody "
                     "vouches for it",
                     found.paths.front().string(), root.version, judge->origin, manifest.stream)
      .Hint(
          "it may have been altered: have the connected side write it again. To sign all the same "
          "what you have checked yourself: --unsigned");
}

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
  if (manifest.recalled) console.Say("recalls    " + bundle::RecalledText(*manifest.recalled));
  for (const auto& [kind, rows] : manifest.counts.kind)
    console.Say(fmt::format("rows       {:>12} {}", Grouped(rows), Printable(kind)));
  console.Say(fmt::format("manifest   {}", HexEncode(digest)));
}

// A signature that no site counts helps nobody. The medium's own root cannot say, nor one that does
// not know the stream.
Status CheckMaySign(const Session& session, const std::optional<Judge>& judge,
                    const bundle::Manifest& manifest, const bundle::KeyId& id) {
  if (!judge || !judge->is_known) return Ok();
  const bundle::Root& root = judge->root;
  const auto stream = root.streams.find(manifest.stream_uuid);
  if (stream == root.streams.end() || stream->second.content.keys.contains(id)) return Ok();
  const bool is_root_key = root.root.keys.contains(id);
  return Error::Make(Kind::kUnknownSigner,
                     "root {} {} does not let the key {}{} sign for {}: no site would count it",
                     root.version, judge->origin, id.ToString(),
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

struct Candidate {
  bundle::FoundBundle found;
  bundle::Manifest manifest;
  std::optional<Judge> judge;
};

// Shows each bundle; refuses one that is not whole, and one that nobody vouches for.
Result<std::vector<Candidate>> Inspect(Session& session, const SignOptions& options,
                                       std::vector<bundle::FoundBundle> bundles) {
  std::vector<Candidate> candidates;
  for (bundle::FoundBundle& found : bundles) {
    GF_TRY(const bundle::Manifest manifest, found.reader.AssumeManifest());
    for (const Error& fault : found.faults)
      session.console.Report(fault);
    ShowWhatIsSigned(session.console, found, manifest);
    GF_TRY(std::optional<Judge> judge, ChooseJudge(session, options, found, manifest));
    Status vouched = CheckSigners(session.console, found, manifest, judge);
    if (!vouched.ok() && !options.is_unsigned) return std::move(vouched).error();
    if (!vouched.ok()) session.console.Warn(vouched.error().what);
    GF_CHECK(found.reader.CheckComplete());
    if (options.dry_run) session.console.Emit("sign", SignedJson(manifest, std::nullopt, {}));
    candidates.push_back({std::move(found), manifest, std::move(judge)});
  }
  return candidates;
}

// Those that this key may sign. Error: if it may sign none.
Result<std::vector<Candidate>> ThatMayBeSigned(Session& session, std::vector<Candidate> candidates,
                                               const bundle::KeyId& id) {
  std::vector<Candidate> allowed;
  std::vector<Error> refused;
  for (Candidate& candidate : candidates) {
    Status may = CheckMaySign(session, candidate.judge, candidate.manifest, id);
    if (may.ok()) {
      allowed.push_back(std::move(candidate));
    } else {
      refused.push_back(std::move(may).error());
    }
  }
  if (allowed.empty()) return std::move(refused.front());
  for (const Error& each : refused)
    session.console.Note("left as it is: " + each.what);
  return allowed;
}

Status AddAll(Session& session, const SignOptions& options) {
  if (options.key.empty())
    return Error::Make(Kind::kUsage, "which key? give --key FILE, a secret key of minisign's form");
  GF_TRY(std::vector<bundle::FoundBundle> bundles, BundlesAt(options.path));
  GF_TRY(std::vector<Candidate> inspected, Inspect(session, options, std::move(bundles)));
  if (options.dry_run) return Ok();
  GF_TRY(const bundle::SecretKey key, LoadKey(options.key, options.passphrase_file));
  GF_TRY(std::vector<Candidate> allowed,
         ThatMayBeSigned(session, std::move(inspected), key.public_key().id));
  // Those that have the signature already matter only if no other lacked it.
  Status refused = Ok();
  std::size_t added = 0;
  for (Candidate& candidate : allowed) {
    Status one = AddOne(session, candidate.found, key);
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
      "For streams whose root demands several signers. Shows what is signed and by whom so far, "
      "refuses what nobody vouches for, compares every chunk with the manifest, and writes each "
      "volume anew with the signature in its head; "
      "payload and manifest stay as they are. Of a folder, every bundle of the newest number that "
      "lacks the signature, and that this key may sign, gets it.",
      [](Arguments& arguments) {
        auto options = std::make_shared<SignOptions>();
        arguments.Positional("PATH", &options->path,
                             "a volume with those beside it, or a folder: all bundles "
                             "of the newest number there");
        arguments.Option("--key", &options->key, "the secret key file to sign with");
        arguments.Option("--passphrase-file", &options->passphrase_file,
                         "file with the passphrase of the key");
        arguments.Option("--root", &options->root,
                         "check the signatures that are there against this root-NNNN.json "
                         "(default: the newest of the home, else the medium's own)");
        arguments.Flag("--unsigned", &options->is_unsigned,
                       "sign even if no signature that is there counts");
        arguments.Flag("--dry-run", &options->dry_run, "only show what would be signed");
        return [options](Session& session) { return AddAll(session, *options); };
      }};
}

}  // namespace gapferry::exporter
