#include "base/manual.h"

#include <CLI/CLI.hpp>

#include "base/app.h"

namespace gapferry {
namespace {

// Text for roff: a leading dot or quote would be a request, a backslash an escape, a hyphen a
// break.
std::string Roff(std::string_view text) {
  std::string safe;
  if (text.starts_with('.') || text.starts_with('\'')) safe += "\\&";
  for (const char c : text) {
    if (c == '\\') {
      safe += "\\e";
    } else if (c == '-') {
      safe += "\\-";
    } else {
      safe.push_back(c);
    }
  }
  return safe;
}

std::string Options(const CLI::App& app) {
  std::string text;
  for (const CLI::Option* option : app.get_options()) {
    text += fmt::format(".TP\n.B {}\n{}\n", Roff(option->get_name(option->get_positional(), true)),
                        Roff(option->get_description()));
  }
  return text;
}

std::vector<const CLI::App*> CommandsOf(const CLI::App& app) {
  // Without a filter CLI11 would give only those that were parsed.
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// Every command that does something, with its full name ("key show").
std::string CommandSections(const CLI::App& parent, const std::string& prefix) {
  std::string text;
  for (const CLI::App* command : CommandsOf(parent)) {
    const std::string name = prefix + command->get_name();
    text += fmt::format(".SS {}\n{}.\n{}\n{}", Roff(name), Roff(command->get_description()),
                        Roff(command->get_footer()), Options(*command));
    text += CommandSections(*command, name + ' ');
  }
  return text;
}

std::string Flags(const CLI::App& app) {
  std::string words;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames())
      words += fmt::format(" --{}", name);
  }
  return words;
}

// One line of the script's table for each command: its path → the words that may follow.
std::string CompletionCases(const CLI::App& app, const std::string& path,
                            const std::string& global) {
  std::string names;
  std::string below;
  for (const CLI::App* command : CommandsOf(app)) {
    names += ' ' + command->get_name();
    below += CompletionCases(*command, path + ' ' + command->get_name(), global);
  }
  const std::string own = path.empty() ? "" : Flags(app);
  return fmt::format("    \"{}\") words=\"{}{}{}\" ;;\n", path, names, own, global) + below;
}

}  // namespace

std::string MakeManual(const Program& program, CLI::App& app) {
  std::string page =
      fmt::format(".TH {} 1 \"\" \"gapferry {}\"\n.SH NAME\n{} \\- {}\n", Roff(program.name),
                  program.version, Roff(program.name), Roff(program.summary));
  page += fmt::format(".SH SYNOPSIS\n.B {}\n[options] COMMAND [arguments]\n.SH OPTIONS\n{}",
                      Roff(program.name), Options(app));
  page += ".SH COMMANDS\n" + CommandSections(app, "");
  page += ".SH EXIT STATUS\n.TP\n.B 0\ndone\n";
  for (const KindInfo& info : AllKinds()) {
    page += fmt::format(".TP\n.B {}\n{}: {}. {}\n", info.exit_code, Roff(info.name),
                        Roff(info.summary), Roff(info.remedy));
  }
  page += "Treat a code that is not listed as a failure.\n";
  return page;
}

std::string MakeCompletion(const Program& program, CLI::App& app) {
  std::string function(program.name);
  for (char& c : function)
    c = c == '-' ? '_' : c;
  // `path` grows by each word that continues a known command; option values fall through.
  return fmt::format(R"(# bash completion for {0}
_{1}() {{
  local word path= words
  _{1}_words() {{
    case $1 in
{2}    *) return 1 ;;
    esac
  }}
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    _{1}_words "$path $word" && path="$path $word"
  done
  _{1}_words "$path"
  COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
  [ "${{#COMPREPLY[@]}}" -gt 0 ] || COMPREPLY=($(compgen -f -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
complete -o filenames -F _{1} {0}
)",
                     program.name, function, CompletionCases(app, "", Flags(app)));
}

}  // namespace gapferry
