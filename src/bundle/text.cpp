#include "bundle/text.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/console.h"

namespace gapferry::bundle {
namespace {

constexpr std::size_t kMaxStreamName = 40;
constexpr std::size_t kMaxVersionDigits = 6;

std::array<std::string_view, 3> SplitVersion(std::string_view version) {
  std::array<std::string_view, 3> parts;
  for (std::string_view& part : parts) {
    const std::size_t dot = std::min(version.find('.'), version.size());
    part = version.substr(0, dot);
    version.remove_prefix(std::min(dot + 1, version.size()));
  }
  return parts;
}

bool IsVersionPart(std::string_view part) {
  if (part.empty() || part.size() > kMaxVersionDigits) return false;
  if (part.size() > 1 && part[0] == '0') return false;
  return std::all_of(part.begin(), part.end(), IsAsciiDigit);
}

}  // namespace

bool IsPrintableText(std::string_view text, std::size_t max_bytes) {
  return !text.empty() && text.size() <= max_bytes && Printable(text) == text;
}

bool IsStreamName(std::string_view name) {
  if (name.empty() || name.size() > kMaxStreamName) return false;
  if (name.front() == '-' || name.back() == '-') return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || IsAsciiDigit(c) || c == '-'; });
}

bool IsVersion(std::string_view version) {
  if (std::count(version.begin(), version.end(), '.') != 2) return false;
  const auto parts = SplitVersion(version);
  return std::all_of(parts.begin(), parts.end(), IsVersionPart);
}

bool VersionLess(std::string_view left, std::string_view right) {
  const auto left_parts = SplitVersion(left);
  const auto right_parts = SplitVersion(right);
  // Without leading zeros the longer number is the larger one.
  return std::lexicographical_compare(left_parts.begin(), left_parts.end(), right_parts.begin(),
                                      right_parts.end(),
                                      [](std::string_view a, std::string_view b) {
                                        return a.size() != b.size() ? a.size() < b.size() : a < b;
                                      });
}

}  // namespace gapferry::bundle
