#include "importer/import_record.h"

#include <fstream>

#include "base/console.h"
#include "base/hash.h"
#include "bundle/root_text.h"

namespace gapferry::importer {

namespace {

std::string FingerprintOf(const bundle::Root& root) {
  return bundle::Fingerprint(bundle::SerializeRoot(root)).ToString();
}

bool HasLine(const std::filesystem::path& log, const std::string& hash) {
  std::ifstream lines(log);
  std::string line;
  while (std::getline(lines, line)) {
    if (HexEncode(Hash256(AsBytes(line))) == hash) return true;
  }
  return false;
}

}  // namespace

Json RootChangeJson(const bundle::Root& before, const bundle::Root& now) {
  return {{"from", before.version},
          {"to", now.version},
          {"fingerprint", FingerprintOf(now)},
          {"changes", bundle::RootChanges(before, now)}};
}

void SayRootChange(Console& console, const bundle::Root& before, const bundle::Root& now) {
  console.Say(fmt::format("ROOT {} → {}   fingerprint {}", before.version, now.version,
                          FingerprintOf(now)));
  for (const std::string& line : bundle::RootChanges(before, now))
    console.Say("changes      " + line);
}

// Before the store names a newer entry: else the next import would hide that a log is gone.
Status ImportRecord::SayWhatIsLost(store::Store* store) const {
  GF_TRY(const AuditAnchor anchor, LoadAuditAnchor(store));
  if (anchor.entries == 0 || HasLine(log_, anchor.hash)) return Ok();
  GF_TRY(const AuditHead head,
         Audit(log_, kAuditGap, {{"newest_was", anchor.entries}, {"hash", anchor.hash}}));
  return SaveAuditAnchor(store, head);
}

// An import that ended between taking its state over and saying so, or before.
Status ImportRecord::Settle(const std::optional<Applied>& applied, store::Store* store) const {
  GF_CHECK(SayWhatIsLost(store));
  GF_TRY(const AuditHead head, ReadAuditHead(log_));
  if (head.entries == 0 || head.last["event"] != "import.begin") return Ok();
  const Json& detail = head.last["detail"];
  const bool is_there = applied && detail["epoch"] == applied->manifest.epoch &&
                        detail["seq"] == applied->manifest.seq;
  return Put(is_there ? "import.done" : "import.interrupted",
             {{"epoch", detail["epoch"]}, {"seq", detail["seq"]}, {"found_at_next_start", true}});
}
Result<AuditHead> ImportRecord::Begin(const Opened& opened, const std::string& exception) const {
  const bundle::Manifest& manifest = opened.verified.manifest();
  Json signers = Json::array();
  for (const bundle::KeyId& id : opened.verified.signers())
    signers.push_back(id.ToString());
  return Audit(log_, "import.begin",
               {{"stream", manifest.stream},
                {"epoch", manifest.epoch},
                {"seq", manifest.seq},
                {"kind", bundle::KindName(manifest.kind)},
                {"manifest", HexEncode(Hash512(AsBytes(opened.reader.manifest().bytes)))},
                {"signers", signers},
                {"root_version", opened.verified.root_version()},
                {"exception", exception}});
}
Result<AuditHead> ImportRecord::Done(const bundle::Manifest& manifest) const {
  return Audit(log_, "import.done",
               {{"epoch", manifest.epoch},
                {"seq", manifest.seq},
                {"state_digest", HexEncode(manifest.state_digest)}});
}
Status ImportRecord::Refused(const std::string& path, const Error& error) const {
  return Put("import.refused",
             {{"path", Printable(path)}, {"kind", Info(error.kind).name}, {"why", error.what}});
}
Status ImportRecord::NewRoot(const bundle::Root& before, const bundle::Root& now) const {
  return Put("root.accepted", RootChangeJson(before, now));
}
Status ImportRecord::Put(std::string_view event, const Json& detail) const {
  return AppendAudit(log_, event, detail);
}

Status ImportRecord::StillCurrent(const bundle::Manifest& manifest) const {
  return Put("heartbeat", {{"epoch", manifest.epoch},
                           {"seq", manifest.seq},
                           {"created", FormatTime(manifest.created)}});
}

}  // namespace gapferry::importer
