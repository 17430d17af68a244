// detect/value_index.h: from a value to the attributes that hold it, without a walk over the store
// for each. For callers that ask often: one walk fills it, 28 bytes an indicator.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/uuid.h"
#include "intel/value.h"
#include "store/store.h"

namespace gapferry::detect {

// An attribute, by its event.
struct AttributePlace {
  store::KnownSource source;
  Uuid event;
  Uuid attribute;
};

class ValueIndex {
 public:
  // Also of attributes that no destination uses. Errors: kIo, kTooLarge.
  [[nodiscard]] static Result<ValueIndex> Build(store::Store& store);

  // The attributes that hold this indicator, by event and attribute. Hardly ever one too many: what
  // is read there must be compared.
  [[nodiscard]] std::vector<AttributePlace> Find(const intel::Indicator& indicator) const;
  // Whether a network of this prefix length is there.
  [[nodiscard]] bool HasPrefix(bool v6, std::size_t prefix) const {
    return prefixes_[v6 ? 1 : 0][prefix];
  }

 private:
  struct Entry {
    std::array<std::uint32_t, 2> hash;  // IndicatorHash, the upper half first
    std::uint32_t event = 0;            // place in events_
    Uuid attribute;
    friend auto operator<=>(const Entry&, const Entry&) = default;
  };
  struct EventPlace {
    std::uint32_t source = 0;  // place in sources_
    Uuid uuid;
  };

  void Add(const intel::Indicator& indicator, const Uuid& attribute);

  std::vector<store::KnownSource> sources_;
  std::vector<EventPlace> events_;
  std::vector<Entry> entries_;  // sorted
  std::array<std::array<bool, 129>, 2> prefixes_{};
};

}  // namespace gapferry::detect
