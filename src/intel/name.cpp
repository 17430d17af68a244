#include <idn2.h>
#include <libpsl.h>

#include <algorithm>
#include <memory>

#include "base/bytes.h"
#include "intel/value.h"

namespace gapferry::intel {
namespace {

constexpr std::size_t kMaxName = 253;
constexpr std::size_t kMaxLabel = 63;

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<std::uint8_t>(c) < 0x80; });
}

std::string_view TrimEnd(std::string_view name) {
  while (!name.empty() && name.back() == '.')
    name.remove_suffix(1);
  return name;
}

std::optional<std::string> ToAscii(std::string_view name) {
  char* converted = nullptr;
  const std::string input(name);
  const int code = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(input.c_str()),
                                  reinterpret_cast<std::uint8_t**>(&converted),
                                  IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
  const std::unique_ptr<char, decltype(&idn2_free)> owner(converted, &idn2_free);
  if (code != IDN2_OK || converted == nullptr) return std::nullopt;
  return std::string(converted);
}

// Labels of letters, digits, hyphen and underscore; the last one not all digits, or it would be an
// address.
bool IsName(std::string_view name) {
  if (name.empty() || name.size() > kMaxName) return false;
  std::size_t length = 0;
  bool digits_only = true;
  for (const char c : name) {
    if (c == '.') {
      if (length == 0) return false;
      length = 0;
      digits_only = true;
      continue;
    }
    if (!IsAsciiAlnum(c) && c != '-' && c != '_') return false;
    if (++length > kMaxLabel) return false;
    digits_only = digits_only && IsAsciiDigit(c);
  }
  return length > 0 && !digits_only;
}

}  // namespace

std::string_view WithoutWildcard(std::string_view name) {
  if (name.starts_with("*.")) name.remove_prefix(2);
  while (name.starts_with('.'))
    name.remove_prefix(1);
  return name;
}

std::optional<std::string> NormaliseName(std::string_view name) {
  if (name.size() > 4 * kMaxName) return std::nullopt;
  name = TrimEnd(name);
  std::string lower;
  if (IsAscii(name)) {
    lower = AsciiLower(name);
  } else {
    std::optional<std::string> ascii = ToAscii(name);
    if (!ascii) return std::nullopt;
    lower = AsciiLower(*ascii);
  }
  if (!IsName(lower)) return std::nullopt;
  return lower;
}

bool IsPublicSuffix(std::string_view normalised_name) {
  return psl_is_public_suffix2(psl_builtin(), std::string(normalised_name).c_str(),
                               PSL_TYPE_ICANN | PSL_TYPE_PRIVATE | PSL_TYPE_NO_STAR_RULE) == 1;
}

}  // namespace gapferry::intel
