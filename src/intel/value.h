// intel/value.h: from a value as an analyst typed it to indicators that can be compared byte by
// byte. MISP's rules where they are right, better where reference/misp.md §3.4 shows them wrong:
// host names get IDNA too, CIDR host bits are cleared, onion v3 is known, upper case and trailing
// dots do not matter.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "intel/types.h"

namespace gapferry::intel {

// What can be looked for on a network or host. Composites give more than one.
enum class IndicatorKind : std::uint8_t {
  kAddress,   // 192.0.2.1, 2001:db8::1 (RFC 5952)
  kNetwork,   // 192.0.2.0/24, host bits clear
  kDomain,    // that name and all below it; a leading "*." says no more
  kHostname,  // that name only
  kUrl,       // scheme and host in lower case, no default port, no fragment, at least "/" as path
  kEmail,     // local part as it is, domain in lower case
  kMd5,
  kSha1,
  kSha224,
  kSha256,
  kSha384,
  kSha512,
  kOtherHash,  // imphash, tlsh, …: only the attribute's type says which
  kJa3,
  kX509Sha1,
  kFilename,
  kUserAgent,
  kOther,  // everything else, trimmed
};
constexpr int kIndicatorKinds = 18;
[[nodiscard]] std::string_view IndicatorKindName(IndicatorKind kind);

struct Indicator {
  IndicatorKind kind = IndicatorKind::kOther;
  std::string value;
};

// Why a value is no indicator. Codes are stable: they are counted and shown.
enum class ValueProblem : std::uint8_t {
  kNone,
  kEmpty,
  kControlCharacter,
  kNotUtf8,
  kTooLong,
  kBadAddress,
  kBadPort,
  kBadName,      // not a DNS name
  kSingleLabel,  // one label only: matches far too much
  kBadUrl,
  kBadEmail,
  kBadHash,       // wrong length or not hexadecimal
  kBadComposite,  // not exactly the parts that its type has
};
[[nodiscard]] std::string_view ValueProblemCode(ValueProblem problem);

constexpr std::size_t kMaxValueBytes = 65535;  // of MISP's column

// One normalised value. Reused between calls to save allocations.
struct Normalised {
  std::string value;  // the whole value, as MISP would store it
  std::array<Indicator, 2>
      indicators;  // the parts that can be matched; never a port, never a file name beside a hash
  std::size_t count = 0;
  std::uint16_t port = 0;  // of ip|port, hostname|port
  // Of a URL whose fragment is what it is about (https://host/#!id): no client sends it, and
  // without it the URL is its site's front page, or that of an application.
  bool fragment_decides = false;
  ValueProblem problem = ValueProblem::kNone;

  [[nodiscard]] bool ok() const { return problem == ValueProblem::kNone; }
};

// `type` nullptr: an unknown type, kept as text without indicators.
void Normalise(const TypeInfo* type, std::string_view value, Normalised* out);
[[nodiscard]] Normalised Normalise(std::string_view type_name, std::string_view value);

// [.] (.) {.} [dot] (dot) hxxp [:] [@] [at] and the like, undone. Text that has none of them comes
// back unchanged.
[[nodiscard]] std::string Refang(std::string_view value);

// A DNS name in lower case as A-labels, without dots at its end; nullopt if it is none, as a
// wildcard or what begins with a dot. Labels of at most 63, names of at most 253 bytes (RFC 1035),
// underscore allowed.
[[nodiscard]] std::optional<std::string> NormaliseName(std::string_view name);
// "*.evil.example" and ".evil.example" as "evil.example", for places where a name stands for all
// below it too. Elsewhere the name without that would be one that nobody listed.
[[nodiscard]] std::string_view WithoutWildcard(std::string_view name);
// The canonical text of an address (RFC 5952; IPv4-mapped IPv6 becomes IPv4); nullopt if it is
// none.
[[nodiscard]] std::optional<std::string> NormaliseAddress(std::string_view address);

struct Network {
  std::array<std::uint8_t, 16> bytes{};  // IPv4 in the first four
  bool v6 = false;
  std::uint8_t prefix = 0;  // 0 … 32 or 128

  [[nodiscard]] std::string ToString() const;
  [[nodiscard]] bool IsAddress() const { return prefix == (v6 ? 128 : 32); }
};
// An address or CIDR block; host bits are cleared.
[[nodiscard]] std::optional<Network> ParseNetwork(std::string_view text);

struct Url {
  std::string scheme;      // lower case
  std::string host;        // name as A-labels, or address; IPv6 without brackets
  std::uint16_t port = 0;  // 0: the scheme's default
  std::string target;      // path and query, begins with "/"
  bool host_is_address = false;

  [[nodiscard]] std::string ToString() const;
};
// RFC 3986 with an authority; user information is dropped. A missing scheme is read as http if the
// rest has a dotted host. nullopt if there is no host or it is no name.
[[nodiscard]] std::optional<Url> ParseUrl(std::string_view text);

// The value can be a public suffix such as "com" or "co.uk", which no rule may ever name
// (publicsuffix.org, built in).
[[nodiscard]] bool IsPublicSuffix(std::string_view normalised_name);

}  // namespace gapferry::intel
