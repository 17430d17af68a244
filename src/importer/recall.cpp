#include "importer/recall.h"

#include <unistd.h>

#include "importer/audit.h"
#include "importer/next_store.h"

namespace gapferry::importer {
namespace {

Result<std::size_t> RemoveStates(const Home& home, const bundle::StreamTrust& trust) {
  RemoveHalfKept(home);
  GF_TRY(const std::vector<KeptState> states, KeptStates(home));
  std::size_t removed = 0;
  for (const KeptState& state : states) {
    if (!bundle::IsRecalled(trust, {state.epoch, state.seq, {}})) continue;
    if (::unlink(state.path.c_str()) != 0)
      return SystemError("cannot remove " + state.path.string(), errno);
    ++removed;
  }
  if (removed > 0) GF_CHECK(SyncFolder(home.states()));
  return removed;
}

}  // namespace

Status HeedRecall(Session& session, const Home& home, const bundle::StreamTrust& trust,
                  bool is_news) {
  if (!trust.recalled) return Ok();
  GF_TRY(const std::size_t removed, RemoveStates(home, trust));
  if (removed == 0 && !is_news) return Ok();
  const bundle::StateNumber& recalled = *trust.recalled;
  const Json detail = {
      {"epoch", recalled.epoch}, {"seq", recalled.seq}, {"kept_states_removed", removed}};
  session.console.Emit("recall", detail);
  session.console.Warn(fmt::format(
      "what was recalled should never have crossed: {}. Kept states removed: {}. Destroy media and "
      "backups of that time as well; the administrator's guide says what else may hold it",
      bundle::RecalledText(recalled), removed));
  return AppendAudit(home.audit_file(), "recall", detail);
}

}  // namespace gapferry::importer
