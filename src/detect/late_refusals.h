// detect/late_refusals.h: what a writer turned out not to take after it had been decided that a
// destination may have it: one value too many, a rule that the consumer's engine refuses.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/uuid.h"
#include "detect/candidate.h"
#include "policy/reason.h"

namespace gapferry::detect {

// The attributes of the mentions that a candidate names.
[[nodiscard]] std::vector<Uuid> AttributesOf(const std::vector<Mention>& mentions);

class LateRefusals {
 public:
  static constexpr std::size_t kMaxNamed = 2000;  // of one generation

  struct Refusal {
    Uuid attribute;
    std::string detail;  // of Reason::kFormatCannotExpress
  };

  // `named`: as many of the attributes as are at hand.
  void Add(std::string_view detail, std::uint64_t attributes, const std::vector<Uuid>& named);

  // Of a value that was taken at first nothing is in the destination.
  void TakeBack(intel::IndicatorKind kind) { ++taken_back_[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] std::uint64_t TakenBack(std::size_t kind) const { return taken_back_[kind]; }

  [[nodiscard]] const policy::ReasonCounts& counts() const { return counts_; }
  [[nodiscard]] const std::vector<Refusal>& named() const { return named_; }
  [[nodiscard]] std::uint64_t unnamed() const { return counts_.Total() - named_.size(); }

  // Keys of the manifest, which Read understands. What is no such manifest has none.
  void Write(Json* manifest) const;
  struct Known {
    std::vector<Refusal> named;  // sorted by attribute
    std::uint64_t unnamed = 0;

    [[nodiscard]] const Refusal* Find(const Uuid& attribute) const;
  };
  [[nodiscard]] static Known Read(const Json& manifest);

 private:
  policy::ReasonCounts counts_;
  std::array<std::uint64_t, intel::kIndicatorKinds> taken_back_{};
  std::vector<Refusal> named_;
};

}  // namespace gapferry::detect
