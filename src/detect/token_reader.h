// detect/token_reader.h: the tokens of a small language, read one after the other.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gapferry::detect {

class TokenReader {
 public:
  explicit TokenReader(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {}

  [[nodiscard]] bool AtEnd() const { return at_ == tokens_.size(); }
  // Empty at the end.
  [[nodiscard]] std::string_view Now() const {
    return AtEnd() ? std::string_view() : std::string_view(tokens_[at_]);
  }
  // The token, which is then behind the reader.
  std::string_view Next() {
    const std::string_view token = Now();
    if (!AtEnd()) ++at_;
    return token;
  }
  bool Take(std::string_view token) {
    if (AtEnd() || Now() != token) return false;
    ++at_;
    return true;
  }

 private:
  std::vector<std::string> tokens_;
  std::size_t at_ = 0;
};

}  // namespace gapferry::detect
