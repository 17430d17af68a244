#include "detect/format.h"

#include <algorithm>
#include <array>

namespace gapferry::detect {

std::span<const Format> AllFormats() {
  // Sorted by name.
  static const auto kFormats = std::to_array<Format>({
      kCsv,
      kEcs,
      kMispCsv,
      kMispFeed,
      kNavigator,
      kSigma,
      kSplunk,
      kStix,
      kStoredRules,
      kSuricata,
      kWazuh,
      kYara,
  });
  return kFormats;
}

const Format* FindFormat(std::string_view name) {
  const std::span<const Format> formats = AllFormats();
  const auto found = std::find_if(formats.begin(), formats.end(),
                                  [&](const Format& format) { return format.name == name; });
  return found == formats.end() ? nullptr : &*found;
}

}  // namespace gapferry::detect
