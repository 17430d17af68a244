#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/bytes.h"
#include "intel/value.h"

namespace gapferry::intel {
namespace {

constexpr auto kDefaultPorts =
    std::to_array<std::pair<std::string_view, std::uint16_t>>({{"http", 80},
                                                               {"https", 443},
                                                               {"ftp", 21},
                                                               {"ftps", 990},
                                                               {"ssh", 22},
                                                               {"ws", 80},
                                                               {"wss", 443}});

bool IsScheme(std::string_view text) {
  return !text.empty() && !IsAsciiDigit(text[0]) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return IsAsciiAlnum(c) || c == '+' || c == '-' || c == '.'; });
}

// Splits "host:port" or "[v6]:port" and fills the URL's host and port.
bool ReadAuthority(std::string_view authority, Url* url) {
  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) authority.remove_prefix(at + 1);
  std::string_view host = authority;
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return false;
    host = authority.substr(1, close - 1);
    const std::string_view rest = authority.substr(close + 1);
    if (!rest.empty() && rest[0] != ':') return false;
    if (!rest.empty()) port = rest.substr(1);
  } else if (const std::size_t colon = authority.rfind(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon + 1);
  }
  if (!port.empty()) {
    auto [stop, error] = std::from_chars(port.data(), port.data() + port.size(), url->port);
    if (error != std::errc{} || stop != port.data() + port.size() || url->port == 0) return false;
  }
  if (std::optional<std::string> address = NormaliseAddress(host)) {
    url->host = *std::move(address);
    url->host_is_address = true;
    return true;
  }
  std::optional<std::string> name = NormaliseName(host);
  if (!name) return false;
  url->host = *std::move(name);
  return true;
}

}  // namespace

std::string Url::ToString() const {
  std::string text = scheme + "://";
  text += host.find(':') != std::string::npos ? '[' + host + ']' : host;
  if (port != 0) text += ':' + std::to_string(port);
  return text + target;
}

std::optional<Url> ParseUrl(std::string_view text) {
  Url url;
  const std::size_t separator = text.find("://");
  std::string_view rest = text;
  if (separator != std::string_view::npos && separator < text.find_first_of("/?#")) {
    url.scheme = AsciiLower(text.substr(0, separator));
    if (!IsScheme(url.scheme)) return std::nullopt;
    rest = text.substr(separator + 3);
  } else {
    url.scheme = "http";
    if (text.starts_with("//")) rest.remove_prefix(2);
    // Without a scheme only a dotted host is believable.
    if (rest.substr(0, rest.find_first_of("/?#:")).find('.') == std::string_view::npos)
      return std::nullopt;
  }
  rest = rest.substr(0, rest.find('#'));
  const std::size_t end = rest.find_first_of("/?");
  if (!ReadAuthority(rest.substr(0, end), &url)) return std::nullopt;
  for (const auto& [scheme, port] : kDefaultPorts) {
    if (url.scheme == scheme && url.port == port) url.port = 0;
  }
  const std::string_view target = end == std::string_view::npos ? "" : rest.substr(end);
  url.target = target.starts_with('/') ? std::string(target) : '/' + std::string(target);
  return url;
}

}  // namespace gapferry::intel
