// The command line of a program with a group of commands, seen from outside.
#include "base/app.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace gapferry {
namespace {

struct Said {
  int exit_code = 0;
  std::string out;
  std::string err;
};

Command Echo(std::string_view name) {
  return {name, "say the word", "", [name](Arguments& arguments) {
            auto word = std::make_shared<std::string>();
            arguments.Positional("WORD", word.get(), "a word", false);
            return [word, name](Session& session) -> Status {
              session.console.Say(fmt::format("{} {} at {}", name, *word, session.home));
              return Ok();
            };
          }};
}

Said Call(std::vector<std::string> words) {
  const Program program{"gapferry-test",
                        "a program for this test",
                        "1",
                        "GAPFERRY_TEST_HOME",
                        "test",
                        {CommandGroup("key", "secret and public keys", "Groups what follows.",
                                      {Echo("new"), Echo("show")}),
                         Echo("status")}};
  words.insert(words.begin(), "gapferry-test");
  std::vector<char*> argv;
  for (std::string& word : words)
    argv.push_back(word.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Said said;
  said.exit_code = RunProgram(program, static_cast<int>(argv.size()), argv.data());
  std::fflush(stdout);
  said.out = testing::internal::GetCapturedStdout();
  said.err = testing::internal::GetCapturedStderr();
  return said;
}

TEST(CommandLine, RunsACommandOfAGroupWithGlobalOptionsAnywhere) {
  EXPECT_EQ(Call({"key", "show", "x", "--home", "/h"}).out, "show x at /h\n");
  EXPECT_EQ(Call({"--home", "/h", "key", "new"}).out, "new  at /h\n");
  EXPECT_EQ(Call({"-C", "/h", "status", "key"}).out, "status key at /h\n");
}

TEST(CommandLine, NamesTheCommandsOfAGroup) {
  const Said said = Call({"key"});
  EXPECT_EQ(said.exit_code, 2);
  EXPECT_NE(said.err.find("`gapferry-test key` needs one of its commands: new, show"),
            std::string::npos)
      << said.err;
  EXPECT_NE(said.err.find("`gapferry-test key show`: say the word"), std::string::npos);
  EXPECT_EQ(Call({"key", "--help"}).exit_code, 0);
  EXPECT_NE(Call({"key", "--help"}).out.find("show"), std::string::npos);
}

TEST(CommandLine, ProposesTheNearestCommandOfTheGroup) {
  const Said said = Call({"--home", "/h", "key", "shwo"});
  EXPECT_EQ(said.exit_code, 2);
  EXPECT_NE(said.err.find("there is no command \"shwo\""), std::string::npos) << said.err;
  EXPECT_NE(said.err.find("show"), std::string::npos);
  EXPECT_NE(said.err.find("`gapferry-test key --help`"), std::string::npos);
  EXPECT_NE(Call({"key", "show", "--nonsense"}).err.find("`gapferry-test key show --help`"),
            std::string::npos);
}

TEST(CommandLine, DescribesGroupsInTheManual) {
  const std::string page = Call({"manual"}).out;
  for (const char* part : {".SS key\n", ".SS key show\n", ".SS status\n"}) {
    EXPECT_NE(page.find(part), std::string::npos) << part;
  }
}

// bash itself says what the script would propose.
TEST(CommandLine, CompletesCommandsOfAGroup) {
  const auto script =
      std::filesystem::temp_directory_path() / fmt::format("gapferry-completion-{}", ::getpid());
  std::ofstream(script) << Call({"completion"}).out;
  const auto propose = [&](const std::string& words, int at) {
    const std::string command = fmt::format(
        "bash -c 'source {}; COMP_WORDS=({}); COMP_CWORD={}; _gapferry_test; echo "
        "${{COMPREPLY[*]}}'",
        script.string(), words, at);
    std::FILE* pipe = ::popen(command.c_str(), "r");
    char buffer[4096] = {};
    const std::size_t got = std::fread(buffer, 1, sizeof(buffer) - 1, pipe);
    ::pclose(pipe);
    return std::string(buffer, got);
  };
  EXPECT_EQ(propose("gapferry-test ke", 1), "key\n");
  EXPECT_EQ(propose("gapferry-test key s", 2), "show\n");
  EXPECT_EQ(propose("gapferry-test --home /h key n", 4), "new\n");
  EXPECT_EQ(propose("gapferry-test key show --ho", 3), "--home\n");
  std::filesystem::remove(script);
}

}  // namespace
}  // namespace gapferry
