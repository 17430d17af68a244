#include "collect/zone_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "collect/block_line.h"
#include "intel/tld.h"

namespace gapferry::collect {

std::string NetworkOf(std::string_view reversed) {
  std::vector<std::string> parts = SplitAt(reversed, ".");
  if (parts.size() < 2) return "";
  const std::string prefix = parts.front();
  parts.erase(parts.begin());
  std::reverse(parts.begin(), parts.end());
  constexpr std::size_t kPartsOfV4 = 4;
  const bool v4 =
      parts.size() == kPartsOfV4 && std::find(parts.begin(), parts.end(), "zz") == parts.end();
  if (parts.front() == "zz") parts.front() = ":";
  if (parts.back() == "zz") parts.back() = ":";
  for (std::string& part : parts) {
    if (part == "zz") part.clear();
  }
  const std::string address = fmt::format("{}", fmt::join(parts, v4 ? "." : ":"));
  return prefix == (v4 ? "32" : "128") ? address : address + "/" + prefix;
}

std::string_view WithoutDot(std::string_view name) {
  return name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
}

std::string_view WithoutZoneLabel(std::string_view name) {
  std::size_t place = std::string_view::npos;
  for (const std::string_view label : {".rpz.", ".rpz-"}) {
    const std::size_t found = name.rfind(label);
    if (found != std::string_view::npos && (place == std::string_view::npos || found > place))
      place = found;
  }
  if (place != std::string_view::npos) return name.substr(0, place);
  return name.starts_with("rpz.") || name.starts_with("rpz-") ? "" : name;
}

bool IsAction(std::string_view target) {
  const std::string_view name = WithoutDot(target);
  const bool known = name == "rpz-passthru" || name == "rpz-tcp-only" || name == "rpz-drop";
  return known || (target.starts_with("rpz-") && target.ends_with('.') &&
                   name.find('.') == std::string_view::npos);
}

bool IsBlocking(std::string_view target) {
  return target == "." || target == "*." || WithoutDot(target) == "rpz-drop";
}

bool IsOrigin(std::string_view owner) {
  return owner.empty() || owner == "@";
}

bool MayBePolicy(std::string_view apex) {
  const std::size_t dot = apex.find('.');
  return dot == std::string_view::npos || !intel::HasKnownTld(apex) ||
         !intel::IsRegistrySuffix(apex.substr(dot + 1));
}

bool NamesZone(std::string_view origin) {
  return origin.starts_with("rpz") || origin.find(".rpz") != std::string_view::npos;
}

std::optional<RuleKind> KindOf(std::string_view owner) {
  for (const std::string_view kind : {"rpz-ip", "rpz-nsip", "rpz-nsdname", "rpz-client-ip"}) {
    const std::string label = "." + std::string(kind);
    const std::size_t place = owner.rfind(label);
    if (place == std::string_view::npos) continue;
    const std::string_view after = owner.substr(place + label.size());
    if (after.empty() || after[0] == '.') return RuleKind{kind, place, after.empty()};
  }
  return std::nullopt;
}

}  // namespace gapferry::collect
