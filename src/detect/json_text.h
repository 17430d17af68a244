// detect/json_text.h: JSON as text, for files too large to build as documents.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gapferry::detect {

// `text` quoted and escaped; it is UTF-8, as all text of the store is.
void AppendJson(std::string_view text, std::string* out);

// The members of one object, in the order of the calls.
class JsonMembers {
 public:
  explicit JsonMembers(std::string* out) : out_(out) { *out_ += '{'; }
  void Text(std::string_view key, std::string_view value);
  // Nothing if the value is empty.
  void TextIfAny(std::string_view key, std::string_view value);
  void Flag(std::string_view key, bool value);
  void Number(std::string_view key, std::int64_t value);
  // Writes the key; what the caller appends next is its value.
  std::string* Raw(std::string_view key);
  void Close() { *out_ += '}'; }

 private:
  std::string* out_;
  bool first_ = true;
};

}  // namespace gapferry::detect
