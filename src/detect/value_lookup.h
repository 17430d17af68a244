// detect/value_lookup.h: who names a value, and what became of it at each destination: what
// WhyValue says, for callers that ask for thousands of values.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "detect/explain.h"
#include "detect/value_index.h"

namespace gapferry::detect {

struct Named {
  static constexpr std::size_t kMaxOccurrences = 100;
  std::vector<WhyOccurrence> occurrences;  // by source, event and attribute
  std::uint64_t more = 0;                  // beyond kMaxOccurrences
};

class ValueLookup {
 public:
  // Walks over the store once. `store` and `site` must outlive it. Errors: those of
  // Decider::Create and ValueIndex::Build.
  [[nodiscard]] static Result<ValueLookup> Create(store::Store& store, const Site& site);
  ValueLookup(ValueLookup&&) noexcept;
  ~ValueLookup();

  // The attributes that hold exactly this indicator, whole or as a part of a composite. Good until
  // the next call. Errors: kIo, kMalformed.
  [[nodiscard]] Result<const Named*> Find(const intel::Indicator& indicator);
  // The same for every network of the store that holds this address; the narrowest comes first.
  [[nodiscard]] std::vector<intel::Indicator> NetworksAround(std::string_view address) const;

 private:
  struct State;
  explicit ValueLookup(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace gapferry::detect
