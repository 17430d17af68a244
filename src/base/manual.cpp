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

std::string Options(CLI::App& app) {
  std::string text;
  for (const CLI::Option* option : app.get_options()) {
    text += fmt::format(".TP\n.B {}\n{}\n", Roff(option->get_name(option->get_positional(), true)),
                        Roff(option->get_description()));
  }
  return text;
}

}  // namespace

std::string MakeManual(const Program& program, CLI::App& app) {
  std::string page =
      fmt::format(".TH {} 1 \"\" \"gapferry {}\"\n.SH NAME\n{} \\- {}\n", Roff(program.name),
                  program.version, Roff(program.name), Roff(program.summary));
  page += fmt::format(".SH SYNOPSIS\n.B {}\n[options] COMMAND [arguments]\n.SH OPTIONS\n{}",
                      Roff(program.name), Options(app));
  page += ".SH COMMANDS\n";
  for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    page += fmt::format(".SS {}\n{}.\n{}\n{}", Roff(command->get_name()),
                        Roff(command->get_description()), Roff(command->get_footer()),
                        Options(*command));
  }
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
  const auto flags = [](CLI::App& of) {
    std::string words;
    for (const CLI::Option* option : of.get_options()) {
      for (const std::string& name : option->get_lnames())
        words += fmt::format(" --{}", name);
    }
    return words;
  };
  std::string names;
  std::string cases;
  for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names += ' ' + command->get_name();
    cases += fmt::format("    {}) words=\"{}{}\" ;;\n", command->get_name(), flags(*command),
                         flags(app));
  }
  return fmt::format(R"(# bash completion for {0}
_{1}() {{
  local word command= words
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case $word in -*) ;; *) command=$word; break ;; esac
  done
  case $command in
{2}    *) words="{3}{4}" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
  [ "${{#COMPREPLY[@]}}" -gt 0 ] || COMPREPLY=($(compgen -f -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
complete -o filenames -F _{1} {0}
)",
                     program.name, function, cases, names, flags(app));
}

}  // namespace gapferry
