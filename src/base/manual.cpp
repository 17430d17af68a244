#include "base/manual.h"

#include <CLI/CLI.hpp>

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

constexpr std::string_view kHelp = "help";  // every command has it

std::string Flags(const CLI::App& app) {
  std::string words;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      if (name != kHelp) words += fmt::format(" --{}", name);
    }
  }
  return words;
}

// What the positionals of a command may be.
std::string PositionalWords(const CLI::App& app, const KnownValues& values) {
  std::string words;
  for (const CLI::Option* option : app.get_options()) {
    const auto known = values.find({&app, option->get_name(true)});
    if (option->get_positional() && known != values.end())
      words += fmt::format(" {}", fmt::join(known->second, " "));
  }
  return words;
}

// One line of the script's table for each command: its path → the words that may follow.
std::string CompletionCases(const CLI::App& app, const std::string& path, const std::string& global,
                            const KnownValues& values) {
  std::string names;
  std::string below;
  for (const CLI::App* command : CommandsOf(app)) {
    names += ' ' + command->get_name();
    below += CompletionCases(*command, path + ' ' + command->get_name(), global, values);
  }
  const std::string own = path.empty() ? "" : Flags(app) + PositionalWords(app, values);
  return fmt::format("    \"{}\") words=\"{}{}{}\" ;;\n", path, names, own, global) + below;
}

// One line for each option whose values are known: path and option → the values.
std::string ValueCases(const CLI::App& parent, const std::string& path, const KnownValues& values) {
  std::string cases;
  for (const CLI::App* command : CommandsOf(parent)) {
    const std::string here = path + ' ' + command->get_name();
    for (const CLI::Option* option : command->get_options()) {
      const auto known = values.find({command, option->get_name()});
      if (option->get_positional() || known == values.end()) continue;
      cases += fmt::format("    \"{} {}\") words=\"{}\" ;;\n", here, option->get_name(),
                           fmt::join(known->second, " "));
    }
    cases += ValueCases(*command, here, values);
  }
  return cases;
}

}  // namespace

std::string MakeManual(const Program& program, CLI::App& app) {
  std::string page =
      fmt::format(".TH {} 1 \"\" \"gapferry {}\"\n.SH NAME\n{} \\- {}\n", Roff(program.name),
                  program.version, Roff(program.name), Roff(program.summary));
  page += fmt::format(".SH SYNOPSIS\n.B {}\n[options] COMMAND [arguments]\n.SH OPTIONS\n{}",
                      Roff(program.name), Options(app));
  page += ".SH COMMANDS\n" + CommandSections(app, "");
  page += fmt::format(
      ".SH ENVIRONMENT\n.TP\n.B {}\nthe home, where \\-\\-home does not name one\n.TP\n.B "
      "SOURCE_DATE_EPOCH\nseconds since 1970 that stand for the clock of this machine: the same "
      "input then gives the same bytes. For tests and demonstrations; what is dated by it is dated "
      "wrongly.\n",
      Roff(program.home_variable));
  page += ".SH EXIT STATUS\n.TP\n.B 0\ndone\n";
  for (const KindInfo& info : AllKinds()) {
    page += fmt::format(".TP\n.B {}\n{}: {}. {}\n", info.exit_code, Roff(info.name),
                        Roff(info.summary), Roff(info.remedy));
  }
  page += "Treat a code that is not listed as a failure.\n";
  return page;
}

std::string MakeCompletion(const Program& program, CLI::App& app, const KnownValues& values) {
  std::string function(program.name);
  for (char& c : function)
    c = c == '-' ? '_' : c;
  const std::string global = fmt::format("{} --{}", Flags(app), kHelp);
  // `path` grows by each word that continues a known command; option values fall through.
  return fmt::format(R"(# bash completion for {0}
_{1}() {{
  local word path= words
  _{1}_words() {{
    case $1 in
{2}    *) return 1 ;;
    esac
  }}
  _{1}_values() {{
    case $1 in
{3}    *) return 1 ;;
    esac
  }}
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    _{1}_words "$path $word" && path="$path $word"
  done
  _{1}_values "$path ${{COMP_WORDS[COMP_CWORD-1]}}" || _{1}_words "$path"
  COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
  [ "${{#COMPREPLY[@]}}" -gt 0 ] || COMPREPLY=($(compgen -f -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
complete -o filenames -F _{1} {0}
)",
                     program.name, function, CompletionCases(app, "", global, values),
                     ValueCases(app, "", values));
}

}  // namespace gapferry
