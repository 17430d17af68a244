#include "base/bytes.h"
#include "base/console.h"
#include "base/json.h"
#include "collect/http.h"
#include "collect/http_pause.h"

namespace gapferry::collect {
namespace {

constexpr std::size_t kShownText = 300;
constexpr int kPart = 206;

// MISP's {"name", "message", "url"} and {"saved": false, "errors": …}, or the start of a page.
std::string ServersWords(const HttpAnswer& answer) {
  if (answer.status == kPart) return "a part of it, though the whole was asked for";
  if (auto json = ParseJson(answer.text); json.ok() && json->is_object()) {
    for (const char* key : {"errors", "message", "name", "error"}) {
      if (!json->contains(key)) continue;
      const Json& value = (*json)[key];
      return value.is_string() ? value.get<std::string>() : DumpJson(value);
    }
  }
  const std::string_view text = AsciiTrim(answer.text);
  if (text.starts_with('<')) return "a page of HTML";
  return std::string(text);
}

Kind KindOf(int status) {
  switch (status) {
    case 401:
    case 403:
    case 405:
      return Kind::kDenied;
    case 404:
    case 410:
      return Kind::kNotFound;
    default:
      return Kind::kNetwork;
  }
}

std::string_view HintFor(int status) {
  if (status >= 300 && status < 400) {
    return "a redirect is not followed here: the key may be refused, or the server moved; give its "
           "new address as url";
  }
  if (status == kPart) return "a cache or a proxy between may be at fault; run again later";
  switch (KindOf(status)) {
    case Kind::kDenied:
      return "check that the key is valid, not expired, allowed from this address, and that its "
             "role may call the API";
    case Kind::kNotFound:
      return "check the path of the url";
    default:
      return status == 429 ? "the server limits how often its API is called; run again later, or "
                             "ask for a higher limit"
                           : "look at the server's own log, and run again when it has recovered; "
                             "what was fetched is kept";
  }
}

}  // namespace

std::string ShownUrl(std::string_view url) {
  url = url.substr(0, url.find('?'));
  const std::size_t mark = url.find("://");
  const std::size_t host = mark == std::string_view::npos ? 0 : mark + 3;
  // A password may hold any of / # : @, and the scheme may be missing. Better cut too much.
  const std::size_t user = url.rfind('@');
  std::string shown(url.substr(0, host));
  const bool has_user = user != std::string_view::npos && user >= host;
  const std::string_view rest = url.substr(has_user ? user + 1 : host);
  shown += rest.substr(0, rest.find('#'));
  return Printable(shown);
}

bool IsReadableOnTheWay(std::string_view url) {
  if (!AsciiLower(url.substr(0, 7)).starts_with("http://")) return false;
  const std::string_view rest = url.substr(7);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  const std::string_view host = authority.starts_with('[')
                                    ? authority.substr(0, authority.find(']') + 1)
                                    : authority.substr(0, authority.find(':'));
  return host != "localhost" && host != "127.0.0.1" && host != "[::1]";
}

Error Unexpected(const HttpAnswer& answer, const Secret& secret) {
  std::string words = secret.Redact(ServersWords(answer));
  if (words.size() > kShownText) words.resize(kShownText);
  const std::string to = answer.status >= 300 && answer.status < 400
                             ? " to " + ShownUrl(answer.Header("location"))
                             : "";
  Error error = Error::Make(KindOf(answer.status), "{} answers {}{}{}{}", answer.url, answer.status,
                            secret.Redact(to), words.empty() ? "" : ": ", Printable(words));
  const auto pause = ParseRetryAfter(answer.Header("retry-after"), Now());
  if (pause && *pause > kLongestPause) {
    return std::move(error).Hint("the server asks to come back in {} s; run again then",
                                 pause->count());
  }
  return std::move(error).Hint("{}", HintFor(answer.status));
}

}  // namespace gapferry::collect
