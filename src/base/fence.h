// base/fence.h: a program of the consumer's that reads what strangers wrote, and what it may touch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/command.h"

namespace gapferry {

struct Fence {
  std::filesystem::path folder;  // all that it may change
  // What it may read besides, and besides the system's programs and libraries.
  std::vector<std::filesystem::path> readable;
  std::uint64_t memory_bytes = 2ULL << 30;  // address space
  std::uint64_t cpu_seconds = 60;
};

// As RunCommand, within the fence; no network. Errors: kSandbox if the fence cannot be put up, kIo.
using FencedRunner = std::function<Result<CommandEnd>(
    const std::vector<std::string>& argv, std::chrono::seconds timeout, const Fence& fence)>;

}  // namespace gapferry
