#include "detect/check.h"

#include "base/bytes.h"
#include "base/console.h"

namespace gapferry::detect {
namespace {

std::vector<std::string> Arguments(std::vector<std::string> arguments,
                                   const std::filesystem::path& folder) {
  for (std::string& argument : arguments) {
    const std::string path = folder.string();
    for (std::size_t at = argument.find("{}"); at != std::string::npos;
         at = argument.find("{}", at + path.size()))
      argument.replace(at, 2, path);
  }
  return arguments;
}

Status Run(const CommandRunner& run, std::string_view what, const Destination& destination,
           const std::vector<std::string>& command, std::chrono::seconds timeout,
           const std::filesystem::path& folder) {
  if (command.empty()) return Ok();
  const std::vector<std::string> arguments = Arguments(command, folder);
  GF_TRY(const CommandEnd end, run(arguments, timeout));
  if (end.ok()) return Ok();
  return end.Explain(Error::Make(Kind::kArtifactCheck, "the {} of {} failed with {}: {}", what,
                                 destination.name, end.Describe(), arguments[0]));
}

}  // namespace

Status RunCheck(const CommandRunner& run, const Destination& destination,
                const std::filesystem::path& folder) {
  Status status =
      Run(run, "check", destination, destination.check, destination.check_timeout, folder);
  if (status.ok()) return status;
  return std::move(status).error().Hint("nothing was switched: what was in use before stays so");
}

Status RunReload(const CommandRunner& run, const Destination& destination,
                 const std::filesystem::path& folder) {
  return Run(run, "reload", destination, destination.reload, destination.reload_timeout, folder);
}

}  // namespace gapferry::detect
