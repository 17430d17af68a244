// policy/url_host.h: parts of indicators as views, without allocation. The texts are those that
// intel/value.h normalised; of others the answer is meaningless but safe.
#pragma once

#include <string_view>

#include "base/bytes.h"

namespace gapferry::policy {

// "https://host:8443/x" → "host"; IPv6 without brackets.
[[nodiscard]] inline std::string_view UrlHost(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  if (url.starts_with('[')) return url.substr(1, url.find(']') - 1);
  return url.substr(0, url.find(':'));
}

// "user@domain" → "domain".
[[nodiscard]] inline std::string_view EmailDomain(std::string_view email) {
  const std::size_t at = email.rfind('@');
  return at == std::string_view::npos ? std::string_view() : email.substr(at + 1);
}

// An address and no name: the last label of a name is never all digits.
[[nodiscard]] inline bool IsAddressText(std::string_view host) {
  return !host.empty() && (IsAsciiDigit(host.back()) || host.find(':') != std::string_view::npos) &&
         host.find_first_not_of("0123456789abcdef.:") == std::string_view::npos;
}

}  // namespace gapferry::policy
