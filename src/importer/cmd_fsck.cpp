#include "importer/audit.h"
#include "importer/check_store.h"
#include "importer/commands.h"
#include "importer/next_store.h"

namespace gapferry::importer {
namespace {

void Show(Session& session, const std::string& name, const Checked& checked) {
  const std::string number = checked.applied ? fmt::format("{}.{}", checked.applied->manifest.epoch,
                                                           checked.applied->manifest.seq)
                                             : std::string("nothing imported");
  session.console.Emit(
      "fsck",
      {{"store", name}, {"number", number}, {"rows", checked.rows}, {"refused", checked.refused}});
  session.console.Say(fmt::format("INTACT     {}: {}, {} rows and {} refused ones", name, number,
                                  Grouped(checked.rows), Grouped(checked.refused)));
}

// A state that is only kept is worth less than the store.
Error Advised(Error error, bool is_store) {
  if (is_store) {
    return std::move(error).Hint(
        "the store was changed after it was imported, or its disk is failing: go back with "
        "`gapferry-import rollback --reason TEXT`, or import a full bundle");
  }
  return std::move(error).Hint(
      "only `rollback` to this state needs the file: the store is judged by itself. Find out what "
      "changed it, then remove it; `rollback --to NUMBER` takes another state");
}

Status Check(Session& session) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const Fd lock, home.Lock());
  std::vector<std::filesystem::path> stores = {home.store_file()};
  GF_TRY(const std::vector<KeptState> kept, KeptStates(home));
  for (const KeptState& state : kept)
    stores.push_back(state.path);
  AuditAnchor anchor;
  Status worst = Ok();
  for (const std::filesystem::path& path : stores) {
    auto checked = [&]() -> Result<Checked> {
      GF_TRY(store::Store store, store::Store::OpenReadOnly(path));
      if (path == home.store_file()) {
        GF_TRY(anchor, LoadAuditAnchor(&store));
      }
      return CheckStore(&store);
    }();
    if (checked.ok()) {
      Show(session, path.filename().string(), *checked);
      continue;
    }
    if (!worst.ok()) session.console.Report(worst.error());
    worst = Advised(std::move(checked).error().In(path.string()), path == home.store_file());
  }
  auto audit = VerifyAudit(home.audit_file(), anchor);
  if (audit.ok()) {
    session.console.Say("INTACT     audit log: " + audit->ToString());
    return worst;
  }
  if (!worst.ok()) session.console.Report(worst.error());
  return std::move(audit).error();
}

}  // namespace

Command FsckCommand() {
  return {
      "fsck", "check that the store is what was signed, to the last row",
      "Reads and hashes every row again, of the store and of the states kept for `rollback`, and "
      "compares the state digest with that of the signed manifest; checks the audit log. Changes "
      "nothing.",
      [](Arguments&) -> Runner { return [](Session& session) { return Check(session); }; }};
}

}  // namespace gapferry::importer
