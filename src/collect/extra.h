// collect/extra.h: the fields of a row that no list names, kept beside it as one compact JSON
// object.
#pragma once

#include <string>

#include "collect/strict_sax.h"

namespace gapferry::collect {

constexpr std::size_t kMaxExtraBytes = 64 << 10;

// Appends `text` as a JSON string.
void AppendJsonString(std::string_view text, std::string* out);

// Writes one value at a time into the object of its row. What does not fit into kMaxExtraBytes, and
// what is empty, leaves no trace.
class ExtraWriter {
 public:
  // `extra` is empty or a JSON object; null to keep nothing.
  void Begin(std::string* extra, std::string_view key);
  void Key(std::string_view key);
  void Value(const Scalar& value);
  void Open(bool object);
  void Close();
  // The value is complete.
  void End();

 private:
  void Separate();
  void Limit();

  std::string* extra_ = nullptr;
  std::size_t start_ = 0;    // size before this key
  std::size_t content_ = 0;  // where its value begins
  std::string closers_;
};

}  // namespace gapferry::collect
