#include "collect/strict_sax.h"

#include <algorithm>
#include <istream>

namespace gapferry::collect {

Error Refusal::ToError() const {
  if (line == 0) return Error::Make(kind, "{}: {}", file, reason);
  return Error::Make(kind, "{}:{}: {}", file, line, reason);
}

bool KeySet::Insert(std::string_view key) {
  const std::size_t hash = std::hash<std::string_view>()(key);
  if (!many_.empty()) return many_.insert(hash).second;
  if (std::find(few_.begin(), few_.end(), hash) != few_.end()) return false;
  few_.push_back(hash);
  if (few_.size() > kFew) many_.insert(few_.begin(), few_.end());
  return true;
}

void KeySet::Clear() {
  few_.clear();
  if (!many_.empty()) many_ = {};
}

Result<std::optional<Refusal>> StrictSax::Run(ByteStream& stream, std::string_view file) {
  stream_ = &stream;
  file_ = file;
  depth_ = 0;
  refusal_.reset();
  failure_.reset();
  std::istream input(&stream);
  const bool whole = Json::sax_parse(input, this);
  if (failure_) return *std::move(failure_);
  // A stream that ended early looks like cut JSON to the parser; the stream knows better.
  if (stream.problem()) {
    return std::optional(
        Refusal{stream.problem()->kind, file_, stream.Line(), stream.problem()->what});
  }
  // The parser takes a NUL for the end.
  if (whole && !refusal_ && !input.eof()) Refuse(Kind::kMalformed, "a NUL byte after the JSON");
  if (!whole && !refusal_) Refuse(Kind::kMalformed, "no JSON");
  return std::move(refusal_);
}

bool StrictSax::Refuse(Kind kind, std::string reason) {
  refusal_ = Refusal{kind, file_, Line(), std::move(reason)};
  return false;
}

bool StrictSax::Fail(Error error) {
  failure_ = std::move(error);
  return false;
}

bool StrictSax::null() {
  stream_->MarkToken();
  return OnScalar({});
}
bool StrictSax::boolean(bool value) {
  stream_->MarkToken();
  return OnScalar({Scalar::Form::kBool, {}, 0, value});
}
bool StrictSax::number_integer(number_integer_t value) {
  stream_->MarkToken();
  const fmt::format_int digits(value);
  return OnScalar({Scalar::Form::kInteger, {digits.data(), digits.size()}, value, false});
}
bool StrictSax::number_unsigned(number_unsigned_t value) {
  stream_->MarkToken();
  const fmt::format_int digits(value);
  const bool fits = value <= static_cast<number_unsigned_t>(INT64_MAX);
  return OnScalar({fits ? Scalar::Form::kInteger : Scalar::Form::kFraction,
                   {digits.data(), digits.size()},
                   fits ? static_cast<std::int64_t>(value) : 0,
                   false});
}
bool StrictSax::number_float(number_float_t, const string_t& digits) {
  stream_->MarkToken();
  return OnScalar({Scalar::Form::kFraction, digits, 0, false});
}
bool StrictSax::string(string_t& value) {
  stream_->MarkToken();
  return OnScalar({Scalar::Form::kText, value, 0, false});
}
bool StrictSax::binary(binary_t&) {
  return false;  // JSON text has none
}

bool StrictSax::Open(bool object) {
  stream_->MarkToken();
  if (depth_ >= kMaxJsonDepth) {
    return Refuse(Kind::kTooLarge, fmt::format("nested deeper than {} levels", kMaxJsonDepth));
  }
  ++depth_;
  if (keys_.size() < depth_) keys_.emplace_back();
  keys_[depth_ - 1].Clear();
  return OnOpen(object);
}
bool StrictSax::start_object(std::size_t) {
  return Open(true);
}
bool StrictSax::start_array(std::size_t) {
  return Open(false);
}
bool StrictSax::end_object() {
  stream_->MarkToken();
  --depth_;
  return OnClose();
}
bool StrictSax::end_array() {
  return end_object();
}

bool StrictSax::key(string_t& name) {
  stream_->MarkToken();
  if (!keys_[depth_ - 1].Insert(name)) {
    return Refuse(Kind::kMalformed, fmt::format("key \"{}\" is given twice", name.substr(0, 100)));
  }
  return OnKey(name);
}

bool StrictSax::parse_error(std::size_t, const std::string&,
                            const nlohmann::detail::exception& error) {
  // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while parsing …
  // - unexpected end of input; …; last read: '…'": the place is said by us.
  std::string reason = error.what();
  const std::size_t colon = reason.find(": ");
  if (colon != std::string::npos) reason = reason.substr(colon + 2);
  constexpr std::size_t kShown = 300;
  if (reason.size() > kShown) reason = reason.substr(0, kShown) + "…";
  return Refuse(Kind::kMalformed, std::move(reason));
}

}  // namespace gapferry::collect
