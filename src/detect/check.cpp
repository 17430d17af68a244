#include "detect/check.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/console.h"
#include "base/file.h"

namespace gapferry::detect {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxOutput = 64 << 10;
constexpr std::size_t kShown = 400;
constexpr int kCannotExec = 127;

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

struct Child {
  pid_t pid = -1;
  Fd output;
};

Result<Child> Start(const std::vector<std::string>& arguments) {
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
    ::execvp(argv[0], argv.data());
    const char* reason = std::strerror(errno);
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

std::string Tail(std::string_view output) {
  output = AsciiTrim(output);
  return Printable(output.size() > kShown ? output.substr(output.size() - kShown) : output);
}

}  // namespace

Status RunCheck(const Destination& destination, const std::filesystem::path& folder) {
  if (destination.check.empty()) return Ok();
  const std::vector<std::string> arguments = Arguments(destination, folder);
  const Clock::time_point deadline = Clock::now() + destination.check_timeout;
  GF_TRY(const Child child, Start(arguments));
  std::string output;
  int status = 0;
  if (!Drain(child.output, deadline, &output) || !Await(child.pid, deadline, &status)) {
    ::kill(-child.pid, SIGKILL);
    ::waitpid(child.pid, &status, 0);
    return Error::Make(Kind::kArtifactCheck, "the check of {} took longer than {} s: {}",
                       destination.name, destination.check_timeout.count(), arguments[0])
        .Hint("its output ended with: {}", Tail(output));
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return Ok();
  const std::string how = WIFEXITED(status) ? fmt::format("exit code {}", WEXITSTATUS(status))
                                            : fmt::format("signal {}", WTERMSIG(status));
  return Error::Make(Kind::kArtifactCheck, "the check of {} ended with {}: {}", destination.name,
                     how, arguments[0])
      .Hint("its output ended with: {}", Tail(output));
}

}  // namespace gapferry::detect
