#include "importer/import_report.h"

namespace gapferry::importer {

std::string NumberText(const bundle::Manifest& manifest) {
  return fmt::format("{}.{}", manifest.epoch, manifest.seq);
}

void ShowImport(Session& session, const Opened& opened, const bundle::JudgedClock& clock,
                const std::optional<Applied>& before, const Received& received,
                const AuditHead& audit) {
  Console& console = session.console;
  Described described = Describe(opened, clock);
  described.json["previous_seq"] = before ? Json(before->manifest.seq) : Json(nullptr);
  described.json["sandbox"] = received.sandbox;
  described.json["rows_before"] = received.before;
  described.json["rows_after"] = received.after;
  Json refused = Json::object();
  for (const auto& [kind, reasons] : received.refused) {
    for (const auto& [key, count] : reasons.map()) {
      refused[kind].push_back(
          {{"reason", policy::ReasonCode(key.reason)}, {"detail", key.detail}, {"count", count}});
    }
  }
  described.json["refused"] = refused;
  described.json["rows_received"] = received.rows;
  described.json["tombstones_received"] = received.tombstones;
  described.json["audit"] = {{"entries", audit.entries}, {"head", audit.hash}};
  console.Emit("import", described.json);

  // A delta adds its changes to the digest of what was there: only `fsck` reads all rows again.
  console.Say(opened.verified.manifest().kind == bundle::BundleKind::kDelta
                  ? "IMPORTED   the changes lead to the signed state; `fsck` reads every row of it"
                  : "IMPORTED   the state is the signed one, to the last row");
  for (const std::string& line : described.lines)
    console.Say(line);
  console.Say(
      before ? fmt::format("number     {} → {}", NumberText(before->manifest),
                           NumberText(opened.verified.manifest()))
             : fmt::format("number     first import: {}", NumberText(opened.verified.manifest())));
  if (opened.verified.manifest().kind == bundle::BundleKind::kDelta) {
    console.Say(fmt::format("delta      {} rows and {} tombstones came", Grouped(received.rows),
                            Grouped(received.tombstones)));
  }
  console.Say(fmt::format("sandbox    {}", received.sandbox));
  console.Say(fmt::format("audit      {}", audit.ToString()));
  for (const auto& [kind, after] : received.after) {
    const auto found = received.before.find(kind);
    const std::uint64_t was = found == received.before.end() ? 0 : found->second;
    if (was != 0 || after != 0) {
      console.Say(fmt::format("{:<17} {:>12} → {}", kind, Grouped(was), Grouped(after)));
    }
  }
  for (const auto& [kind, reasons] : received.refused) {
    for (const auto& [key, count] : reasons.map()) {
      console.Say(fmt::format("refused    {:>12}  {} rows: {}{}", Grouped(count), kind,
                              policy::ReasonCode(key.reason),
                              key.detail.empty() ? "" : " (" + Printable(key.detail) + ")"));
    }
  }
}

void SayAlreadyThere(Session& session, const bundle::Manifest& manifest) {
  session.console.Emit(
      "import", {{"already_imported", true}, {"stream", manifest.stream}, {"seq", manifest.seq}});
  session.console.Say(
      fmt::format("ALREADY IMPORTED   {} number {}.{} is what is here; nothing to do",
                  manifest.stream, manifest.epoch, manifest.seq));
}

}  // namespace gapferry::importer
