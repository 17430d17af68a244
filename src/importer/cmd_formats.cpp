#include "detect/format.h"
#include "detect/format_table.h"
#include "importer/commands.h"

namespace gapferry::importer {
namespace {

Status ShowFormats(Session& session, bool markdown) {
  Console& console = session.console;
  Json formats = Json::array();
  for (const detect::Format& format : detect::AllFormats()) {
    formats.push_back({{"format", format.name},
                       {"summary", format.summary},
                       {"power", detect::WhatItDoes(format)},
                       {"check", format.checker}});
    if (!markdown)
      console.Say(
          fmt::format("{:<16} {:<10} {}", format.name, detect::WhatItDoes(format), format.summary));
  }
  console.Emit("formats", {{"formats", std::move(formats)}});
  if (!markdown) return Ok();
  std::string table = detect::FormatsMarkdown();
  table.pop_back();  // Say ends the line
  console.Say(table);
  return Ok();
}

}  // namespace

Command FormatsCommand() {
  return {"formats", "list the formats of artifacts, and what each looks for",
          "Needs no state: it says what this program can write. With --markdown also the table of "
          "formats and attribute types that stands in docs/formats.md.",
          [](Arguments& arguments) {
            auto markdown = std::make_shared<bool>(false);
            arguments.Flag("--markdown", markdown.get(),
                           "print the tables of formats and attribute types");
            return [markdown](Session& session) { return ShowFormats(session, *markdown); };
          }};
}

}  // namespace gapferry::importer
