// collect/echo_watch.h: finds a key in what a server sends back, also in the other case and where
// JSON writes it with escapes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "collect/secret.h"

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

// The same for percent-encoding, as in URLs.
class PercentDecoder {
 public:
  [[nodiscard]] std::string_view Take(std::string_view bytes);

 private:
  void Add(char c);

  std::string text_;
  std::string escape_;  // from its percent sign on
};

class EchoWatch {
 public:
  // Finds nothing of a secret that is empty.
  explicit EchoWatch(const Secret& secret);
  // Whether a word of the secret ends within these bytes: as it is, percent-encoded, escaped, or
  // escaped in JSON that is a text in JSON; or a disguise of it, as it is or percent-encoded. In
  // whichever case: a key in hex becomes itself again when values are normalised.
  [[nodiscard]] bool Seen(std::string_view bytes);

 private:
  struct Needle {
    std::string text;  // in lower case
    std::string tail;  // of what came so far
  };
  [[nodiscard]] static bool Ends(Needle* needle, std::string_view bytes);
  [[nodiscard]] bool Look(std::string_view bytes, std::vector<Needle>* needles);

  static constexpr std::size_t kEscapes = 2;
  std::array<std::vector<Needle>, kEscapes + 1> needles_;  // before and after each
  std::array<Unescaper, kEscapes> unescapers_;
  std::vector<Needle> decoded_needles_;  // where percent-encoding was taken off
  PercentDecoder percent_;
  std::string folded_;
  const char* folded_from_ = nullptr;
};

// What is said of an answer that holds the key.
[[nodiscard]] Error KeyComesBack();

}  // namespace gapferry::collect
