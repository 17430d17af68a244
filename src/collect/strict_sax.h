// collect/strict_sax.h: JSON from strangers as a stream of events, with the rules that nlohmann's
// parser does not have: bounded depth and no key twice in one object.
#pragma once

#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/json.h"
#include "collect/byte_stream.h"

namespace gapferry::collect {

constexpr std::size_t kMaxJsonDepth = 64;

// A place in a file, and why what stands there was not taken.
struct Refusal {
  Kind kind = Kind::kMalformed;
  std::string file;
  std::uint64_t line = 0;  // 0: the file as a whole
  std::string reason;

  // "file:line: reason"
  [[nodiscard]] Error ToError() const;
};

struct Scalar {
  enum class Form { kNull, kBool, kInteger, kFraction, kText };
  Form form = Form::kNull;
  std::string_view text;  // kText: the string; kInteger, kFraction: the digits
  std::int64_t integer = 0;
  bool flag = false;
};

// The keys of one object. Compared by a 64-bit hash: a stranger who makes two collide has only his
// own file refused.
class KeySet {
 public:
  [[nodiscard]] bool Insert(std::string_view key);
  void Clear();

 private:
  static constexpr std::size_t kFew = 48;
  std::vector<std::size_t> few_;
  std::unordered_set<std::size_t> many_;
};

class StrictSax : public nlohmann::json_sax<Json> {
 public:
  // Reads exactly one JSON value. What is wrong with it comes back as a refusal; an error is what
  // a hook stopped with.
  [[nodiscard]] Result<std::optional<Refusal>> Run(ByteStream& stream, std::string_view file);

  // For nlohmann's parser only.
  bool null() final;
  bool boolean(bool value) final;
  bool number_integer(number_integer_t value) final;
  bool number_unsigned(number_unsigned_t value) final;
  bool number_float(number_float_t value, const string_t& digits) final;
  bool string(string_t& value) final;
  bool binary(binary_t& value) final;
  bool start_object(std::size_t elements) final;
  bool start_array(std::size_t elements) final;
  bool end_object() final;
  bool end_array() final;
  bool key(string_t& name) final;
  bool parse_error(std::size_t position, const std::string& token,
                   const nlohmann::detail::exception& error) final;

 protected:
  // Hooks: false ends the reading, after Refuse or Fail.
  virtual bool OnKey(const std::string& key) = 0;
  virtual bool OnScalar(const Scalar& value) = 0;
  virtual bool OnOpen(bool object) = 0;
  virtual bool OnClose() = 0;

  bool Refuse(Kind kind, std::string reason);
  bool Fail(Error error);
  [[nodiscard]] std::uint64_t Line() { return stream_->Line(); }
  [[nodiscard]] std::size_t depth() const { return depth_; }

 private:
  bool Open(bool object);

  ByteStream* stream_ = nullptr;
  std::string file_;
  std::size_t depth_ = 0;
  std::vector<KeySet> keys_;  // by depth, reused
  std::optional<Refusal> refusal_;
  std::optional<Error> failure_;
};

}  // namespace gapferry::collect
