// collect/exclusion.h: MISP's `excluderegex`: values that a feed lists and nobody wants.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"

namespace gapferry::collect {

class Exclusion {
 public:
  // Excludes nothing.
  Exclusion();
  // "/pattern/flags" as MISP writes it (flags i, m, s, u, x), or a bare pattern of RE2; it matches
  // anywhere in a value. Empty: excludes nothing. Error: kConfig says what RE2 cannot do.
  [[nodiscard]] static Result<Exclusion> Parse(std::string_view pattern);
  Exclusion(const Exclusion&);
  Exclusion& operator=(const Exclusion&);
  ~Exclusion();

  [[nodiscard]] bool Matches(std::string_view value) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace gapferry::collect
