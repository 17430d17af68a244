#include <cstdio>
#include <fstream>

#include "importer/audit.h"
#include "importer/commands.h"

namespace gapferry::importer {
namespace {

Command VerifyAuditCommand() {
  return {
      "verify", "check that no line of the audit log was changed, removed or inserted",
      "Recomputes the hash of every line and looks for the newest entry. Who can write here can "
      "write a whole new log: compare the entry and hash it prints with those of your last "
      "report.",
      [](Arguments&) -> Runner {
        return [](Session& session) -> Status {
          GF_TRY(const Home home, Home::Open(session));
          GF_TRY(const AuditHead head, VerifyAudit(home.audit_file()));
          session.console.Emit(
              "audit", {{"entries", head.entries}, {"head", head.hash}, {"gaps", head.gaps}});
          for (const std::uint64_t gap : head.gaps) {
            session.console.Note(fmt::format(
                "entry {} says that entries before it are missing: `{} audit show` names them", gap,
                session.program));
          }
          session.console.Say(head.entries == 0 ? std::string("the audit log is empty")
                                                : "INTACT     " + head.ToString());
          return Ok();
        };
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
      {ShowAuditCommand(), VerifyAuditCommand()});
}

}  // namespace gapferry::importer
