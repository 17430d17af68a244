// collect/json_message.h: tells a JSON document that a server sends in place of a feed, such as its
// message of an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gapferry::collect {

// A longer JSON document is no message of an error.
constexpr std::size_t kMaxErrorDocument = 1 << 20;

enum class JsonForm : std::uint8_t {
  kNone,      // no JSON, or too long to be judged
  kDocument,  // one document, or several on a line each
  kMessage,   // the same without a list or object in it, but for those that tell an error; or a
              // sentence as a string
  kBroken,    // begins as JSON does, and is cut off or damaged
};

// `text`: the whole, without white space before it.
[[nodiscard]] JsonForm FormOfJson(std::string_view text);

}  // namespace gapferry::collect
