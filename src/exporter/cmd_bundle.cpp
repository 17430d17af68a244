#include "bundle/volume.h"
#include "exporter/bundle_maker.h"
#include "exporter/commands.h"

namespace gapferry::exporter {
namespace {

struct Options {
  std::string site;
  std::string to;
  std::string kind = "auto";
  std::int64_t since = 0;
};

// Every medium can set up a site: the first root lies beside the bundles, believed only by its
// fingerprint.
Status PutFirstRoot(const std::filesystem::path& folder, const bundle::SignedDocument& root) {
  const std::filesystem::path file = folder / bundle::RootFileName(1);
  auto there = ReadFile(file, bundle::kMaxRootBytes);
  if (there.ok() && *there == root.bytes) return Ok();
  GF_CHECK(WriteFileAtomically(file.string() + ".minisig", root.signatures.front()));
  return WriteFileAtomically(file, root.bytes);
}

Json HeldBackJson(const Tally& tally) {
  Json kinds = Json::object();
  for (const auto& [kind, reasons] : tally.AllHeldBack()) {
    Json& list = kinds[kind] = Json::array();
    for (const auto& [key, count] : reasons.map()) {
      list.push_back(
          {{"reason", policy::ReasonCode(key.reason)}, {"detail", key.detail}, {"count", count}});
    }
  }
  return kinds;
}

void ShowBundle(Session& session, const MadeBundle& made, const MadeBundles& all,
                const bundle::WrittenVolume& volume) {
  const bundle::Manifest& manifest = made.manifest;
  session.console.Emit("bundle",
                       {{"site", manifest.stream},
                        {"path", volume.path.string()},
                        {"epoch", manifest.epoch},
                        {"seq", manifest.seq},
                        {"kind", bundle::KindName(manifest.kind)},
                        {"base_seq", manifest.base ? Json(manifest.base->seq) : Json(nullptr)},
                        {"bytes", volume.size},
                        {"blake2b", HexEncode(volume.digest)},
                        {"state_digest", HexEncode(manifest.state_digest)},
                        {"created", FormatTime(manifest.created)},
                        {"expires", FormatTime(manifest.expires)},
                        {"changed", all.changed},
                        {"rows", all.tally.Rows().kind},
                        {"held_back", HeldBackJson(all.tally)}});
  const std::string from =
      manifest.base ? fmt::format(" from number {} on", manifest.base->seq) : "";
  session.console.Say(fmt::format("{}  bundle {} ({}{}) written and read back: {}, {}",
                                  manifest.stream, manifest.seq, bundle::KindName(manifest.kind),
                                  from, volume.path.string(), HumanBytes(volume.size)));
}

void ShowState(Session& session, const MadeBundles& all) {
  const bundle::Manifest& manifest = all.bundles.back().manifest;
  const auto kinds = all.tally.Rows().kind;
  const auto rows = kinds.find("attribute");
  Console& console = session.console;
  console.Say(fmt::format("  {} attributes, TLP up to {}, valid until {}{}",
                          Grouped(rows == kinds.end() ? 0 : rows->second), manifest.tlp_ceiling,
                          FormatDate(manifest.expires),
                          all.changed ? "" : "; nothing has changed since the number before"));
  for (const auto& [kind, reasons] : all.tally.AllHeldBack()) {
    for (const auto& [key, count] : reasons.map()) {
      console.Say(fmt::format("  held back: {} {} rows: {}{}", Grouped(count), kind,
                              policy::ReasonCode(key.reason),
                              key.detail.empty() ? "" : " (" + Printable(key.detail) + ")"));
    }
  }
}

Status CheckKey(const bundle::SecretKey& key, const bundle::Root& root, const SiteConfig& site,
                const std::filesystem::path& file) {
  for (const auto& [uuid, stream] : root.streams) {
    if (stream.name != site.name || stream.content.keys.contains(key.public_key().id)) continue;
    std::vector<std::string> ids;
    for (const bundle::KeyId& id : stream.content.keys)
      ids.push_back(id.ToString());
    return Error::Make(
        Kind::kUnknownSigner, "the root lets {} sign for {}, but not the key {} in {}",
        fmt::join(ids, ", "), site.name, key.public_key().id.ToString(), file.string());
  }
  return Ok();
}

Result<bundle::WrittenVolume> SignAndWrite(Session& session, const MadeBundle& made,
                                           const std::vector<bundle::SignedDocument>& roots,
                                           const bundle::SecretKey& key,
                                           const std::filesystem::path& to) {
  bundle::VolumeHead head;
  head.manifest.bytes = made.manifest_bytes;
  GF_TRY(const bundle::SignatureFile signature,
         bundle::Sign(key, Hash512(AsBytes(made.manifest_bytes)),
                      bundle::TrustedComment(made.manifest)));
  head.manifest.signatures.push_back(signature.Serialize());
  head.roots.assign(roots.begin() + 1, roots.end());
  Progress progress(session.console, "writing", "bytes",
                    made.manifest.payload ? 2 * made.manifest.payload->stored_size : 0);
  return bundle::WriteVolume(to, head, made.stored.get(),
                             [&](std::uint64_t bytes) { progress.Advance(bytes); });
}

}  // namespace

Status WriteBundle(Session& session, const Home& home, const SiteConfig& site,
                   const std::filesystem::path& to, const BundleRequest& request) {
  GF_TRY(const std::vector<bundle::SignedDocument> roots, home.LoadRoots());
  GF_TRY(const bundle::Root root, bundle::ParseRoot(roots.back().bytes));
  GF_TRY(const bundle::SecretKey key, LoadKey(home.content_key_file()));
  GF_CHECK(CheckKey(key, root, site, home.content_key_file()));
  GF_CHECK(MakeFolder(to));
  GF_TRY(store::Store mirror, home.OpenMirror());
  GF_TRY(const MadeBundles made, MakeBundles(session, home, site, root, request, &mirror));
  for (const MadeBundle& one : made.bundles) {
    GF_TRY(const bundle::WrittenVolume volume, SignAndWrite(session, one, roots, key, to));
    ShowBundle(session, one, made, volume);
  }
  GF_CHECK(PutFirstRoot(to, roots.front()));
  ShowState(session, made);
  return Ok();
}

namespace {

Result<BundleRequest> RequestOf(const Options& options) {
  BundleRequest request;
  const auto choice = ParseBundleChoice(options.kind);
  if (!choice) {
    return Error::Make(Kind::kUsage, "--kind is \"{}\"; it can be auto, full, delta or heartbeat",
                       options.kind);
  }
  request.choice = *choice;
  if (options.since < 0) return Error::Make(Kind::kUsage, "--since is {}", options.since);
  if (options.since > 0) {
    request.since = static_cast<std::uint64_t>(options.since);
    const bool fits =
        request.choice == BundleChoice::kAuto || request.choice == BundleChoice::kDelta;
    if (!fits)
      return Error::Make(Kind::kUsage, "--since is for a delta, not for --kind {}", options.kind);
    request.choice = BundleChoice::kDelta;
  }
  return request;
}

}  // namespace

Command BundleCommand() {
  return {
      "bundle", "write the next signed bundle for a site",
      "Takes what the mirror holds, applies the site's policy, and writes what changed since the "
      "last full (a delta, good for a site that holds any number since) and, while that is cheap, "
      "everything beside it (a full), signed with the content key, into DIR. A file gets its name "
      "only after it was read back from the medium. Nothing is collected.",
      [](Arguments& arguments) {
        auto options = std::make_shared<Options>();
        arguments.Option("--site", &options->site, "the site that the bundle is for");
        arguments.Option("--to", &options->to, "folder to write into, such as a mounted medium");
        arguments.Option("--kind", &options->kind,
                         "auto (default), full, delta, or heartbeat: the newest is still current");
        arguments.Option("--since", &options->since,
                         "a delta for a site that holds this number or a later one");
        return [options](Session& session) -> Status {
          GF_TRY(const BundleRequest request, RequestOf(*options));
          GF_TRY(const Home home, Home::Open(session));
          GF_TRY(const Config config, home.LoadConfig());
          if (options->site.empty() && config.sites.size() != 1) {
            return Error::Make(Kind::kUsage, "which of {} sites? name one with --site",
                               config.sites.size());
          }
          GF_TRY(
              const SiteConfig site,
              FindSite(config, options->site.empty() ? config.sites.front().name : options->site));
          const std::filesystem::path to =
              options->to.empty() ? site.to : std::filesystem::path(options->to);
          if (to.empty()) {
            return Error::Make(Kind::kUsage,
                               "where to? give --to DIR, or `to:` for site {} in export.yml",
                               site.name);
          }
          GF_TRY(const Fd lock, home.Lock());
          return WriteBundle(session, home, site, to, request);
        };
      }};
}

}  // namespace gapferry::exporter
