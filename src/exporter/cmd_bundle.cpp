#include <unistd.h>

#include "base/version.h"
#include "bundle/volume.h"
#include "exporter/commands.h"
#include "exporter/crossing.h"

namespace gapferry::exporter {
namespace {

struct Options {
  std::string site;
  std::string to;
};

struct Numbering {
  store::StreamRow stream;
  bundle::StreamRole role;
  std::uint64_t root_version = 1;
  std::uint64_t seq = 1;
};

Result<Numbering> NextNumber(const SiteConfig& site, const bundle::Root& root,
                             store::Store* mirror) {
  GF_TRY(const auto stream, mirror->FindStream(site.name));
  const auto role = stream ? root.streams.find(stream->uuid) : root.streams.end();
  if (role == root.streams.end()) {
    return Error::Make(Kind::kNotReady, "site {} has no stream in the root of trust yet", site.name)
        .Hint("`gapferry-export init --site {}` gives it one", site.name);
  }
  GF_TRY(const std::vector<store::LedgerRow> ledger, mirror->Ledger(stream->uuid));
  Numbering next{*stream, role->second, root.version, 1};
  for (const store::LedgerRow& row : ledger) {
    if (row.epoch == stream->epoch) next.seq = static_cast<std::uint64_t>(row.seq) + 1;
  }
  return next;
}

bundle::Manifest Describe(const SiteConfig& site, const Numbering& next, const Crossing& crossing,
                          bundle::Payload payload) {
  bundle::Manifest manifest;
  manifest.stream = site.name;
  manifest.stream_uuid = next.stream.uuid;
  manifest.epoch = static_cast<std::uint64_t>(next.stream.epoch);
  manifest.seq = next.seq;
  manifest.kind = bundle::BundleKind::kFull;
  manifest.state_digest = crossing.payload.state_digest;
  manifest.created = Now();
  manifest.expires = manifest.created + site.days_valid * kSecondsPerDay;
  manifest.next_due = manifest.created + site.days_between * kSecondsPerDay;
  manifest.tlp_ceiling = std::string(intel::TlpName(site.cross.clearance));
  manifest.root_version = next.root_version;
  manifest.producer = fmt::format("gapferry {}", kVersion);
  manifest.counts = crossing.payload.counts;
  manifest.payload = std::move(payload);
  if (!site.recipients.empty() && !site.show_counts) bundle::HideContent(&manifest);
  return manifest;
}

// The number is spent before the signature exists: a crash may leave a gap, never two contents
// under one number.
Status SpendNumber(store::Store* mirror, const bundle::Manifest& manifest,
                   const std::string& bytes) {
  store::LedgerRow row;
  row.epoch = static_cast<std::int64_t>(manifest.epoch);
  row.seq = static_cast<std::int64_t>(manifest.seq);
  row.kind = std::string(bundle::KindName(manifest.kind));
  row.state_digest = manifest.state_digest;
  row.manifest_digest = Hash512(AsBytes(bytes));
  row.created = manifest.created;
  row.expires = manifest.expires;
  GF_CHECK(mirror->Begin());
  GF_CHECK(mirror->AppendLedger(manifest.stream_uuid, row));
  return mirror->Commit();
}

// Every medium can set up a site: the first root lies beside the bundles, believed only by its
// fingerprint.
Status PutFirstRoot(const std::filesystem::path& folder, const bundle::SignedDocument& root) {
  const std::filesystem::path file = folder / bundle::RootFileName(1);
  auto there = ReadFile(file, bundle::kMaxRootBytes);
  if (there.ok() && *there == root.bytes) return Ok();
  GF_CHECK(WriteFileAtomically(file.string() + ".minisig", root.signatures.front()));
  return WriteFileAtomically(file, root.bytes);
}

Json HeldBackJson(const Crossing& crossing) {
  Json kinds = Json::object();
  for (const auto& [kind, reasons] : crossing.held_back) {
    Json& list = kinds[kind] = Json::array();
    for (const auto& [key, count] : reasons.map()) {
      list.push_back(
          {{"reason", policy::ReasonCode(key.reason)}, {"detail", key.detail}, {"count", count}});
    }
  }
  return kinds;
}

void Show(Session& session, const SiteConfig& site, const bundle::Manifest& manifest,
          const Crossing& crossing, const bundle::WrittenVolume& volume) {
  Console& console = session.console;
  console.Emit("bundle", {{"site", site.name},
                          {"path", volume.path.string()},
                          {"epoch", manifest.epoch},
                          {"seq", manifest.seq},
                          {"kind", bundle::KindName(manifest.kind)},
                          {"bytes", volume.size},
                          {"blake2b", HexEncode(volume.digest)},
                          {"state_digest", HexEncode(manifest.state_digest)},
                          {"created", FormatTime(manifest.created)},
                          {"expires", FormatTime(manifest.expires)},
                          {"recipients", manifest.payload->recipients},
                          {"rows", crossing.payload.counts.kind},
                          {"held_back", HeldBackJson(crossing)}});
  const auto& counts = crossing.payload.counts.kind;
  const auto rows = counts.find("attribute");
  console.Say(fmt::format("{}  bundle {} written and read back: {}", site.name, manifest.seq,
                          volume.path.string()));
  console.Say(fmt::format("  {} attributes, {}, TLP up to {}, valid until {}",
                          Grouped(rows == counts.end() ? 0 : rows->second), HumanBytes(volume.size),
                          manifest.tlp_ceiling, FormatDate(manifest.expires)));
  if (!site.recipients.empty())
    console.Say(fmt::format("  encrypted, recipients: {}", site.recipients.size()));
  for (const auto& [kind, reasons] : crossing.held_back) {
    for (const auto& [key, count] : reasons.map()) {
      console.Say(fmt::format("  held back: {} {} rows: {}{}", Grouped(count), kind,
                              policy::ReasonCode(key.reason),
                              key.detail.empty() ? "" : " (" + Printable(key.detail) + ")"));
    }
  }
}

// Removes a work file whatever happens.
class WorkFile {
 public:
  explicit WorkFile(std::filesystem::path path) : path_(std::move(path)) { Remove(); }
  ~WorkFile() { Remove(); }
  WorkFile(const WorkFile&) = delete;
  WorkFile& operator=(const WorkFile&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  void Remove() const { ::unlink(path_.c_str()); }
  std::filesystem::path path_;
};

}  // namespace

Status WriteBundle(Session& session, const Home& home, const SiteConfig& site,
                   const std::filesystem::path& to) {
  GF_TRY(const std::vector<bundle::SignedDocument> roots, home.LoadRoots());
  GF_TRY(const bundle::Root root, bundle::ParseRoot(roots.back().bytes));
  GF_TRY(const bundle::SecretKey key, LoadKey(home.content_key_file()));
  GF_TRY(store::Store mirror, home.OpenMirror());
  GF_TRY(const Numbering next, NextNumber(site, root, &mirror));
  if (static_cast<std::uint64_t>(site.days_valid) > next.role.max_life_days) {
    return Error::Make(Kind::kConfig, "site {} asks for bundles valid {} days; its root allows {}",
                       site.name, site.days_valid, next.role.max_life_days);
  }
  if (!next.role.content.keys.contains(key.public_key().id)) {
    return Error::Make(Kind::kUnknownSigner,
                       "the root lets {} sign for {}, but not the key {} in {}",
                       fmt::join(
                           [&] {
                             std::vector<std::string> ids;
                             for (const bundle::KeyId& id : next.role.content.keys)
                               ids.push_back(id.ToString());
                             return ids;
                           }(),
                           ", "),
                       site.name, key.public_key().id.ToString(), home.content_key_file().string());
  }
  GF_CHECK(MakeFolder(home.work(), 0700));
  GF_CHECK(MakeFolder(to));

  const WorkFile plain(home.work() / "payload.db");
  const transfer::PayloadMeta meta{next.stream.uuid, next.stream.epoch,
                                   static_cast<std::int64_t>(next.seq), next.stream.digest_key};
  GF_TRY(transfer::PayloadWriter writer, transfer::PayloadWriter::Create(plain.path(), meta));
  GF_TRY(const auto counts, mirror.CountRows());
  std::uint64_t total = 0;
  for (const auto& [kind, count] : counts)
    total += count;
  Crossing crossing;
  {
    Progress progress(session.console, "selecting", "rows", total);
    GF_TRY(crossing, Cross(&mirror, site, std::move(writer),
                           [&](std::uint64_t rows) { progress.Advance(rows); }));
  }
  GF_TRY(const Fd stored, UnnamedFile(home.work()));
  bundle::Payload payload;
  {
    Progress progress(session.console, "packing", "bytes",
                      std::filesystem::file_size(plain.path()));
    GF_TRY(payload, transfer::Pack(plain.path(), stored.get(), site.recipients,
                                   [&](std::uint64_t bytes) { progress.Advance(bytes); }));
  }
  const bundle::Manifest manifest = Describe(site, next, crossing, std::move(payload));
  bundle::VolumeHead head;
  head.manifest.bytes = bundle::SerializeManifest(manifest);
  GF_CHECK(SpendNumber(&mirror, manifest, head.manifest.bytes));
  GF_TRY(
      const bundle::SignatureFile signature,
      bundle::Sign(key, Hash512(AsBytes(head.manifest.bytes)), bundle::TrustedComment(manifest)));
  head.manifest.signatures.push_back(signature.Serialize());
  head.roots.assign(roots.begin() + 1, roots.end());
  Progress progress(session.console, "writing", "bytes", 2 * manifest.payload->stored_size);
  GF_TRY(const bundle::WrittenVolume volume,
         bundle::WriteVolume(to, head, stored.get(),
                             [&](std::uint64_t bytes) { progress.Advance(bytes); }));
  GF_CHECK(PutFirstRoot(to, roots.front()));
  Show(session, site, manifest, crossing, volume);
  return Ok();
}

Command BundleCommand() {
  return {
      "bundle", "write the next signed bundle for a site",
      "Takes what the mirror holds, applies the site's policy, and writes one full bundle, signed "
      "with the content "
      "key, into DIR. The file gets its name only after it was read back from the medium. Nothing "
      "is collected.",
      [](Arguments& arguments) {
        auto options = std::make_shared<Options>();
        arguments.Option("--site", &options->site, "the site that the bundle is for");
        arguments.Option("--to", &options->to, "folder to write into, such as a mounted medium");
        return [options](Session& session) -> Status {
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
          return WriteBundle(session, home, site, to);
        };
      }};
}

}  // namespace gapferry::exporter
