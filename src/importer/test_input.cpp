#include "importer/test_input.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "importer/line_feed.h"

namespace gapferry::importer {
namespace {

struct Named {
  TestInput input;
  std::string_view name;
};
constexpr auto kNames = std::to_array<Named>(
    {{TestInput::kValue, "value"}, {TestInput::kPcap, "pcap"}, {TestInput::kLog, "log"}});

using Magic = std::array<std::uint8_t, 4>;
constexpr auto kMagics = std::to_array<Magic>({
    {0xA1, 0xB2, 0xC3, 0xD4},
    {0xD4, 0xC3, 0xB2, 0xA1},
    {0xA1, 0xB2, 0x3C, 0x4D},  // nanoseconds
    {0x4D, 0x3C, 0xB2, 0xA1},
    {0x0A, 0x0D, 0x0D, 0x0A},  // pcapng
});

}  // namespace

std::string_view TestInputName(TestInput input) {
  for (const Named& one : kNames) {
    if (one.input == input) return one.name;
  }
  return "";
}

std::optional<TestInput> FindTestInput(std::string_view name) {
  for (const Named& one : kNames) {
    if (one.name == name) return one.input;
  }
  return std::nullopt;
}

bool IsCapture(ByteView head) {
  return std::any_of(kMagics.begin(), kMagics.end(), [&](const Magic& magic) {
    return head.size() >= magic.size() && std::equal(magic.begin(), magic.end(), head.begin());
  });
}

Result<TestInput> RecogniseInput(const std::string& asked) {
  if (asked == "-") return TestInput::kLog;
  std::error_code error;
  if (asked.empty() || !std::filesystem::exists(asked, error) || error) return TestInput::kValue;
  GF_TRY(const Fd file, OpenInput(asked));
  std::array<std::uint8_t, 4> head{};
  GF_TRY(const std::size_t got, ReadFull(file.get(), head));
  return IsCapture(ByteView(head).first(got)) ? TestInput::kPcap : TestInput::kLog;
}

}  // namespace gapferry::importer
