// collect/echo_watch.h: finds a key in what a server sends back, also where JSON writes it with
// escapes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gapferry::collect {

// Takes the escapes of JSON out of text that comes in pieces. Nothing else is looked at: JSON has
// backslashes in strings only.
class Unescaper {
 public:
  // Valid until the next call. An escape that is not whole yet comes with a later piece.
  [[nodiscard]] std::string_view Take(std::string_view bytes);

 private:
  void Add(char c);
  void AddCode(std::uint32_t code);

  std::string text_;
  std::string escape_;      // from its backslash on
  std::uint32_t high_ = 0;  // first half of a surrogate pair
};

class EchoWatch {
 public:
  // `key`: empty for none; must outlive it. `disguises`: other forms of it.
  explicit EchoWatch(std::string_view key, std::vector<std::string> disguises = {});
  // Whether the key ends within these bytes: as it is, escaped, or escaped in JSON that is a text
  // in JSON; or a disguise of it, as it is.
  [[nodiscard]] bool Seen(std::string_view bytes);

 private:
  [[nodiscard]] static bool Ends(std::string_view key, std::string_view bytes, std::string* tail);

  static constexpr std::size_t kEscapes = 2;
  std::string_view key_;
  std::array<Unescaper, kEscapes> unescapers_;
  std::array<std::string, kEscapes + 1> tails_;  // of what came so far, before and after each
  std::vector<std::string> disguises_;
  std::vector<std::string> disguise_tails_;
};

}  // namespace gapferry::collect
