#include "base/command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/bytes.h"
#include "base/console.h"
#include "base/file.h"

namespace gapferry {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxOutput = 64 << 10;
constexpr int kCannotExec = 127;

struct Child {
  pid_t pid = -1;
  Fd output;
};

Result<Child> Start(const std::vector<std::string>& arguments,
                    const std::function<bool()>& prepare) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return SystemError("cannot create a pipe", errno);
  Child child{-1, Fd(ends[0])};
  const Fd writer(ends[1]);
  std::vector<char*> argv;
  for (const std::string& argument : arguments)
    argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  child.pid = ::fork();
  if (child.pid < 0) return SystemError("cannot start " + arguments[0], errno);
  if (child.pid == 0) {
    ::setpgid(0, 0);
    const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null >= 0) ::dup2(null, STDIN_FILENO);
    ::dup2(writer.get(), STDOUT_FILENO);
    ::dup2(writer.get(), STDERR_FILENO);
    const bool prepared = !prepare || prepare();
    if (prepared) ::execvp(argv[0], argv.data());
    const char* reason = prepared ? std::strerror(errno) : "it could not be confined";
    static_cast<void>(!::write(STDERR_FILENO, reason, std::strlen(reason)));
    ::_exit(kCannotExec);
  }
  return child;
}

// Reads until the child closes its output or time is up; true if it closed.
bool Drain(const Fd& fd, Clock::time_point deadline, std::string* output) {
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd waiting{fd.get(), POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::min<long>(left, 60'000)));
    if (ready < 0 && errno != EINTR) return false;
    if (ready <= 0) continue;
    char buffer[4096];
    const ssize_t got = ::read(fd.get(), buffer, sizeof(buffer));
    if (got == 0 || (got < 0 && errno != EINTR)) return true;
    if (got < 0) continue;
    output->append(buffer, static_cast<std::size_t>(got));
    if (output->size() > kMaxOutput) output->erase(0, output->size() - kMaxOutput);
  }
}

// Waits for a child that may go on after it closed its output.
bool Await(pid_t pid, Clock::time_point deadline, int* status) {
  while (true) {
    const pid_t done = ::waitpid(pid, status, WNOHANG);
    if (done == pid) return true;
    if (done < 0 && errno != EINTR) return false;
    if (Clock::now() >= deadline) return false;
    ::poll(nullptr, 0, 10);
  }
}

}  // namespace

std::string CommandEnd::Describe() const {
  switch (how) {
    case How::kExited:
      return fmt::format("exit code {}", value);
    case How::kKilled:
      return fmt::format("signal {}", value);
    case How::kTimedOut:
      return "no end within its time";
  }
  return "";
}

Error CommandEnd::Explain(Error error) const {
  constexpr std::size_t kShown = 800;
  constexpr std::size_t kLines = 8;
  std::string_view text = AsciiTrim(output);
  if (text.empty()) return std::move(error).Hint("it printed nothing");
  if (text.size() > kShown) text.remove_prefix(text.size() - kShown);
  for (auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
       lines > kLines; --lines)
    text.remove_prefix(text.find('\n') + 1);
  std::string_view begin = "its output ended with: ";
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = text.find('\n');
    error = std::move(error).Hint("{}{}", begin, Printable(AsciiTrim(text.substr(0, end))));
    if (end != std::string_view::npos) text.remove_prefix(end + 1);
    begin = "    ";
  }
  return error;
}

Result<CommandEnd> RunCommand(const std::vector<std::string>& argv, std::chrono::seconds timeout,
                              const std::function<bool()>& prepare) {
  const Clock::time_point deadline = Clock::now() + timeout;
  GF_TRY(const Child child, Start(argv, prepare));
  CommandEnd end;
  int status = 0;
  if (!Drain(child.output, deadline, &end.output) || !Await(child.pid, deadline, &status)) {
    ::kill(-child.pid, SIGKILL);
    ::waitpid(child.pid, &status, 0);
    end.how = CommandEnd::How::kTimedOut;
    return end;
  }
  end.how = WIFEXITED(status) ? CommandEnd::How::kExited : CommandEnd::How::kKilled;
  end.value = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
  return end;
}

}  // namespace gapferry
