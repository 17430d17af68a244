#include <unistd.h>

#include <algorithm>

#include "base/version.h"
#include "bundle/medium_report.h"
#include "bundle/medium_writer.h"
#include "exporter/commands.h"
#include "exporter/crossing.h"
#include "exporter/keys.h"
#include "exporter/next_root.h"

namespace gapferry::exporter {
namespace {

struct Options {
  std::string site;
  MediumOptions medium;
  std::string passphrase_file;
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

// Before the number is spent: the manifest's own size is known, those of its signatures nearly.
Status CheckRoomFor(const SiteConfig& site, const bundle::Manifest& manifest,
                    const bundle::VolumeHead& unsigned_head, std::size_t signatures) {
  constexpr std::uint64_t kOneSignature = 1024;
  std::uint64_t bytes = unsigned_head.manifest.bytes.size() + (1 + signatures) * kOneSignature;
  for (const bundle::SignedDocument& root : unsigned_head.roots)
    bytes += root.bytes.size() + (2 + root.signatures.size()) * kOneSignature;
  GF_TRY(const auto parts, bundle::PlanVolumes(manifest, bytes, site.volume_bytes));
  return bundle::CheckRoom(site.to, manifest, parts);
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
          const Crossing& crossing, const bundle::WrittenMedium& medium) {
  Console& console = session.console;
  Json body = {{"site", site.name},
               {"path", medium.volumes.front().path.string()},
               {"epoch", manifest.epoch},
               {"seq", manifest.seq},
               {"kind", bundle::KindName(manifest.kind)},
               {"state_digest", HexEncode(manifest.state_digest)},
               {"created", FormatTime(manifest.created)},
               {"expires", FormatTime(manifest.expires)},
               {"rows", manifest.counts.kind},
               {"held_back", HeldBackJson(crossing)}};
  body.update(bundle::MediumJson(medium));
  console.Emit("bundle", body);
  const auto rows = manifest.counts.kind.find("attribute");
  console.Say(fmt::format("{}  bundle {}.{}", site.name, manifest.epoch, manifest.seq));
  bundle::ShowMedium(console, medium);
  console.Say(fmt::format("  {} attributes, TLP up to {}, valid until {}",
                          Grouped(rows == manifest.counts.kind.end() ? 0 : rows->second),
                          manifest.tlp_ceiling, FormatDate(manifest.expires)));
  for (const auto& [kind, reasons] : crossing.held_back) {
    for (const auto& [key, count] : reasons.map()) {
      console.Say(fmt::format("  held back: {} {} rows: {}{}", Grouped(count), kind,
                              policy::ReasonCode(key.reason),
                              key.detail.empty() ? "" : " (" + Printable(key.detail) + ")"));
    }
  }
}

// A bundle that needs further signers is finished elsewhere.
void NoteMissingSigners(Session& session, const bundle::WrittenMedium& medium,
                        const bundle::StreamRole& role, std::size_t signers) {
  if (signers >= role.content.threshold) return;
  session.console.Note(fmt::format(
      "signed by {} of the {} keys that {} demands; `{} sign {} --key KEY` adds one", signers,
      role.content.threshold, role.name, session.program, medium.volumes.front().path.string()));
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

Status WriteBundle(Session& session, const Home& home, const SiteConfig& site, bool replace,
                   const std::string& passphrase_file) {
  GF_TRY(const std::vector<bundle::SignedDocument> roots, home.LoadRoots());
  GF_TRY(const bundle::Root root, bundle::ParseRoot(roots.back().bytes));
  GF_TRY(store::Store mirror, home.OpenMirror());
  GF_TRY(const Numbering next, NextNumber(site, root, &mirror));
  if (static_cast<std::uint64_t>(site.days_valid) > next.role.max_life_days) {
    return Error::Make(Kind::kConfig, "site {} asks for bundles valid {} days; its root allows {}",
                       site.name, site.days_valid, next.role.max_life_days);
  }
  GF_CHECK(CheckEpoch(&mirror, next.stream, next.role));
  GF_TRY(const std::vector<bundle::SecretKey> keys,
         LoadContentKeys(home, next.role, passphrase_file));
  GF_CHECK(MakeFolder(home.work(), 0700));

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
    GF_TRY(payload, transfer::Pack(plain.path(), stored.get(),
                                   [&](std::uint64_t bytes) { progress.Advance(bytes); }));
  }
  const bundle::Manifest manifest = Describe(site, next, crossing, std::move(payload));
  bundle::VolumeHead head;
  head.manifest.bytes = bundle::SerializeManifest(manifest);
  // An old chain is cut at its beginning: sites that are further behind take the roots by hand.
  const std::size_t first =
      std::max<std::size_t>(1, roots.size() - std::min(roots.size(), bundle::kMaxRootsInVolume));
  head.roots.assign(roots.begin() + static_cast<std::ptrdiff_t>(first), roots.end());
  GF_CHECK(CheckRoomFor(site, manifest, head, keys.size()));
  GF_CHECK(SpendNumber(&mirror, manifest, head.manifest.bytes));
  for (const bundle::SecretKey& key : keys) {
    GF_TRY(
        const bundle::SignatureFile signature,
        bundle::Sign(key, Hash512(AsBytes(head.manifest.bytes)), bundle::TrustedComment(manifest)));
    head.manifest.signatures.push_back(signature.Serialize());
  }
  GF_TRY(bundle::MemberList members, bundle::HeadMembers(head));
  GF_TRY(std::vector<bundle::VolumePart> parts,
         bundle::PlanVolumes(manifest, bundle::StoredBytesOf(members), site.volume_bytes));
  const bundle::MediumContent content{
      manifest,         std::move(members),
      std::move(parts), bundle::ChunksOfFile(stored.get(), *manifest.payload),
      roots.front(),    {{root.version, roots.back()}}};
  Progress progress(session.console, "writing", "bytes", 2 * manifest.payload->stored_size);
  GF_TRY(const bundle::WrittenMedium medium,
         bundle::WriteMedium(site.to, content, replace,
                             [&](std::uint64_t bytes) { progress.Advance(bytes); }));
  Show(session, site, manifest, crossing, medium);
  NoteMissingSigners(session, medium, next.role, keys.size());
  return Ok();
}

Command BundleCommand() {
  return {
      "bundle", "write the next signed bundle for a site",
      "Takes what the mirror holds, applies the site's policy, and writes one full bundle, signed "
      "with the content "
      "key, into DIR. The files get their names only after all were read back from the medium. "
      "Nothing is collected.",
      [](Arguments& arguments) {
        auto options = std::make_shared<Options>();
        arguments.Option("--site", &options->site, "the site that the bundle is for");
        DeclareMedium(arguments, &options->medium,
                      "folder to write into, such as a mounted medium");
        arguments.Option("--passphrase-file", &options->passphrase_file,
                         "file with the passphrase of the content key, if it has one");
        return [options](Session& session) -> Status {
          GF_TRY(const Home home, Home::Open(session));
          GF_TRY(const Config config, home.LoadConfig());
          if (options->site.empty() && config.sites.size() != 1) {
            return Error::Make(Kind::kUsage, "which of {} sites? name one with --site",
                               config.sites.size());
          }
          GF_TRY(SiteConfig site, FindSite(config, options->site.empty() ? config.sites.front().name
                                                                         : options->site));
          if (!options->medium.to.empty()) site.to = options->medium.to;
          GF_CHECK(ApplyMedium(options->medium, &site));
          GF_TRY(const Fd lock, home.Lock());
          return WriteBundle(session, home, site, options->medium.replace,
                             options->passphrase_file);
        };
      }};
}

}  // namespace gapferry::exporter
