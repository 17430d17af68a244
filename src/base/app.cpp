#include "base/app.h"

#include <unistd.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "base/clock.h"
#include "base/hash.h"
#include "base/manual.h"
#include "base/suggest.h"

namespace gapferry {
namespace {

constexpr int kDone = 0;  // the one code that is no Kind

std::string DefaultHome(const Program& program) {
  const auto from_environment = [](std::string_view name) -> std::string {
    const char* value = std::getenv(std::string(name).c_str());
    return value == nullptr ? "" : value;
  };
  if (std::string home = from_environment(program.home_variable); !home.empty()) return home;
  if (::geteuid() == 0) return fmt::format("/var/lib/gapferry/{}", program.default_home);
  if (std::string data = from_environment("XDG_DATA_HOME"); !data.empty()) {
    return fmt::format("{}/gapferry/{}", data, program.default_home);
  }
  return fmt::format("{}/.local/share/gapferry/{}", from_environment("HOME"), program.default_home);
}

Command ExplainCommand() {
  return {"explain", "say what an exit code or error kind means and what to do",
          "Without CODE it prints the whole table of exit codes.", [](Arguments& arguments) {
            auto code = std::make_shared<std::string>();
            arguments.Positional("CODE", code.get(),
                                 "exit code or kind, such as 12 or bad-signature", false);
            arguments.Values("CODE", ExitCodeWords());
            return [code](Session& session) { return ExplainExitCode(session, *code); };
          }};
}

Command TextCommand(std::string_view name, std::string_view summary, std::string_view details,
                    std::function<std::string()> make) {
  return {name, summary, details, [make = std::move(make)](Arguments&) -> Runner {
            return [make](Session&) -> Status {
              const std::string text = make();
              std::fwrite(text.data(), 1, text.size(), stdout);
              return Ok();
            };
          }};
}

// The words that are no options: commands and sub-commands first.
std::vector<std::string> PlainWords(int argc, char** argv) {
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--home" || word == "-C") {
      ++i;
    } else if (!word.starts_with('-')) {
      words.emplace_back(word);
    }
  }
  return words;
}

std::vector<std::string> Names(const std::vector<Command>& commands) {
  std::vector<std::string> names;
  for (const Command& command : commands)
    names.emplace_back(command.name);
  return names;
}

// What is wrong with a command line that CLI11 refuses with `reason`: an unknown command, a group
// without its sub-command, or else `reason`.
Error UsageError(const Program& program, const std::vector<Command>& commands,
                 const std::vector<std::string>& words, std::string_view reason) {
  std::string path(program.name);
  const std::vector<Command>* level = &commands;
  for (const std::string& word : words) {
    const auto known = std::find_if(level->begin(), level->end(),
                                    [&](const Command& command) { return command.name == word; });
    if (known == level->end()) {
      return Error::Make(Kind::kUsage, "there is no command \"{}\"{}", word,
                         DidYouMean(word, Names(*level)))
          .Hint("`{} --help` lists the commands", path);
    }
    path += ' ' + word;
    level = &known->commands;
    if (level->empty()) {
      return Error::Make(Kind::kUsage, "{}", reason).Hint("`{} --help` shows how", path);
    }
  }
  if (words.empty())
    return Error::Make(Kind::kUsage, "{}", reason).Hint("`{} --help` shows how", path);
  Error missing = Error::Make(Kind::kUsage, "`{}` needs one of its commands: {}", path,
                              fmt::join(Names(*level), ", "));
  for (const Command& command : *level)
    missing = std::move(missing).Hint("`{} {}`: {}", path, command.name, command.summary);
  return missing;
}

using Runners = std::vector<std::pair<CLI::App*, Runner>>;

void Declare(const std::vector<Command>& commands, CLI::App* parent, Runners* runners,
             KnownValues* values) {
  parent->require_subcommand(1);
  parent->fallthrough();
  for (const Command& command : commands) {
    CLI::App* sub = parent->add_subcommand(std::string(command.name), std::string(command.summary));
    sub->footer(std::string(command.details));
    if (command.commands.empty()) {
      Arguments arguments(sub, values);
      runners->emplace_back(sub, command.declare(arguments));
    } else {
      Declare(command.commands, sub, runners, values);
    }
  }
}

int Finish(Console& console, Status status) {
  if (status.ok()) status = console.Close();
  if (status.ok()) return kDone;
  console.Report(status.error());
  return Info(status.error().kind).exit_code;
}

}  // namespace

void Arguments::Flag(const std::string& name, bool* value, const std::string& help) {
  app_->add_flag(name, *value, help);
}
void Arguments::Option(const std::string& name, std::string* value, const std::string& help) {
  app_->add_option(name, *value, help)->type_name("TEXT");
}
void Arguments::Option(const std::string& name, std::vector<std::string>* values,
                       const std::string& help) {
  app_->add_option(name, *values, help)->type_name("TEXT")->expected(1)->take_all();
}
void Arguments::Option(const std::string& name, std::int64_t* value, const std::string& help) {
  app_->add_option(name, *value, help)->type_name("N");
}
void Arguments::Positional(const std::string& name, std::string* value, const std::string& help,
                           bool required) {
  app_->add_option(name, *value, help)->required(required)->type_name("");
}

