#include <algorithm>

#include "bundle/medium_report.h"
#include "bundle/medium_writer.h"
#include "bundle/number_json.h"
#include "exporter/bundle_maker.h"
#include "exporter/commands.h"
#include "exporter/keys.h"
#include "exporter/position.h"
#include "exporter/written.h"

namespace gapferry::exporter {
namespace {

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
                const bundle::WrittenMedium& medium, const Signing& signing) {
  const bundle::Manifest& manifest = made.manifest;
  Json body = {
      {"site", manifest.stream},
      {"path", medium.volumes.front().path.string()},
      {"epoch", manifest.epoch},
      {"seq", manifest.seq},
      {"kind", bundle::KindName(manifest.kind)},
      {"base_seq", manifest.base ? Json(manifest.base->seq) : Json(nullptr)},
      {"state_digest", HexEncode(manifest.state_digest)},
      {"created", FormatTime(manifest.created)},
      {"expires", FormatTime(manifest.expires)},
      {"changed", all.changed},
      {"recalled", bundle::NumberJson(manifest.recalled)},
      {"signatures", signing.keys},
      {"threshold", signing.threshold},
      {"missing", signing.missing()},
      {"recipients", manifest.payload ? Json(manifest.payload->recipients) : Json::array()},
      {"rows", all.tally.Rows().kind},
      {"held_back", HeldBackJson(all.tally)}};
  body.update(bundle::MediumJson(medium));
  session.console.Emit("bundle", body);
  const std::string from =
      manifest.base ? fmt::format(" from number {}.{} on", manifest.epoch, manifest.base->seq) : "";
  session.console.Say(fmt::format("{}  bundle {}.{}, {}{}", manifest.stream, manifest.epoch,
                                  manifest.seq, bundle::KindName(manifest.kind), from));
  bundle::ShowMedium(session.console, medium);
}

void ShowState(Session& session, const MadeBundles& all) {
  const bundle::Manifest& manifest = all.bundles.back().manifest;
  const auto kinds = all.tally.Rows().kind;
  const auto rows = kinds.find("attribute");
  Console& console = session.console;
  if (manifest.recalled) {
    console.Say("  recalls " + bundle::RecalledText(*manifest.recalled) +
                ": sites remove what they kept of them");
  }
  console.Say(fmt::format("  {} attributes, TLP up to {}, valid until {}{}",
                          Grouped(rows == kinds.end() ? 0 : rows->second), manifest.tlp_ceiling,
                          FormatDate(manifest.expires),
                          all.changed ? "" : "; nothing has changed since the number before"));
  if (manifest.payload && !manifest.payload->recipients.empty()) {
    console.Say(fmt::format("  encrypted, recipients: {}", manifest.payload->recipients.size()));
  }
  for (const auto& [kind, reasons] : all.tally.AllHeldBack()) {
    for (const auto& [key, count] : reasons.map()) {
      console.Say(fmt::format("  held back: {} {} rows: {}{}", Grouped(count), kind,
                              policy::ReasonCode(key.reason),
                              key.detail.empty() ? "" : " (" + Printable(key.detail) + ")"));
    }
  }
}

// A bundle that needs further signers is finished elsewhere; until then every site refuses it.
std::string HowToSign(const Session& session, const bundle::WrittenMedium& medium) {
  return fmt::format("`{} sign {} --key KEY` adds a signature", session.program,
                     medium.volumes.front().path.string());
}

// `older`: what stays on the medium after a recall, replaced or not.
void WarnOfRecalledOnes(Session& session, const SiteConfig& site,
                        const std::vector<std::string>& older) {
  if (older.empty()) return;
  session.console.Warn(fmt::format(
      "still on this medium, with what is recalled: {}. Do not let it cross: write onto a fresh "
      "medium, or `{} bundle --site {} --kind full --replace`, since a full needs none of them",
      fmt::join(older, ", "), session.program, site.name));
}

Error Unfinished(const Session& session, const SiteConfig& site, const Signing& signing,
                 const bundle::WrittenMedium& medium) {
  return Error::Make(Kind::kPartly,
                     "the bundle for {} is written, but signed by {} of the {} keys that its root "
                     "demands: no site takes it yet",
                     site.name, signing.keys.size(), signing.threshold)
      .Hint("{}", HowToSign(session, medium));
}

// Before the number is spent: the manifests' own sizes are known, their signatures' nearly.
Status CheckRoomFor(const SiteConfig& site, const MadeBundles& made,
                    const std::vector<bundle::SignedDocument>& roots, std::size_t signatures) {
  constexpr std::uint64_t kOneSignature = 1024;
  std::vector<bundle::VolumePart> all;
  std::vector<bundle::VolumePart> first;
  for (const MadeBundle& one : made.bundles) {
    std::uint64_t bytes = one.manifest_bytes.size() + (1 + signatures) * kOneSignature;
    for (const bundle::SignedDocument& root : roots)
      bytes += root.bytes.size() + (2 + root.signatures.size()) * kOneSignature;
    GF_TRY(const auto parts, bundle::PlanVolumes(one.manifest, bytes, site.volume_bytes));
    if (all.empty()) first = parts;
    all.insert(all.end(), parts.begin(), parts.end());
  }
  Status room = bundle::CheckRoom(site.to, made.bundles.back().manifest, all);
  if (room.ok() || room.error().kind != Kind::kNoSpace || made.bundles.size() < 2) return room;
  const bundle::Manifest& delta = made.bundles.front().manifest;
  if (!bundle::CheckRoom(site.to, delta, first).ok()) return room;
  return std::move(room).error().Hint("`--kind delta` leaves the full out: {} alone fits",
                                      HumanBytes(delta.payload ? delta.payload->stored_size : 0));
}

Result<bundle::WrittenMedium> SignAndWrite(Session& session, const SiteConfig& site,
                                           const MadeBundle& made,
                                           const std::vector<bundle::SignedDocument>& roots,
                                           const std::vector<bundle::SecretKey>& keys, bool replace,
                                           bool more_follows) {
  bundle::VolumeHead head;
  head.manifest.bytes = made.manifest_bytes;
  for (const bundle::SecretKey& key : keys) {
    GF_TRY(const bundle::SignatureFile signature,
           bundle::Sign(key, Hash512(AsBytes(made.manifest_bytes)),
                        bundle::TrustedComment(made.manifest)));
    head.manifest.signatures.push_back(signature.Serialize());
  }
  // An old chain is cut at its beginning: sites that are further behind take the roots by hand.
  const std::size_t first =
      std::max<std::size_t>(1, roots.size() - std::min(roots.size(), bundle::kMaxRootsInVolume));
  head.roots.assign(roots.begin() + static_cast<std::ptrdiff_t>(first), roots.end());
  GF_TRY(bundle::MemberList members, bundle::HeadMembers(head));
  GF_TRY(std::vector<bundle::VolumePart> parts,
         bundle::PlanVolumes(made.manifest, bundle::StoredBytesOf(members), site.volume_bytes));
  const std::optional<bundle::Payload>& payload = made.manifest.payload;
  const bundle::MediumContent content{
      made.manifest,
      std::move(members),
      std::move(parts),
      payload ? bundle::ChunksOfFile(made.stored.get(), *payload) : bundle::ChunkSource(),
      roots.front(),
      {{roots.size(), roots.back()}},
      more_follows};
  Progress progress(session.console, "writing", "bytes", payload ? 2 * payload->stored_size : 0);
  return bundle::WriteMedium(site.to, content, replace,
                             [&](std::uint64_t bytes) { progress.Advance(bytes); });
}

}  // namespace

