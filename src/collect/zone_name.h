// collect/zone_name.h: names in response policy zones, and what they say. All in lower case.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gapferry::collect {

// "24.0.2.0.192" and "48.zz.db8.2001": the prefix, and the parts of a network from its end; "zz"
// stands for "::". Empty, or no network, if it is none.
[[nodiscard]] std::string NetworkOf(std::string_view reversed);

[[nodiscard]] std::string_view WithoutDot(std::string_view name);
// Where the name of a zone begins that is not known: at the last label that says so. Who owns a
// domain can put such labels before his name, but not behind it.
[[nodiscard]] std::string_view WithoutZoneLabel(std::string_view name);

// Targets of a rule: "rpz-passthru." and actions that are not known here, which stand alone.
[[nodiscard]] bool IsAction(std::string_view target);
[[nodiscard]] bool IsBlocking(std::string_view target);

// "@", or the name that stood there before.
[[nodiscard]] bool IsOrigin(std::string_view owner);
// Whether an origin is a zone by its name. Names without an ending are below others.
[[nodiscard]] bool NamesZone(std::string_view origin);
// Whether a zone of this name may be one of rules. A name as registries sell them may be somebody's
// domain, and what stands before it may be chosen to look like another's: bank.example.evil.com.
[[nodiscard]] bool MayBePolicy(std::string_view apex);

// "32.7.2.0.192.rpz-ip": what kind of rule it is, and where that stands. Nothing for a rule about a
// name.
struct RuleKind {
  std::string_view name;
  std::size_t place = 0;
  bool at_end = false;
};
[[nodiscard]] std::optional<RuleKind> KindOf(std::string_view owner);

}  // namespace gapferry::collect
