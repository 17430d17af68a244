// intel/asked_value.h: a value that a person asks for, in any spelling, and the attributes that
// hold it.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "intel/event.h"
#include "intel/value.h"

namespace gapferry::intel {

class AskedValue {
 public:
  // Reads the value as every kind of indicator that it can be; blanks around it do not count.
  explicit AskedValue(std::string_view value);

  // Nothing but blanks was asked for.
  [[nodiscard]] bool empty() const { return forms_.empty(); }
  // What is looked for, sorted.
  [[nodiscard]] const std::set<std::string, std::less<>>& forms() const { return forms_; }

  // True if the attribute holds the value, whole or as a part of a composite. `value` is the
  // attribute's own, normalised.
  [[nodiscard]] bool IsIn(const Attribute& attribute, const Normalised& value) const;
  // The part of a composite that was asked for: 0 or 1.
  [[nodiscard]] std::size_t PartOf(const Normalised& value) const;
  [[nodiscard]] bool IsWhole(const Normalised& value) const {
    return value.count < 2 || forms_.contains(value.value);
  }

 private:
  std::set<std::string, std::less<>> forms_;
};

}  // namespace gapferry::intel
