#include "collect/exclusion.h"

#include <re2/re2.h>

#include <string>

#include "base/bytes.h"

namespace gapferry::collect {
namespace {

constexpr std::size_t kMaxPattern = 4096;
constexpr std::int64_t kMaxMemory = 8 << 20;

// The pattern between its delimiters, and its flags; false if it has no delimiters.
bool Delimited(std::string_view text, std::string_view* pattern, std::string_view* flags) {
  if (text.size() < 2 || IsAsciiAlnum(text[0]) || text[0] == '\\' || text[0] == '^' ||
      text[0] == '(' || text[0] == '[' || text[0] == '.') {
    return false;
  }
  const std::size_t close = text.rfind(text[0]);
  if (close == 0) return false;
  *pattern = text.substr(1, close - 1);
  *flags = text.substr(close + 1);
  return flags->find_first_not_of("imsux") == std::string_view::npos;
}

}  // namespace

struct Exclusion::State {
  State(const std::string& pattern, const RE2::Options& options) : regex(pattern, options) {}
  RE2 regex;
};

Exclusion::Exclusion() = default;
Exclusion::Exclusion(const Exclusion&) = default;
Exclusion& Exclusion::operator=(const Exclusion&) = default;
Exclusion::~Exclusion() = default;

Result<Exclusion> Exclusion::Parse(std::string_view text) {
  Exclusion exclusion;
  if (text.empty()) return exclusion;
  if (text.size() > kMaxPattern)
    return Error::Make(Kind::kConfig, "a pattern of {} bytes; the limit is {}", text.size(),
                       kMaxPattern);
  std::string_view pattern = text;
  std::string_view flags;
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemory);
  std::string whole;
  if (Delimited(text, &pattern, &flags)) {
    options.set_case_sensitive(flags.find('i') == std::string_view::npos);
    if (flags.find('m') != std::string_view::npos) whole += "(?m)";
    if (flags.find('s') != std::string_view::npos) whole += "(?s)";
  }
  whole += pattern;
  auto state = std::make_shared<State>(whole, options);
  if (!state->regex.ok())
    return Error::Make(Kind::kConfig, "\"{}\" is no pattern: {}", text, state->regex.error())
        .Hint(
            "look-ahead and back-references are not supported (RE2); a list of words is "
            "\"^(one|two)\"");
  exclusion.state_ = std::move(state);
  return exclusion;
}

bool Exclusion::Matches(std::string_view value) const {
  return state_ != nullptr &&
         RE2::PartialMatch(re2::StringPiece(value.data(), value.size()), state_->regex);
}

}  // namespace gapferry::collect