Result<WrittenBundles> WriteBundle(Session& session, const Home& home, const SiteConfig& site,
                                   const BundleRequest& request) {
  GF_TRY(const std::vector<bundle::SignedDocument> roots, home.LoadRoots());
  GF_TRY(const bundle::Root root, bundle::ParseRoot(roots.back().bytes));
  GF_TRY(store::Store mirror, home.OpenMirror());
  GF_TRY(const bundle::StreamRole role, FindRole(site, root, &mirror));
  GF_TRY(const std::vector<bundle::SecretKey> keys,
         LoadContentKeys(home, role, request.passphrase_file));
  const auto room = [&](const MadeBundles& made) {
    return CheckRoomFor(site, made, roots, keys.size());
  };
  GF_TRY(const MadeBundles made, MakeBundles(session, home, site, root, request, room, &mirror));
  Signing signing{{}, role.content.threshold};
  for (const bundle::SecretKey& key : keys)
    signing.keys.push_back(key.public_key().id.ToString());
  WrittenBundles written;
  std::vector<std::string> older;
  for (const MadeBundle& one : made.bundles) {
    const bool more_follows = &one != &made.bundles.back();
    written.epoch = one.manifest.epoch;
    written.seq = one.manifest.seq;
    auto medium = SignAndWrite(session, site, one, roots, keys, request.replace, more_follows);
    if (!medium.ok()) {
      return std::move(medium).error().Hint(
          "number {}.{} is spent and counts as never written: `{} bundle --site {}` writes the "
          "next one",
          written.epoch, written.seq, session.program, site.name);
    }
    ShowBundle(session, one, made, *medium, signing);
    older = medium->older;
    if (signing.missing() > 0) {
      written.unfinished =
          written.unfinished
              ? std::move(*written.unfinished).Hint("{}", HowToSign(session, *medium))
              : Unfinished(session, site, signing, *medium);
    }
    written.kinds.emplace_back(bundle::KindName(one.manifest.kind));
  }
  const bundle::Manifest& last = made.bundles.back().manifest;
  GF_CHECK(MarkWritten(&mirror, last.stream_uuid,
                       {static_cast<std::int64_t>(last.epoch), static_cast<std::int64_t>(last.seq),
                        last.created, made.rebase, std::move(signing)}));
  ShowState(session, made);
  if (request.recall) WarnOfRecalledOnes(session, site, older);
  if (request.recall && last.recalled && !made.changed) {
    session.console.Warn(fmt::format(
        "nothing has changed since the number before: if what is recalled was still in it, it has "
        "crossed again. Take it out at its source or in export.yml, `{} collect`, and repeat",
        session.program));
  }
  return written;
}

