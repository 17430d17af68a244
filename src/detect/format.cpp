#include "detect/format.h"

#include <algorithm>
#include <array>

namespace gapferry::detect {

std::span<const Format> AllFormats() {
  static const std::array<Format, 3> kFormats = {kSigma, kSuricata, kWazuh};
  return kFormats;
}

const Format* FindFormat(std::string_view name) {
  const std::span<const Format> formats = AllFormats();
  const auto found = std::find_if(formats.begin(), formats.end(),
                                  [&](const Format& format) { return format.name == name; });
  return found == formats.end() ? nullptr : &*found;
}

}  // namespace gapferry::detect
