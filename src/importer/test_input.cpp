#include "importer/test_input.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "importer/line_feed.h"

namespace gapferry::importer {
namespace {

struct NamedInput {
  TestInput input;
  std::string_view name;
};
constexpr auto kInputNames = std::to_array<NamedInput>(
    {{TestInput::kValue, "value"}, {TestInput::kPcap, "pcap"}, {TestInput::kLog, "log"}});

using Magic = std::array<std::uint8_t, 4>;
constexpr auto kMagics = std::to_array<Magic>({
    {0xA1, 0xB2, 0xC3, 0xD4},
    {0xD4, 0xC3, 0xB2, 0xA1},
    {0xA1, 0xB2, 0x3C, 0x4D},  // nanoseconds
    {0x4D, 0x3C, 0xB2, 0xA1},
    {0x0A, 0x0D, 0x0D, 0x0A},  // pcapng
});

// A mistyped name of a file must not look like a value that nothing matches.
bool LooksLikeFile(const std::string& asked) {
  if (asked.find("://") != std::string::npos) return false;
  if (asked.starts_with("./") || asked.starts_with("../")) return true;
  constexpr std::array<std::string_view, 6> kEndings = {".pcap", ".pcapng", ".cap",
                                                        ".log",  ".json",   ".gz"};
  return std::any_of(kEndings.begin(), kEndings.end(),
                     [&](std::string_view ending) { return asked.ends_with(ending); });
}

}  // namespace

std::string_view TestInputName(TestInput input) {
  for (const NamedInput& one : kInputNames) {
    if (one.input == input) return one.name;
  }
  return "";
}

std::optional<TestInput> FindTestInput(std::string_view name) {
  for (const NamedInput& one : kInputNames) {
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
  const auto status = std::filesystem::symlink_status(asked, error);
  if (asked.empty() || status.type() == std::filesystem::file_type::not_found || error) {
    if (!LooksLikeFile(asked)) return TestInput::kValue;
    return Error::Make(Kind::kNotFound, "there is no file {}", asked)
        .Hint("if it is a value, say so: --as value");
  }
  GF_TRY(const Fd file, OpenInput(asked));
  std::array<std::uint8_t, 4> head{};
  GF_TRY(const std::size_t got, ReadFull(file.get(), head));
  return IsCapture(ByteView(head).first(got)) ? TestInput::kPcap : TestInput::kLog;
}

}  // namespace gapferry::importer
