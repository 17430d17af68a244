#include "base/suggest.h"
#include "exporter/commands.h"
#include "exporter/context_text.h"

namespace gapferry::exporter {
namespace {

Status ShowContext(Session& session, const SourceConfig& source) {
  GF_TRY(const std::optional<collect::Context> context, ContextOf(session.home, source));
  Json body = {{"source", source.name}};
  if (!context) {
    body["taken"] = nullptr;
    session.console.Emit("context", body);
    session.console.Say(source.name + ": not collected yet");
    return Ok();
  }
  body.update(collect::ContextJson(*context));
  body["taken"] = FormatTime(context->taken);
  session.console.Emit("context", body);
  session.console.Say(fmt::format("{}: as of {}", source.name, FormatTime(context->taken)));
  for (const std::string& line : ContextLines(*context))
    session.console.Say("  " + line);
  return Ok();
}

Status ShowContext(Session& session, const std::string& only) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const Config config, home.LoadConfig());
  std::vector<std::string> names;
  bool shown = false;
  for (const SourceConfig& source : config.sources) {
    if (source.kind != "misp") continue;
    names.push_back(source.name);
    if (!only.empty() && source.name != only) continue;
    GF_CHECK(ShowContext(session, source));
    shown = true;
  }
  if (shown) return Ok();
  if (names.empty())
    return Error::Make(Kind::kNotFound, "export.yml has no source of kind misp")
        .Hint("only a MISP tells of taxonomies, sharing groups and feeds");
  return Error::Make(Kind::kNotFound, "there is no source \"{}\" of kind misp in export.yml{}",
                     only, DidYouMean(only, names));
}

}  // namespace

Command ContextCommand() {
  return {
      "context", "show what a MISP says of itself: taxonomies, sharing groups, feeds, types",
      "As it was when the source was last collected, and what changed since the collect before. "
      "Asks no server. What the key may not see is said.",
      [](Arguments& arguments) {
        auto source = std::make_shared<std::string>();
        arguments.Option("--source", source.get(), "only this source");
        return [source](Session& session) { return ShowContext(session, *source); };
      }};
}

}  // namespace gapferry::exporter
