// policy/allowlist.h: what a site knows to be its own or to be good. The same form serves for the
// allowlist and for the site's own networks and domains.
//
// One entry a line; `#` at the start of a line or after white space begins a comment:
//   192.0.2.0/24              an address or network
//   example.org               that name and all below it
//   =www.example.org          that name only
//   https://example.org/x     that URL only (normalised)
//   44d88612fea8a8f36de82e1278abb02f, user@example.org, any other text: that value only
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "intel/value.h"

namespace gapferry::policy {

class Allowlist {
 public:
  static constexpr std::size_t kMaxEntries = 1'000'000;

  Allowlist();
  Allowlist(Allowlist&&) noexcept;
  Allowlist& operator=(Allowlist&&) noexcept;
  ~Allowlist();

  // Errors: kConfig with "file:line: reason" for a malformed network or name, a network wider than
  // /8 (IPv6: /16), or a public suffix such as "com", which would silence far too much; kTooLarge.
  [[nodiscard]] static Result<Allowlist> Parse(std::string_view text, std::string_view file_name);

  // The entry that covers all of the indicator, as it was written, or "". The host of a URL and the
  // domain of an e-mail address are covered by names and networks.
  [[nodiscard]] std::string_view Covers(const intel::Indicator& indicator) const;
  // The entry that covers some of it: also a network, domain or host that holds an entry.
  [[nodiscard]] std::string_view Overlaps(const intel::Indicator& indicator) const;
  // Where that entry stands, as "file:line"; `some`: that of Overlaps, else that of Covers. "" if
  // there is none.
  [[nodiscard]] std::string Where(const intel::Indicator& indicator, bool some) const;
  [[nodiscard]] std::size_t size() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gapferry::policy
