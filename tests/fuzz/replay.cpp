// tests/fuzz/replay.cpp: runs a fuzz target without libFuzzer, the same way every time.
//
//   NAME_replay FOLDER                   every file of FOLDER, the target's seeds, and mutations of
//   both NAME_replay --write-seeds FOLDER     writes the seeds as files, for libFuzzer
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string_view>

#include "fuzz.h"

namespace {

constexpr int kMutations = 20000;
// Larger inputs get fewer mutations, so that a target takes about the same time.
constexpr std::size_t kMutatedBytes = 64 << 20;
// A slow target stops here; how far it came is the only thing that differs from run to run.
constexpr std::chrono::seconds kLongest{15};

void Feed(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// One to four small changes; `other` lends what is spliced in.
std::string Mutate(std::string input, const std::string& other, std::mt19937& random) {
  const auto below = [&](std::size_t limit) { return limit == 0 ? 0 : random() % limit; };
  for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
    const std::size_t at = below(input.size());
    const std::size_t length = std::min<std::size_t>(1 + below(64), input.size() - at);
    switch (below(6)) {
      case 0:
        if (!input.empty()) input[at] = static_cast<char>(input[at] ^ 1 << below(8));
        break;
      case 1:
        input.erase(at, length);
        break;
      case 2:
        input.insert(at, input.substr(at, length));
        break;
      case 3:
        input.insert(at, 1, static_cast<char>(random()));
        break;
      case 4:
        input.insert(at, other.substr(below(other.size()), 1 + below(600)));
        break;
      default:
        input.resize(at);
        break;
    }
  }
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> seeds = FuzzSeeds();
  if (argc == 3 && std::string_view(argv[1]) == "--write-seeds") {
    std::filesystem::create_directories(argv[2]);
    for (std::size_t i = 0; i < seeds.size(); ++i) {
      std::ofstream(std::filesystem::path(argv[2]) / ("seed-" + std::to_string(i)),
                    std::ios::binary)
          << seeds[i];
    }
    return 0;
  }
  if (argc == 2 && std::filesystem::is_directory(argv[1])) {
    std::vector<std::filesystem::path> paths;
    std::copy(std::filesystem::directory_iterator(argv[1]), {}, std::back_inserter(paths));
    std::sort(paths.begin(), paths.end());
    for (const auto& path : paths) {
      seeds.push_back(ReadAll(path));
    }
  }
  if (seeds.empty()) {
    std::fprintf(stderr,
                 "nothing to replay: the target has no seeds and the folder holds no file\n");
    return 1;
  }
  Feed("");
  for (const std::string& seed : seeds) {
    Feed(seed);
  }
  std::mt19937 random(1);
  std::size_t bytes = 0;
  const auto end = std::chrono::steady_clock::now() + kLongest;
  for (int i = 0; i < kMutations && bytes < kMutatedBytes; ++i) {
    if (std::chrono::steady_clock::now() > end) break;
    const std::string& seed = seeds[random() % seeds.size()];
    const std::string input = Mutate(seed, seeds[random() % seeds.size()], random);
    bytes += input.size();
    Feed(input);
  }
  return 0;
}
