// base/result.h: a value or an Error; the type of every function that can fail for an outside
// reason.
#pragma once

#include <cstdlib>
#include <utility>
#include <variant>

#include "base/error.h"

namespace gapferry {

struct [[nodiscard]] Unit {};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : value_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
  Result(Error error)
      : value_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit by design

  [[nodiscard]] bool ok() const { return value_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Reading the other alternative is a bug of the caller, never a matter of input: it ends the
  // program.
  [[nodiscard]] T& value() & { return Check(), std::get<0>(value_); }
  [[nodiscard]] const T& value() const& { return Check(), std::get<0>(value_); }
  [[nodiscard]] T&& value() && { return Check(), std::get<0>(std::move(value_)); }
  [[nodiscard]] Error& error() & { return std::get<1>(value_); }
  [[nodiscard]] const Error& error() const& { return std::get<1>(value_); }
  [[nodiscard]] Error&& error() && { return std::get<1>(std::move(value_)); }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  void Check() const {
    if (!ok()) std::abort();
  }
  std::variant<T, Error> value_;
};

using Status = Result<Unit>;
inline Status Ok() {
  return Unit{};
}

}  // namespace gapferry

#define GF_CONCAT_INNER(a, b) a##b
#define GF_CONCAT(a, b) GF_CONCAT_INNER(a, b)

// GF_TRY(auto x, F()): x is F's value, or the enclosing function returns F's error.
#define GF_TRY(declaration, expression) \
  GF_TRY_IMPL(GF_CONCAT(gf_try_, __LINE__), declaration, expression)
#define GF_TRY_IMPL(holder, declaration, expression)  \
  auto holder = (expression);                         \
  if (!holder.ok()) return std::move(holder).error(); \
  declaration = std::move(holder).value()

// GF_CHECK(F()): like GF_TRY for a Status.
#define GF_CHECK(expression)                                  \
  do {                                                        \
    auto gf_status = (expression);                            \
    if (!gf_status.ok()) return std::move(gf_status).error(); \
  } while (false)