void Arguments::Values(const std::string& name, std::vector<std::string> words) {
  (*values_)[{app_, name}] = std::move(words);
}

std::vector<std::string> ExitCodeWords() {
  std::vector<std::string> words = {std::to_string(kDone)};
  for (const KindInfo& info : AllKinds()) {
    words.push_back(std::to_string(info.exit_code));
    words.emplace_back(info.name);
  }
  return words;
}

Status ExplainExitCode(Session& session, const std::string& code) {
  const bool done = code == std::to_string(kDone);
  if (done || code.empty()) {
    session.console.Say(fmt::format("{:>3}  done, or nothing to do", kDone));
    session.console.Emit("explanation", {{"code", kDone},
                                         {"kind", nullptr},
                                         {"summary", "done, or nothing to do"},
                                         {"remedy", nullptr}});
  }
  if (done) return Ok();
  const KindInfo* one = code.empty() ? nullptr : FindKind(code);
  if (!code.empty() && one == nullptr) {
    std::vector<std::string> names;
    for (const KindInfo& info : AllKinds())
      names.emplace_back(info.name);
    return Error::Make(Kind::kUsage, "there is no exit code \"{}\"{}", code,
                       DidYouMean(code, names))
        .Hint("`{} explain` lists all of them", session.program);
  }
  for (const KindInfo& info : AllKinds()) {
    if (one != nullptr && &info != one) continue;
    session.console.Say(fmt::format("{:>3}  {}: {}", info.exit_code, info.name, info.summary));
    session.console.Say(fmt::format("     {}", info.remedy));
    session.console.Emit("explanation", {{"code", info.exit_code},
                                         {"kind", info.name},
                                         {"summary", info.summary},
                                         {"remedy", info.remedy}});
  }
  return Ok();
}

Command CommandGroup(std::string_view name, std::string_view summary, std::string_view details,
                     std::vector<Command> commands) {
  return {name, summary, details, nullptr, std::move(commands)};
}

int RunProgram(const Program& program, int argc, char** argv) {
  InitCrypto();
  // A reader that goes away is an error of a write, not the end of the program.
  std::signal(SIGPIPE, SIG_IGN);

  std::vector<Command> commands = program.commands;
  const std::vector<std::string> own = Names(commands);
  if (std::find(own.begin(), own.end(), "explain") == own.end())
    commands.push_back(ExplainCommand());
  CLI::App app(std::string(program.summary), std::string(program.name));
  KnownValues values;
  commands.push_back(TextCommand("completion", "print a completion script for bash",
                                 "Put its output into /etc/bash_completion.d/ or source it.",
                                 [&] { return MakeCompletion(program, app, values); }));
  commands.push_back(TextCommand("manual", "print the manual page (roff)",
                                 "`... manual | man -l -` shows it.",
                                 [&] { return MakeManual(program, app); }));

  Console::Options options;
  std::string home = DefaultHome(program);
  app.set_version_flag("--version", std::string(program.version));
  app.add_flag("--json", options.json, "results as JSON lines on stdout, errors as JSON on stderr");
  app.add_flag("-q,--quiet", options.quiet, "no progress and no notes; warnings and errors stay");
  app.add_option("-C,--home", home,
                 fmt::format("folder with configuration, keys and state (default: ${0}, else "
                             "/var/lib/gapferry/{1} for root and ~/.local/share/gapferry/{1} for "
                             "others)",
                             program.home_variable, program.default_home))
      ->type_name("DIR");
  app.footer(fmt::format("`{} COMMAND --help` explains a command, `{} explain` the exit codes.",
                         program.name, program.name));

  Runners runners;
  Declare(commands, &app, &runners, &values);

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    app.exit(success);  // --help, --version
    Console console(options);
    return Finish(console, Ok());
  } catch (const CLI::ParseError& error) {
    Console console(options);
    return Finish(console, UsageError(program, commands, PlainWords(argc, argv), error.what()));
  }

  Console console(options);
  if (Status clock = CheckFixedTime(); !clock.ok()) return Finish(console, std::move(clock));
  Session session{console, home, std::string(program.name)};
  for (const auto& [sub, runner] : runners) {
    if (!sub->parsed()) continue;
    try {
      return Finish(console, runner(session));
    } catch (const std::exception& exception) {
      return Finish(console, Error::Make(Kind::kInternal, "unexpected: {}", exception.what()));
    }
  }
  return Info(Kind::kUsage).exit_code;
}

}  // namespace gapferry
