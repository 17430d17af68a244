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
  kNone,      // no JSON
  kDocument,  // one document, or several on a line each; also one that is too long to be judged
  kMessage,   // the same without a list or object in it, but for those that tell an error; or a
              // sentence as a string, null, true or false
  kBroken,    // begins as JSON does, and is cut off or damaged
};

// `text`: without white space before it. `whole`: nothing follows it. A call with a document
// (JSONP) is judged by its document.
[[nodiscard]] JsonForm FormOfJson(std::string_view text, bool whole);

// From the document on, of a call such as `callback({"a":1});`; else the text itself.
[[nodiscard]] std::string_view WithoutCall(std::string_view text);

}  // namespace gapferry::collect
