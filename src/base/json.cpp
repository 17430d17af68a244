#include "base/json.h"

#include <algorithm>
#include <set>
#include <vector>

namespace gapferry {
namespace {

// Runs before the tree is built, so that depth and duplicate keys are refused without recursion.
class Validator : public nlohmann::json_sax<Json> {
 public:
  explicit Validator(const JsonLimits& limits) : limits_(limits) {}

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return Descend(); }
  bool start_array(std::size_t) override { return Descend(); }
  bool end_object() override { return Ascend(); }
  bool end_array() override { return Ascend(); }
  bool key(string_t& name) override {
    if (keys_.back().insert(name).second || limits_.twice) return true;
    problem_ = fmt::format("key \"{}\" is given twice", name);
    return false;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    position_ = position;
    problem_ = error.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error …": the place
    // is ours to say.
    const std::size_t colon = problem_.find(": ");
    if (colon != std::string::npos) problem_ = problem_.substr(colon + 2);
    return false;
  }

  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] std::optional<std::size_t> position() const { return position_; }

 private:
  bool Descend() {
    if (keys_.size() >= limits_.max_depth) {
      problem_ = fmt::format("nested deeper than {} levels", limits_.max_depth);
      return false;
    }
    keys_.emplace_back();
    return true;
  }
  bool Ascend() {
    keys_.pop_back();
    return true;
  }

  JsonLimits limits_;
  std::vector<std::set<std::string>> keys_;
  std::string problem_;
  std::optional<std::size_t> position_;
};

}  // namespace

std::string LineAndColumn(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t newline = before.rfind('\n');
  const std::size_t column =
      newline == std::string_view::npos ? before.size() + 1 : before.size() - newline;
  return fmt::format("line {}, column {}", line, column);
}

Result<Json> ParseJson(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return Error::Make(Kind::kTooLarge, "JSON of {} bytes; the limit is {}", text.size(),
                       limits.max_bytes);
  }
  // The parser takes a NUL for the end, whatever comes after it.
  const std::size_t nul = text.find('\0');
  if (nul != std::string_view::npos)
    return Error::Make(Kind::kMalformed, "{}: a NUL byte", LineAndColumn(text, nul));
  Validator validator(limits);
  if (!Json::sax_parse(text, &validator)) {
    if (validator.position()) {
      const std::size_t offset = *validator.position() > 0 ? *validator.position() - 1 : 0;
      return Error::Make(Kind::kMalformed, "{}: {}", LineAndColumn(text, offset),
                         validator.problem());
    }
    return Error::Make(Kind::kMalformed, "{}", validator.problem());
  }
  return Json::parse(text, nullptr, /*allow_exceptions=*/false);
}

std::string DumpJson(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string DumpJsonPretty(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace gapferry
