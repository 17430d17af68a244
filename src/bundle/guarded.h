// bundle/guarded.h: secret bytes of a fixed length. Both kinds are wiped when they go.
#pragma once

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <new>
#include <span>

#include "base/bytes.h"

namespace gapferry::bundle {

// On the stack, for a secret that lives as long as a computation.
template <std::size_t Size>
class Wiped {
 public:
  Wiped() = default;
  Wiped(const Wiped&) = default;
  Wiped& operator=(const Wiped&) = default;
  ~Wiped() { sodium_memzero(bytes_.data(), bytes_.size()); }

  [[nodiscard]] std::uint8_t* data() { return bytes_.data(); }
  [[nodiscard]] const std::uint8_t* data() const { return bytes_.data(); }
  [[nodiscard]] std::span<std::uint8_t, Size> span() { return bytes_; }
  [[nodiscard]] ByteView view() const { return bytes_; }

 private:
  std::array<std::uint8_t, Size> bytes_{};
};

// Between guard pages, out of core dumps and swap where the system allows it, and read-only: for a
// secret that lives as long as a key. Not copied; empty after a move.
template <std::size_t Size>
class Guarded {
 public:
  explicit Guarded(const Wiped<Size>& secret)
      : bytes_(static_cast<std::uint8_t*>(sodium_malloc(Size))) {
    if (!bytes_) throw std::bad_alloc();
    std::copy_n(secret.data(), Size, bytes_.get());
    sodium_mprotect_readonly(bytes_.get());
  }

  [[nodiscard]] const std::uint8_t* data() const { return bytes_.get(); }
  [[nodiscard]] std::span<const std::uint8_t, Size> span() const {
    return std::span<const std::uint8_t, Size>(bytes_.get(), Size);
  }

 private:
  struct Free {
    void operator()(std::uint8_t* bytes) const { sodium_free(bytes); }
  };
  std::unique_ptr<std::uint8_t[], Free> bytes_;
};

}  // namespace gapferry::bundle
