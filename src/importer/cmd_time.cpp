#include "base/version.h"
#include "importer/audit.h"
#include "importer/commands.h"
#include "importer/trust_warnings.h"

namespace gapferry::importer {
namespace {

void Say(Session& session, const SiteTrust& trust, const std::optional<Applied>& applied) {
  const Time reading = Now();
  const bundle::JudgedClock clock =
      bundle::JudgeClock(bundle::Clock{reading, false}, trust.state.floor);
  Console& console = session.console;
  console.Emit("time", {{"clock", FormatTime(reading)},
                        {"verdict", bundle::ClockVerdictName(clock.verdict)},
                        {"floor", FormatTime(trust.state.floor)},
                        {"used", FormatTime(clock.now)},
                        {"applied_created",
                         applied ? Json(FormatTime(applied->manifest.created)) : Json(nullptr)}});
  console.Say(fmt::format("clock    {} ({})", FormatTime(reading),
                          bundle::ClockVerdictName(clock.verdict)));
  console.Say(
      fmt::format("floor    {}: no earlier time is believed", FormatTime(trust.state.floor)));
  console.Say(fmt::format("used     {}: bundles are judged by it", FormatTime(clock.now)));
  for (const TrustWarning& warning : TrustWarnings(trust, applied, reading))
    console.Say("WARNING  " + warning.text);
}

Status ShowTime(Session& session) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(store::Store store, store::Store::OpenReadOnly(home.store_file()));
  GF_TRY(const SiteTrust trust, LoadTrust(&store));
  GF_TRY(const std::optional<Applied> applied, LoadApplied(&store));
  Say(session, trust, applied);
  return Ok();
}

// Why the floor cannot go back, and what would let it.
Error NothingToSetBack(const std::optional<Applied>& applied, Time floor) {
  if (!applied || applied->manifest.created < floor) {
    return Error::Make(Kind::kNotReady,
                       "the floor is {}, when this program was made: it cannot go "
                       "back further",
                       FormatTime(floor))
        .Hint("set the clock, if it is before that");
  }
  const bundle::Manifest& manifest = applied->manifest;
  return Error::Make(Kind::kNotReady,
                     "the floor stays at {}: bundle {}.{}, which is in use, was created then",
                     FormatTime(floor), manifest.epoch, manifest.seq)
      .Hint("if that time is right, set the clock")
      .Hint(
          "if it is wrong: `rollback` to a state before it, or set the clock and import the next "
          "bundle with --trust-clock --reason TEXT; then `time reset`")
      .Hint(
          "if the bundle was forged, call the connected side: key revoke here, a new epoch there");
}

Status Reset(Session& session, const std::string& reason) {
  if (reason.empty()) {
    return Error::Make(Kind::kUsage, "setting the time back needs a reason")
        .Hint("add --reason \"why\", such as \"clock was set to 2031 by mistake\"");
  }
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const Fd lock, home.Lock());
  GF_TRY(store::Store store, home.OpenStore());
  GF_TRY(SiteTrust trust, LoadTrust(&store));
  GF_TRY(const std::optional<Applied> applied, LoadApplied(&store));
  const Time before = trust.state.floor;
  trust.state.floor = kNotBefore;
  if (applied) trust.state.floor = std::max(trust.state.floor, applied->manifest.created);
  if (trust.state.floor >= before) return NothingToSetBack(applied, before);
  GF_CHECK(store.Begin());
  GF_CHECK(SaveTrust(&store, trust));
  GF_CHECK(store.Commit());
  GF_CHECK(AppendAudit(home.audit_file(), "time.reset",
                       {{"before", FormatTime(before)},
                        {"floor", FormatTime(trust.state.floor)},
                        {"reason", reason}}));
  session.console.Emit("time_reset", {{"before", FormatTime(before)},
                                      {"floor", FormatTime(trust.state.floor)},
                                      {"reason", reason}});
  session.console.Say(
      fmt::format("FLOOR    {} → {}", FormatTime(before), FormatTime(trust.state.floor)));
  Say(session, trust, applied);
  return Ok();
}

}  // namespace

Command TimeCommand() {
  const Command show = {
      "show", "show the clock, whether it is believed, and the time that bundles are judged by",
      "Reads only.",
      [](Arguments&) -> Runner { return [](Session& session) { return ShowTime(session); }; }};
  const Command reset = {
      "reset", "set the time floor back, after a wrong clock has moved it",
      "The floor becomes the time at which the bundle in use was made, or this program's own. Set "
      "the clock first. Old bundles that had expired may then look valid; their numbers are still "
      "refused.",
      [](Arguments& arguments) {
        auto reason = std::make_shared<std::string>();
        arguments.Option("--reason", reason.get(), "why");
        return [reason](Session& session) { return Reset(session, *reason); };
      }};
  return CommandGroup("time", "what this site takes for the time",
                      "The latest of this program's date, the newest accepted bundle's and every "
                      "plausible clock is the floor: no earlier clock is believed.",
                      {reset, show});
}

}  // namespace gapferry::importer
