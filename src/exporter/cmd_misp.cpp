#include <algorithm>

#include "base/suggest.h"
#include "exporter/misp_session.h"
#include "policy/cross.h"

namespace gapferry::exporter {
namespace {

Result<SourceConfig> FindInstance(const Config& config, const std::string& name) {
  std::vector<SourceConfig> instances;
  std::vector<std::string> names;
  for (const SourceConfig& source : config.sources) {
    if (source.kind != "misp") continue;
    names.push_back(source.name);
    if (name.empty() || source.name == name) instances.push_back(source);
  }
  if (instances.size() == 1) return instances[0];
  if (names.empty()) return Error::Make(Kind::kNotFound, "export.yml has no source of kind misp");
  if (name.empty()) {
    return Error::Make(Kind::kUsage, "several sources are of kind misp: {}", fmt::join(names, ", "))
        .Hint("say which with --source");
  }
  return Error::Make(Kind::kNotFound, "there is no source \"{}\" of kind misp in export.yml{}",
                     name, DidYouMean(name, names));
}

// One key in two places. Whoever operates may not be able to read the other one; then nothing is
// known.
Status CheckTwoKeys(const Session& session, const SourceConfig& source) {
  const auto collects = collect::LoadSecret(source.key, session.home);
  if (!collects.ok()) return Ok();
  GF_TRY(const collect::Secret operates, collect::LoadSecret(source.operator_key, session.home));
  if (operates.token() != collects.value().token()) return Ok();
  return Error::Make(Kind::kConfig,
                     "source {}: operator_key holds the key that collects; one that changes the "
                     "instance sees too much to collect with",
                     source.name)
      .Hint("make a key of another user in MISP, and put it where operator_key says");
}

}  // namespace

void DeclareTarget(Arguments& arguments, MispTarget* target, bool named) {
  arguments.Option("--source", &target->source, "the source of kind misp, if there are several");
  if (!named) return;
  arguments.Flag("--dry-run", &target->dry_run, "say what would be changed, and change nothing");
  arguments.Positional("NAME", &target->name, "its name, a pattern with *, or its id");
}

Result<collect::MispApi> OpenInstance(Session& session, const MispTarget& target, bool changes) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const Config config, home.LoadConfig());
  GF_TRY(const SourceConfig source, FindInstance(config, target.source));
  if (source.operator_key.empty() && changes) {
    return Error::Make(Kind::kConfig,
                       "source {} has no operator_key; the key that collects is not "
                       "used to change anything",
                       source.name)
        .Hint("name one in {}: file:PATH, env:NAME or credential:NAME",
              home.config_file().string());
  }
  if (!source.operator_key.empty()) GF_CHECK(CheckTwoKeys(session, source));
  return OpenMisp(session, source, source.operator_key.empty() ? source.key : source.operator_key);
}

bool IsNamed(const std::string& wanted, const std::string& id, const std::string& name) {
  return wanted == id || policy::TagMatches(wanted, name);
}

Error NothingNamed(const std::string& wanted, std::string_view what,
                   const std::vector<std::string>& names) {
  return Error::Make(Kind::kNotFound, "the instance has no {} \"{}\"{}", what, wanted,
                     DidYouMean(wanted, names))
      .Hint("`list` shows all; a pattern like \"*alexa*\" fits several");
}

Command MispCommand() {
  return CommandGroup(
      "misp", "look after feeds and warninglists of an instance of MISP",
      "Uses operator_key of a source of kind misp. Collecting never reads that key, "
      "and these commands never collect. What MISP says that it did is looked at "
      "afterwards.",
      {MispFeedsCommand(), MispWarninglistsCommand()});
}

}  // namespace gapferry::exporter
