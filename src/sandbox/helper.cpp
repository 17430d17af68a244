#include "sandbox/helper.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "sandbox/fence.h"

namespace gapferry::sandbox {
namespace {

// Both directions: a length (4 bytes, this machine's order) and that much JSON.
constexpr std::uint32_t kMaxMessage = 1 << 20;

Status Send(int fd, const Json& message) {
  const std::string text = DumpJson(message);
  const auto size = static_cast<std::uint32_t>(text.size());
  std::array<std::uint8_t, sizeof(size)> head;
  std::memcpy(head.data(), &size, sizeof(size));
  GF_CHECK(WriteFull(fd, head));
  return WriteFull(fd, AsBytes(text));
}

Result<Json> Receive(int fd) {
  std::uint32_t size = 0;
  std::array<std::uint8_t, sizeof(size)> head{};
  GF_TRY(const std::size_t got, ReadFull(fd, head));
  std::memcpy(&size, head.data(), sizeof(size));
  if (got != head.size() || size > kMaxMessage) {
    return Error::Make(Kind::kIo, "the helper that runs checks is gone");
  }
  Bytes body(size);
  GF_TRY(const std::size_t whole, ReadFull(fd, body));
  if (whole != size) return Error::Make(Kind::kIo, "the helper that runs checks is gone");
  return ParseJson(AsText(body));
}

Result<CommandEnd> Obey(const Json& request) {
  const auto argv = request.at("argv").get<std::vector<std::string>>();
  const std::chrono::seconds timeout(request.at("timeout").get<std::int64_t>());
  if (!request.contains("fence")) return RunCommand(argv, timeout);
  const Json& asked = request["fence"];
  Fence fence;
  fence.folder = asked.at("folder").get<std::string>();
  for (const Json& path : asked.at("readable"))
    fence.readable.emplace_back(path.get<std::string>());
  fence.memory_bytes = asked.at("memory").get<std::uint64_t>();
  fence.cpu_seconds = asked.at("cpu").get<std::uint64_t>();
  return RunFenced(argv, timeout, fence, asked.at("require_landlock").get<bool>());
}

[[noreturn]] void Serve(int requests, int answers) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  // It has no filter, so nobody who has one may reach into it.
  ::prctl(PR_SET_DUMPABLE, 0);
  for (;;) {
    const Result<Json> request = Receive(requests);
    if (!request.ok()) ::_exit(0);
    const Result<CommandEnd> end = Obey(*request);
    const Json answer = end.ok() ? Json{{"how", static_cast<int>(end->how)},
                                        {"value", end->value},
                                        {"output", end->output}}
                                 : Json{{"error", end.error().what},
                                        {"confined", end.error().kind != Kind::kSandbox}};
    if (!Send(answers, answer).ok()) ::_exit(0);
  }
}

}  // namespace

CommandHelper::CommandHelper(CommandHelper&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      requests_(std::move(other.requests_)),
      answers_(std::move(other.answers_)) {}

CommandHelper::~CommandHelper() {
  if (pid_ <= 0) return;
  requests_.Close();
  ::waitpid(pid_, nullptr, 0);
}

Result<CommandHelper> CommandHelper::Start() {
  std::array<int, 2> request{};
  std::array<int, 2> answer{};
  if (::pipe2(request.data(), O_CLOEXEC) != 0) return SystemError("cannot make a pipe", errno);
  Fd request_read(request[0]);
  Fd request_write(request[1]);
  if (::pipe2(answer.data(), O_CLOEXEC) != 0) return SystemError("cannot make a pipe", errno);
  Fd answer_read(answer[0]);
  Fd answer_write(answer[1]);
  const pid_t pid = ::fork();
  if (pid < 0) return SystemError("cannot start the helper that runs checks", errno);
  if (pid == 0) {
    request_write.Close();
    answer_read.Close();
    Serve(request_read.get(), answer_write.get());
  }
  return CommandHelper(pid, std::move(request_write), std::move(answer_read));
}

Result<CommandEnd> CommandHelper::Run(const std::vector<std::string>& argv,
                                      std::chrono::seconds timeout) {
  return Ask({{"argv", argv}, {"timeout", timeout.count()}});
}

Result<CommandEnd> CommandHelper::RunFenced(const std::vector<std::string>& argv,
                                            std::chrono::seconds timeout, const Fence& fence,
                                            bool require_landlock) {
  Json readable = Json::array();
  for (const std::filesystem::path& path : fence.readable)
    readable.push_back(path.string());
  return Ask({{"argv", argv},
              {"timeout", timeout.count()},
              {"fence",
               {{"folder", fence.folder.string()},
                {"readable", std::move(readable)},
                {"memory", fence.memory_bytes},
                {"cpu", fence.cpu_seconds},
                {"require_landlock", require_landlock}}}});
}

Result<CommandEnd> CommandHelper::Ask(const Json& request) {
  GF_CHECK(Send(requests_.get(), request));
  GF_TRY(const Json answer, Receive(answers_.get()));
  if (answer.contains("error")) {
    const Kind kind = answer.at("confined").get<bool>() ? Kind::kIo : Kind::kSandbox;
    return Error::Make(kind, "{}", answer["error"].get<std::string>());
  }
  CommandEnd end;
  end.how = static_cast<CommandEnd::How>(answer.at("how").get<int>());
  end.value = answer.at("value").get<int>();
  end.output = answer.at("output").get<std::string>();
  return end;
}

}  // namespace gapferry::sandbox
