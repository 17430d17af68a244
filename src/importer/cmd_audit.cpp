#include <algorithm>
#include <cstdio>
#include <fstream>

#include "importer/audit.h"
#include "importer/commands.h"

namespace gapferry::importer {
namespace {

Result<AuditAnchor> AnchorIn(const Home& home) {
  GF_TRY(store::Store store, store::Store::OpenReadOnly(home.store_file()));
  return LoadAuditAnchor(&store);
}

void ShowBreaks(Console& console, std::string_view title, const std::vector<std::string>& breaks) {
  for (std::size_t i = 0; i < std::min(breaks.size(), kMaxAuditBreaks); ++i) {
    console.Emit("audit_break", {{"what", breaks[i]}});
    console.Say(fmt::format("{:<14} {}", title, breaks[i]));
  }
  if (breaks.size() > kMaxAuditBreaks)
    console.Say(fmt::format("{:<14} and {} more", title, breaks.size() - kMaxAuditBreaks));
}

Status Verify(Session& session) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const AuditAnchor anchor, AnchorIn(home));
  std::vector<std::string> breaks;
  auto verified = VerifyAudit(home.audit_file(), anchor, &breaks);
  if (!verified.ok()) {
    ShowBreaks(session.console, "BREAK", breaks);
    return std::move(verified).error();
  }
  const AuditHead head = *std::move(verified);
  session.console.Emit(
      "audit", {{"entries", head.entries}, {"head", head.hash}, {"acknowledged", head.accepted}});
  session.console.Say(head.entries == 0 ? std::string("the audit log is empty")
                                        : "INTACT     " + head.ToString());
  if (head.accepted > 0) {
    session.console.Say(fmt::format(
        "           apart from {} breaks that were acknowledged: `{} audit show` has the reasons",
        head.accepted, session.program));
  }
  return Ok();
}

Status Acknowledge(Session& session, const std::string& reason) {
  if (reason.empty()) {
    return Error::Make(Kind::kUsage, "to acknowledge a break needs a reason")
        .Hint("add --reason \"what was found\"; it is written to the audit log");
  }
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const Fd lock, home.Lock());
  GF_TRY(const AuditAnchor anchor, AnchorIn(home));
  std::vector<std::string> breaks;
  GF_TRY(const AuditHead head, AcknowledgeAudit(home.audit_file(), anchor, reason, &breaks));
  GF_TRY(store::Store store, home.OpenStore());
  GF_CHECK(SaveAuditAnchor(&store, head));
  ShowBreaks(session.console, "accepted", breaks);
  session.console.Emit(
      "audit-acknowledged",
      {{"entries", head.entries}, {"head", head.hash}, {"acknowledged", head.accepted}});
  session.console.Say(
      fmt::format("ACKNOWLEDGED   {} breaks; audit {}", head.accepted, head.ToString()));
  return Ok();
}

Command VerifyAuditCommand() {
  return {
      "verify", "check that no line of the audit log was changed, removed or inserted",
      "Recomputes the hash of every line and looks for the newest entry, and for the one that the "
      "store names. A break is an error (11) until `audit acknowledge`. Who can write here can "
      "write a whole new log: compare the entry and hash it prints with those of your last "
      "report.",
      [](Arguments&) -> Runner { return [](Session& session) { return Verify(session); }; }};
}

Command AcknowledgeAuditCommand() {
  return {"acknowledge", "write down that a break in the audit log is known, and why",
          "Appends an entry with the reason and each break that `audit verify` finds. It then "
          "passes over exactly these; another one is an error again.",
          [](Arguments& arguments) {
            auto reason = std::make_shared<std::string>();
            arguments.Option("--reason", reason.get(), "what was found; it is written to the log");
            return [reason](Session& session) { return Acknowledge(session, *reason); };
          }};
}

Command ShowAuditCommand() {
  return {"show", "print the newest entries of the audit log", "As they are stored, one a line.",
          [](Arguments& arguments) {
            auto last = std::make_shared<std::int64_t>(20);
            arguments.Option("--last", last.get(), "how many (default: 20)");
            return [last](Session& session) -> Status {
              GF_TRY(const Home home, Home::Open(session));
              GF_TRY(const AuditHead head, ReadAuditHead(home.audit_file()));
              const auto wanted = static_cast<std::uint64_t>(std::max<std::int64_t>(*last, 0));
              std::uint64_t skip = head.entries > wanted ? head.entries - wanted : 0;
              std::ifstream lines(home.audit_file());
              std::string line;
              while (std::getline(lines, line)) {
                if (skip > 0) {
                  --skip;
                  continue;
                }
                std::printf("%s\n", line.c_str());
              }
              return Ok();
            };
          }};
}

}  // namespace

Command AuditCommand() {
  return CommandGroup(
      "audit", "show or verify the log of what was done here",
      "Imports, refusals, rollbacks, exceptions with their reasons, keys and clocks: "
      "one line of JSON each in audit.log, chained by hashes.",
      {AcknowledgeAuditCommand(), ShowAuditCommand(), VerifyAuditCommand()});
}

}  // namespace gapferry::importer
