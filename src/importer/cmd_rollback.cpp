#include <charconv>

#include "importer/audit.h"
#include "importer/check_store.h"
#include "importer/commands.h"
#include "importer/next_store.h"
#include "importer/recall.h"
#include "importer/taking.h"

namespace gapferry::importer {
namespace {

struct RollbackOptions {
  std::string to;
  std::string reason;
};

std::string Numbers(const std::vector<KeptState>& states) {
  std::string text;
  for (const KeptState& state : states)
    text += fmt::format("{}{}.{}", text.empty() ? "" : ", ", state.epoch, state.seq);
  return text;
}

bool Is(const KeptState& state, const std::optional<Applied>& applied) {
  return applied && applied->manifest.epoch == state.epoch && applied->manifest.seq == state.seq;
}

std::string HowToTakeOlder(const bundle::StreamTrust& trust) {
  std::string how = "`import --allow-rollback --reason TEXT` takes an older bundle";
  if (!trust.recalled) return how;
  return fmt::format("{}, but no option takes {}, which were recalled", how,
                     bundle::RecalledText(*trust.recalled));
}

// The newest before the present one, or the one that was named.
Result<KeptState> Choose(const std::vector<KeptState>& states,
                         const std::optional<Applied>& applied, const bundle::StreamTrust& trust,
                         const std::string& wanted) {
  for (auto state = states.rbegin(); state != states.rend(); ++state) {
    const std::string number = fmt::format("{}.{}", state->epoch, state->seq);
    const bool named = number == wanted || std::to_string(state->seq) == wanted;
    const bool earlier = applied && std::tie(state->epoch, state->seq) <
                                        std::tie(applied->manifest.epoch, applied->manifest.seq);
    if (!Is(*state, applied) && (wanted.empty() ? earlier : named)) return *state;
  }
  if (states.empty()) {
    return Error::Make(Kind::kNotReady, "no earlier state is kept here")
        .Hint("`keep_states` in import.yml says how many are; {}", HowToTakeOlder(trust));
  }
  return Error::Make(Kind::kNotFound, "{}; kept are: {}",
                     wanted.empty() ? "there is no state before the present one"
                                    : "no state " + wanted + " is kept here",
                     Numbers(states));
}

// The store stays as it is; another kept state may be whole.
Error NotUsable(Error error, const KeptState& state, std::vector<KeptState> states,
                const std::optional<Applied>& present, const bundle::StreamTrust& trust) {
  std::erase_if(states, [&](const KeptState& other) {
    return other.path == state.path || Is(other, present);
  });
  Error named = Error::Make(Kind::kDamaged, "the kept state {} cannot be used: {}",
                            state.path.string(), error.what);
  if (states.empty()) {
    return std::move(named).Hint("nothing was changed, and no other state is kept; {}",
                                 HowToTakeOlder(trust));
  }
  return std::move(named).Hint(
      "nothing was changed; also kept: {}: `rollback --to NUMBER --reason TEXT`", Numbers(states));
}

// Every row of it.
Result<Checked> CheckKept(const KeptState& state, store::Store* store) {
  GF_TRY(Checked checked, CheckStore(store));
  if (checked.applied && Is(state, checked.applied)) return checked;
  return Error::Make(Kind::kDamaged, "it does not hold the state that its name says");
}

// The state may be from a time when this site was allowed more.
Status MeetClearance(const Config& config, store::Store* store, Applied* applied) {
  if (config.clearance >= applied->clearance) return Ok();
  policy::CrossPolicy policy;
  policy.clearance = config.clearance;
  GF_CHECK(RefuseAboveClearance(store, policy));
  applied->clearance = config.clearance;
  GF_TRY(applied->rows, store->CountRows());
  return Ok();
}

Status RollBack(Session& session, const RollbackOptions& options, const Runners& runners) {
  if (options.reason.empty()) {
    return Error::Make(Kind::kUsage, "going back needs a reason")
        .Hint("add --reason \"why\"; it is written to the audit log");
  }
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(Config config, home.LoadConfig());
  GF_TRY(const Fd lock, home.Lock());
  GF_TRY(std::optional<store::Store> present, home.OpenStore());
  GF_TRY(SiteTrust trust, LoadTrust(&*present));
  GF_TRY(const std::optional<Applied> before, LoadApplied(&*present));
  // A crash may have come between an import and this.
  const bundle::StreamTrust held = trust.state.streams[trust.stream];
  GF_CHECK(HeedRecall(session, home, held, false));
  GF_TRY(const std::vector<KeptState> states, KeptStates(home));
  GF_TRY(const KeptState state, Choose(states, before, held, options.to));

  auto copied = NextStore::FromKept(home, state.path);
  if (!copied.ok()) {
    const bool damaged = copied.error().kind == Kind::kDamaged;
    if (!damaged) return std::move(copied).error();
    return NotUsable(std::move(copied).error(), state, states, before, held);
  }
  NextStore next = std::move(copied).value();
  auto checked = CheckKept(state, &next.store());
  if (!checked.ok()) return NotUsable(std::move(checked).error(), state, states, before, held);
  // The highest number ever accepted stays: what came after can be imported again, nothing older
  // can.
  trust.state.streams[trust.stream].applied = PointOf(checked->applied->manifest);
  Applied applied = *checked->applied;
  applied.exception = "rolled back: " + options.reason;
  GF_CHECK(next.store().Begin());
  GF_CHECK(MeetClearance(config, &next.store(), &applied));
  GF_CHECK(SaveTrust(&next.store(), trust));
  GF_CHECK(SaveApplied(&next.store(), applied));
  GF_CHECK(next.store().Commit());
  const std::string from =
      before ? fmt::format("{}.{}", before->manifest.epoch, before->manifest.seq) : "none";
  present.reset();
  // One more than usual, so that both ends of the way are there.
  GF_CHECK(next.Adopt(before ? std::optional(PointOf(before->manifest)) : std::nullopt,
                      config.keep_states + 1));
  GF_TRY(const AuditHead audit, Audit(home.audit_file(), "rollback",
                                      {{"from", from},
                                       {"epoch", state.epoch},
                                       {"seq", state.seq},
                                       {"reason", options.reason}}));
  session.console.Emit(
      "rollback",
      {{"from", from}, {"epoch", state.epoch}, {"seq", state.seq}, {"audit", audit.hash}});
  session.console.Say(fmt::format("ROLLED BACK   number {} → {}.{}; {} rows checked", from,
                                  state.epoch, state.seq, Grouped(checked->rows)));
  session.console.Say(fmt::format("audit      {}", audit.ToString()));
  if (config.site.destinations.empty()) return Ok();
  // Made again, not brought back: revisions of rules only rise, so that a manager of rules takes
  // the old content for what it is, the newest.
  return GenerateArtifacts(session, home, std::move(config), {.accept_change = true}, runners);
}

}  // namespace

Command RollbackCommand(Runners runners) {
  return {
      "rollback", "go back to an earlier state of the store, with its artifacts",
      "Takes the state that was kept before the last import, checks every row of it, puts it in "
      "place and makes all artifacts from it. What was newer can be imported again; what is "
      "older than the newest number ever accepted is still refused.",
      [runners = std::move(runners)](Arguments& arguments) {
        auto options = std::make_shared<RollbackOptions>();
        arguments.Option("--to", &options->to, "the number to go back to (default: the last)");
        arguments.Option("--reason", &options->reason, "why; it is written to the audit log");
        return
            [options, runners](Session& session) { return RollBack(session, *options, runners); };
      }};
}

}  // namespace gapferry::importer
