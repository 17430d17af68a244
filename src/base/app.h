// base/app.h: the command line of every program: a table of commands, one voice, exit codes by
// cause. Adapter: CLI11 and its exceptions stay in app.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/console.h"
#include "base/result.h"

namespace CLI {
class App;
}

namespace gapferry {

// What options and positionals may be, for completion: the command and the name → the words.
using KnownValues = std::map<std::pair<const CLI::App*, std::string>, std::vector<std::string>>;

// Where a command declares its options. Pointees must live as long as the command's Runner.
class Arguments {
 public:
  Arguments(CLI::App* app, KnownValues* values) : app_(app), values_(values) {}
  void Flag(const std::string& name, bool* value, const std::string& help);
  void Option(const std::string& name, std::string* value, const std::string& help);
  void Option(const std::string& name, std::vector<std::string>* values, const std::string& help);
  void Option(const std::string& name, std::int64_t* value, const std::string& help);
  // In order; a required one that is missing is a usage error.
  void Positional(const std::string& name, std::string* value, const std::string& help,
                  bool required = true);
  // Words that completion offers for the option or positional `name`. Checks nothing.
  void Values(const std::string& name, std::vector<std::string> words);

 private:
  CLI::App* app_;
  KnownValues* values_;
};

// What every command is given.
struct Session {
  Console& console;
  std::string home;  // the folder with configuration, keys and state
  std::string program;
};

using Runner = std::function<Status(Session&)>;

struct Command {
  std::string_view name;
  std::string_view summary;  // one line, lower case
  std::string_view
      details;  // a paragraph for --help and the manual: what it does and what it never does
  // Declares options and returns what runs the command. Empty for a group.
  std::function<Runner(Arguments&)> declare;
  // A group, such as `key` of `key new` and `key show`, has commands and does nothing by itself.
  std::vector<Command> commands = {};  // sorted by name
};
[[nodiscard]] Command CommandGroup(std::string_view name, std::string_view summary,
                                   std::string_view details, std::vector<Command> commands);

// What `explain CODE` prints: one row of the table of exit codes, or with an empty `code` all.
// Error: kUsage for a code that is not there.
[[nodiscard]] Status ExplainExitCode(Session& session, const std::string& code);
// What it knows: codes and names.
[[nodiscard]] std::vector<std::string> ExitCodeWords();

struct Program {
  std::string_view name;
  std::string_view summary;
  std::string_view version;
  std::string_view home_variable;  // environment variable that names the home
  std::string_view default_home;   // below /var/lib/gapferry or the user's data folder
  std::vector<Command> commands;   // sorted by name
};

// Parses, runs one command and returns the exit code. Adds the commands explain (unless the program
// has one of its own), completion and manual. Must be called once, from main.
[[nodiscard]] int RunProgram(const Program& program, int argc, char** argv);

}  // namespace gapferry
