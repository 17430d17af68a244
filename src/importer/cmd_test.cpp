#include "importer/bench.h"
#include "importer/commands.h"
#include "importer/test_input.h"
#include "importer/test_pcap.h"

namespace gapferry::importer {
namespace {

struct TestOptions {
  std::string asked;
  std::string as;
  std::string suricata;
  std::string destination;
  std::int64_t timeout = 600;
};

Result<TestInput> InputOf(const TestOptions& options) {
  if (options.as.empty()) return RecogniseInput(options.asked);
  const auto named = FindTestInput(options.as);
  if (named) return *named;
  return Error::Make(Kind::kUsage, "\"{}\" is not value, pcap or log", options.as);
}

Status Test(Session& session, const TestOptions& options, const CommandRunner& run) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const TestInput input, InputOf(options));
  if (options.timeout < 1 || options.timeout > 86400)
    return Error::Make(Kind::kUsage, "--timeout {} is not 1 to 86400 seconds", options.timeout);
  if (input == TestInput::kPcap) {
    return TestPcap(session, home,
                    {options.asked, options.suricata, options.destination,
                     std::chrono::seconds(options.timeout)},
                    run);
  }
  GF_TRY(Bench bench, Bench::Open(home));
  if (!options.destination.empty()) GF_CHECK(bench.Only(options.destination));
  if (input == TestInput::kLog) return TestLog(session, &bench, options.asked);
  return TestValue(session, &bench, options.asked);
}

}  // namespace

Command TestCommand(CommandRunner run) {
  return {"test", "say which artifacts in use would match a value, a capture or a log",
          "A value: which file, line and rule of each destination matches it, a name above it or a "
          "network around it, as the format's consumer compares; or why none does. A capture "
          "(pcap, pcapng) is read by Suricata with the rules in use, and the events behind each "
          "alert are named. A log, also packed with gzip, is searched for values, line by line; "
          "- is standard input. Content decides which of them it is. Ends with 7 if nothing "
          "matches.",
          [run = std::move(run)](Arguments& arguments) {
            auto options = std::make_shared<TestOptions>();
            arguments.Positional("VALUE|PCAP|LOG", &options->asked, "what to test");
            arguments.Option("--as", &options->as, "take it for a value, pcap or log");
            arguments.Values("--as", {"value", "pcap", "log"});
            arguments.Option("--suricata", &options->suricata,
                             "the program for captures; else that of import.yml, or of PATH");
            arguments.Option("--destination", &options->destination, "ask this destination only");
            arguments.Option("--timeout", &options->timeout, "seconds that Suricata may take");
            return [options, run](Session& session) { return Test(session, *options, run); };
          }};
}

}  // namespace gapferry::importer
