#include "intel/asked_value.h"

#include <array>

#include "base/bytes.h"

namespace gapferry::intel {
namespace {

// One type for each way to read a value.
constexpr auto kReadings = std::to_array<std::string_view>({"domain",
                                                            "hostname",
                                                            "ip-dst",
                                                            "url",
                                                            "email",
                                                            "md5",
                                                            "sha1",
                                                            "sha224",
                                                            "sha256",
                                                            "sha384",
                                                            "sha512",
                                                            "ja3-fingerprint-md5",
                                                            "x509-fingerprint-sha1",
                                                            "filename",
                                                            "mac-address",
                                                            "domain|ip",
                                                            "ip-dst|port",
                                                            "hostname|port",
                                                            "filename|md5",
                                                            "filename|sha1",
                                                            "filename|sha256"});

}  // namespace

AskedValue::AskedValue(std::string_view value) {
  value = AsciiTrim(value);
  if (value.empty()) return;
  forms_.emplace(value);
  for (const std::string_view type : kReadings) {
    const Normalised read = Normalise(type, value);
    if (!read.ok()) continue;
    forms_.insert(read.value);
    // A composite is looked for as a whole; its parts would find too much.
    if (read.count == 1 && type.find('|') == std::string_view::npos)
      forms_.insert(read.indicators[0].value);
  }
  forms_.erase("");
}

bool AskedValue::IsIn(const Attribute& attribute, const Normalised& value) const {
  if (forms_.contains(attribute.value) || forms_.contains(value.value)) return true;
  for (std::size_t i = 0; i < value.count; ++i) {
    if (forms_.contains(value.indicators[i].value)) return true;
  }
  const std::size_t bar = value.value.rfind('|');
  if (bar == std::string::npos || attribute.type.find('|') == std::string::npos) return false;
  return forms_.contains(std::string_view(value.value).substr(0, bar)) ||
         forms_.contains(std::string_view(value.value).substr(bar + 1));
}

std::size_t AskedValue::PartOf(const Normalised& value) const {
  return value.count == 2 && !forms_.contains(value.indicators[0].value) &&
                 forms_.contains(value.indicators[1].value)
             ? 1
             : 0;
}

}  // namespace gapferry::intel
