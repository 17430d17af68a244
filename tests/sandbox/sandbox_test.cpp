#include "sandbox/sandbox.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "sandbox/fence.h"

namespace gapferry::sandbox {
namespace {

Fd Scratch() {
  return UnnamedFile(testing::TempDir()).value();
}

Ending RunChild(const std::function<int(const ChildPipes&)>& body, Limits limits = {}) {
  auto child = Child::Start(body, Scratch(), limits, /*require_landlock=*/false);
  EXPECT_TRUE(child.ok());
  return child->Wait().value();
}

TEST(Sandbox, LetsTheChildReadItsPipeUseItsScratchFileAndAnswer) {
  auto child = Child::Start(
      [](const ChildPipes& pipes) {
        std::array<std::uint8_t, 5> word{};
        if (!ReadFull(pipes.input, word).ok()) return 1;
        if (::pwrite(pipes.scratch, word.data(), word.size(), 0) != 5) return 2;
        std::array<std::uint8_t, 5> back{};
        if (::pread(pipes.scratch, back.data(), back.size(), 0) != 5) return 3;
        return WriteFull(pipes.output, back).ok() ? 0 : 4;
      },
      Scratch(), {}, /*require_landlock=*/false);
  ASSERT_TRUE(child.ok());
  EXPECT_TRUE(child->level().seccomp);
  ASSERT_TRUE(WriteFull(child->to_child(), AsBytes("hello")).ok());
  std::array<std::uint8_t, 5> answer{};
  ASSERT_TRUE(ReadFull(child->from_child(), answer).ok());
  EXPECT_EQ(AsText(answer), "hello");
  EXPECT_EQ(child->Wait().value().exit_code, 0);
}

// The kernel's own answer is the oracle: what it offers, the child must have.
TEST(Sandbox, ReachesTheLandlockThatTheKernelOffers) {
  constexpr long kCreateRuleset = 444;
  const long offered = ::syscall(kCreateRuleset, nullptr, 0, 1);
  auto child = Child::Start([](const ChildPipes&) { return 0; }, Scratch(), {},
                            /*require_landlock=*/offered > 0);
  ASSERT_TRUE(child.ok());
  EXPECT_EQ(child->level().landlock_abi, offered > 0 ? offered : 0);
  EXPECT_EQ(child->Wait().value().exit_code, 0);
}

TEST(Sandbox, KillsAChildThatTriesASocketAProgramOrAnotherProcess) {
  EXPECT_TRUE(
      RunChild([](const ChildPipes&) { return ::socket(AF_INET, SOCK_STREAM, 0); }).BrokeRules());
  EXPECT_TRUE(RunChild([](const ChildPipes&) {
                return ::execl("/bin/true", "true", nullptr);
              }).BrokeRules());
  EXPECT_TRUE(RunChild([](const ChildPipes&) { return ::kill(::getppid(), 0); }).BrokeRules());
}

TEST(Sandbox, OpensNoFileAndInheritsNoDescriptor) {
  const Ending ending = RunChild([](const ChildPipes&) {
    if (::open("/etc/passwd", O_RDONLY) >= 0) return 1;
    if (::open("/tmp/gapferry-escape", O_RDWR | O_CREAT, 0600) >= 0) return 2;
    for (int fd = 6; fd < 64; ++fd) {
      if (::lseek(fd, 0, SEEK_CUR) >= 0 || errno != EBADF) return 3;
    }
    return 0;
  });
  EXPECT_EQ(ending.exit_code, 0) << ending.Describe();
}

TEST(Sandbox, MapsNothingExecutable) {
  const Ending ending = RunChild([](const ChildPipes&) {
    void* page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? 0 : 1;
  });
  EXPECT_EQ(ending.exit_code, 0) << ending.Describe();
}

TEST(Sandbox, StopsAChildThatWritesWithoutEnd) {
  const Ending ending = RunChild(
      [](const ChildPipes& pipes) {
        const std::string block(65536, 'x');
        while (WriteFull(pipes.scratch, AsBytes(block)).ok()) {
        }
        return 0;
      },
      {.file_bytes = 1 << 20});
  EXPECT_EQ(ending.signal, SIGXFSZ);
}

#ifndef GAPFERRY_SANITIZED
TEST(Sandbox, LimitsMemory) {
  const Ending ending = RunChild(
      [](const ChildPipes&) {
        void* memory =
            ::mmap(nullptr, 512 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return memory == MAP_FAILED ? 0 : 1;
      },
      {.memory_bytes = 256 << 20});
  EXPECT_EQ(ending.exit_code, 0) << ending.Describe();
}
#endif

TEST(ForbidNetwork, KillsTheProcessThatTriesASocket) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (!ForbidNetwork().ok()) ::_exit(1);
    (void)::socket(AF_UNIX, SOCK_STREAM, 0);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGSYS);
}

class FenceTest : public ::testing::Test {
 protected:
  FenceTest() {
    std::string name = testing::TempDir() + "/fenceXXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    std::filesystem::create_directory(folder_ / "inside");
    EXPECT_TRUE(WriteFileAtomically(folder_ / "secret", "secret").ok());
  }
  ~FenceTest() override { std::filesystem::remove_all(folder_); }

  CommandEnd Run(const std::vector<std::string>& argv, std::uint64_t memory = 2ULL << 30) {
    Fence fence;
    fence.folder = folder_ / "inside";
    fence.memory_bytes = memory;
    auto end = RunFenced(argv, std::chrono::seconds(30), fence, /*require_landlock=*/true);
    EXPECT_TRUE(end.ok()) << (end.ok() ? "" : end.error().what);
    return end.ok() ? *end : CommandEnd{CommandEnd::How::kTimedOut, 0, ""};
  }

  std::filesystem::path folder_;
};

TEST_F(FenceTest, AProgramReachesItsFolderOnly) {
  const std::string inside = (folder_ / "inside" / "file").string();
  const std::string secret = (folder_ / "secret").string();
  EXPECT_TRUE(Run({"sh", "-c", "echo x > " + inside + " && cat " + inside}).ok());
  EXPECT_TRUE(Run({"sh", "-c", "echo x > /dev/null"}).ok());
  EXPECT_FALSE(Run({"cat", secret}).ok());
  EXPECT_FALSE(Run({"cat", "/etc/hostname"}).ok());
  EXPECT_FALSE(Run({"sh", "-c", "echo x > " + secret}).ok());
  EXPECT_FALSE(Run({"rm", secret}).ok());
  EXPECT_TRUE(std::filesystem::exists(secret));
}

TEST_F(FenceTest, AProgramHasNoNetworkAndLimits) {
  const std::string connect =
      "import socket\ntry:\n socket.socket()\nexcept PermissionError:\n raise SystemExit(7)\n";
  EXPECT_EQ(Run({"/usr/bin/python3", "-c", connect}).value, 7);
#ifndef GAPFERRY_SANITIZED
  EXPECT_FALSE(Run({"/usr/bin/python3", "-c", "x = bytearray(1 << 29)"}, 256ULL << 20).ok());
#endif
  EXPECT_FALSE(Run({"sh", "-c", "kill -9 $PPID"}).ok());
}

}  // namespace
}  // namespace gapferry::sandbox
