// collect/looks_like.h: tells a person which other kind of document was given in place of an event.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gapferry::collect {

// The first keys of an object.
class KeySketch {
 public:
  void Add(const std::string& key);
  [[nodiscard]] bool Has(std::string_view key) const;
  // "a STIX 2 bundle", "a taxonomy", …; otherwise its first keys.
  [[nodiscard]] std::string LooksLike() const;

 private:
  static constexpr std::size_t kMost = 64;
  std::vector<std::string> keys_;
};

}  // namespace gapferry::collect
