#include "detect/check.h"

#include "base/bytes.h"
#include "base/console.h"

namespace gapferry::detect {
namespace {

constexpr std::size_t kShown = 400;

std::vector<std::string> Arguments(const Destination& destination,
                                   const std::filesystem::path& folder) {
  std::vector<std::string> arguments = destination.check;
  for (std::string& argument : arguments) {
    const std::string path = folder.string();
    for (std::size_t at = argument.find("{}"); at != std::string::npos;
         at = argument.find("{}", at + path.size()))
      argument.replace(at, 2, path);
  }
  return arguments;
}

std::string Tail(std::string_view output) {
  output = AsciiTrim(output);
  return Printable(output.size() > kShown ? output.substr(output.size() - kShown) : output);
}

}  // namespace

Status RunCheck(const CommandRunner& run, const Destination& destination,
                const std::filesystem::path& folder) {
  if (destination.check.empty()) return Ok();
  const std::vector<std::string> arguments = Arguments(destination, folder);
  GF_TRY(const CommandEnd end, run(arguments, destination.check_timeout));
  if (end.ok()) return Ok();
  return Error::Make(Kind::kArtifactCheck, "the check of {} failed with {}: {}", destination.name,
                     end.Describe(), arguments[0])
      .Hint("its output ended with: {}", Tail(end.output));
}

}  // namespace gapferry::detect
