// detect/sigma_fields.h: the log sources of Sigma, and in which of their fields each kind of value
// stands.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "intel/tlp.h"
#include "intel/value.h"

namespace gapferry::detect {

struct SigmaSource {
  std::string_view key;     // part of the rule's id: never changes
  std::string_view prefix;  // of the file name, as SigmaHQ has it
  std::string_view product;
  std::string_view category;
  std::string_view title;
  std::string_view what;
};
[[nodiscard]] std::span<const SigmaSource> SigmaSources();

enum class SigmaForm { kExact, kBelow, kHash, kFileName };
enum class SigmaSide { kEither, kFrom, kTo };

struct SigmaField {
  std::string_view source;
  intel::IndicatorKind kind;
  SigmaSide side;
  std::string_view field;     // without modifiers
  std::string_view modifier;  // for a list of values: "|endswith" or ""
  SigmaForm form;

  [[nodiscard]] bool Takes(intel::IndicatorKind of, bool from, bool to) const {
    return kind == of && (side == SigmaSide::kEither || (side == SigmaSide::kFrom ? from : to));
  }
};
[[nodiscard]] std::span<const SigmaField> FieldsOf(const SigmaSource& source);
[[nodiscard]] bool HasSigmaField(intel::IndicatorKind kind);

// The text that the field is compared with, before anything in it is escaped.
[[nodiscard]] std::string SigmaText(SigmaForm form, intel::IndicatorKind kind,
                                    std::string_view value);
[[nodiscard]] std::string SigmaTlpTag(intel::Tlp tlp);

}  // namespace gapferry::detect
