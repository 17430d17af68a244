#include "intel/tld.h"

#include <libpsl.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace gapferry::intel {
namespace {

constexpr auto kBesideTheRoot =
    std::to_array<std::string_view>({"onion", "i2p", "bit", "bazar", "emc"});

bool IsSuffix(std::string_view name) {
  return psl_is_public_suffix2(psl_builtin(), std::string(name).c_str(),
                               PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) == 1;
}

}  // namespace

bool HasKnownTld(std::string_view normalised_name) {
  const std::string_view tld = normalised_name.substr(normalised_name.rfind('.') + 1);
  if (std::find(kBesideTheRoot.begin(), kBesideTheRoot.end(), tld) != kBesideTheRoot.end())
    return true;
  if (IsSuffix(tld)) return true;
  // Of some countries the list has no more than "co.za" and its like, or "*.ck".
  const std::size_t before = normalised_name.size() - tld.size();
  if (before < 2) return false;
  const std::size_t dot = normalised_name.rfind('.', before - 2);
  return IsSuffix(normalised_name.substr(dot == std::string_view::npos ? 0 : dot + 1));
}

bool IsRegistrySuffix(std::string_view normalised_name) {
  return IsSuffix(normalised_name);
}

}  // namespace gapferry::intel
