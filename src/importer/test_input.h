// importer/test_input.h: what `test` was given: a value, a capture or a log. Its content says so,
// not its name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace gapferry::importer {

enum class TestInput { kValue, kPcap, kLog };
[[nodiscard]] std::string_view TestInputName(TestInput input);
[[nodiscard]] std::optional<TestInput> FindTestInput(std::string_view name);

// libpcap's four magic numbers and the block type that begins a pcapng file.
[[nodiscard]] bool IsCapture(ByteView head);

// "-" is a log; what is the name of a file is looked into; all else is a value. Errors: kIo for
// what is there, but is no regular file.
[[nodiscard]] Result<TestInput> RecogniseInput(const std::string& asked);

}  // namespace gapferry::importer