Status WriteBundles(Session& session, const Home& home, const std::vector<SiteConfig>& sites,
                    const BundleRequest& request, std::vector<SiteOutcome>* outcomes) {
  {
    GF_TRY(store::Store mirror, home.OpenMirror());
    GF_CHECK(NoteForgottenSources(session, request.sources, &mirror));
  }
  std::vector<Error> errors;
  std::size_t failed = 0;
  Kind cause = Kind::kPartly;
  for (const SiteConfig& site : sites) {
    auto written = WriteBundle(session, home, site, request);
    if (!written.ok()) {
      outcomes->push_back({site.name, std::nullopt});
      if (failed == 0) cause = written.error().kind;
      errors.push_back(std::move(written).error().In("site " + site.name));
      ++failed;
      continue;
    }
    if (written->unfinished) errors.push_back(*written->unfinished);
    outcomes->push_back({site.name, std::move(written).value()});
  }
  if (sites.size() < 2) return errors.empty() ? Ok() : Status(std::move(errors.front()));
  if (errors.empty()) return Ok();
  for (const Error& error : errors)
    session.console.Report(error);
  if (failed == 0) {
    return Error::Make(Kind::kPartly, "the bundles of {} of {} sites need further signatures",
                       errors.size(), sites.size());
  }
  // A medium that is not mounted must raise the same alarm beside other sites as alone.
  return Error::Make(cause, "{} of {} sites got no bundle", failed, sites.size())
      .Hint("mend what the errors above say, then `{} bundle --site NAME`", session.program);
}

std::string OutcomesText(const std::vector<SiteOutcome>& outcomes) {
  std::vector<std::string> parts;
  for (const SiteOutcome& outcome : outcomes) {
    const std::optional<WrittenBundles>& written = outcome.written;
    if (!written) {
      parts.push_back(outcome.site + " FAILED");
      continue;
    }
    parts.push_back(fmt::format("{} {}.{} {}{}", outcome.site, written->epoch, written->seq,
                                fmt::join(written->kinds, "+"),
                                written->unfinished ? " UNFINISHED" : ""));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

Result<std::optional<Time>> NextDue(const Home& home, const SiteConfig& site) {
  GF_TRY(store::Store mirror, home.OpenMirror());
  GF_TRY(const auto stream, mirror.FindStream(site.name));
  if (!stream) return std::optional<Time>();  // WriteBundle says what is missing
  GF_TRY(const std::vector<store::LedgerRow> ledger, mirror.Ledger(stream->uuid));
  GF_TRY(const auto last, LastWritten(&mirror, stream->uuid, ledger));
  if (!last) return std::optional<Time>();
  return std::optional(last->created + site.days_between * kSecondsPerDay);
}

}  // namespace gapferry::exporter
