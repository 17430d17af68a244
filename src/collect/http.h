// collect/http.h: HTTP and HTTPS towards MISP instances and feeds, and nothing else of the network.
// TLS 1.2 or later, always verified; there is no way to switch that off. No cookie, no .netrc, no
// proxy from the environment. Adapter: libcurl stays in http.cpp.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "collect/secret.h"

namespace gapferry::collect {

constexpr int kMaxRedirects = 5;
constexpr int kMostConnections = 8;
// A request is not repeated if the server asks for a longer pause than this: a run that waits for
// hours looks like one that hangs. MISP counts calls in windows of 900 s (RateLimitComponent.php).
constexpr std::chrono::seconds kLongestPause{900};
// Of an answer that is no success, as much is read as an error message needs.
constexpr std::size_t kMaxErrorText = 64 << 10;

struct TransportOptions {
  std::filesystem::path ca_file;             // PEM, instead of the system's
  std::string pinned_key;                    // curl's form: sha256//BASE64, several with ';'
  std::filesystem::path client_certificate;  // PEM
  std::filesystem::path client_key;          // PEM, if it is not in the certificate's file
  std::string proxy;                         // http://, https:// or socks5h://; empty: none
  std::chrono::seconds connect_timeout{30};
  std::chrono::seconds stall_timeout{60};                   // without a byte
  std::chrono::seconds time_limit{std::chrono::hours(12)};  // of all requests of a client together
  int attempts = 4;                                         // of each request that may be repeated
  int connections = 4;  // at once, of requests that are known to come
  // When the time limit is over; the client sets it. What is under way then ends as a timeout.
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
};

struct HttpRequest {
  std::string url;
  std::string method = "GET";
  std::vector<std::string> headers;  // "Name: value"
  std::string secret_header;         // its value is the client's secret; empty: sent nowhere
  std::string body;
  // Sent as If-None-Match where it is set, also empty: MISP makes an ETag only if asked for one.
  std::optional<std::string> known_etag;
  std::uint64_t max_bytes = 1 << 20;  // of the body, also after decompression
  bool follow = false;                // redirects, to https only
  bool no_page = false;               // an answer of type text/html is none, whatever its body
  bool repeat = true;                 // false: it changes something, so it is sent once
};

struct HttpAnswer {
  int status = 0;
  std::string url;                             // the last one, without its query
  std::map<std::string, std::string> headers;  // names in lower case
  std::string text;                            // the body, unless it went into a file
  std::uint64_t bytes = 0;                     // of the body

  [[nodiscard]] std::string Header(const std::string& name) const;
  // Not of a part (206): none is ever asked for.
  [[nodiscard]] bool ok() const { return status >= 200 && status < 300 && status != 206; }
  [[nodiscard]] bool not_modified() const { return status == 304; }
};

// What a message may show of a URL: no user, query or fragment, where keys may hide.
[[nodiscard]] std::string ShownUrl(std::string_view url);
// True for http to another machine, where a key would be readable on the way.
[[nodiscard]] bool IsReadableOnTheWay(std::string_view url);
// An answer that is no success, in words: URL, status, what the server says of it without any
// `secret`, and what to do. kDenied for 401, 403 and 405, kNotFound for 404 and 410, otherwise
// kNetwork.
[[nodiscard]] Error Unexpected(const HttpAnswer& answer, const Secret& secret);

class BodySink;

// One connection that is kept open from request to request, and some more for what is expected.
// Repeats what fails in passing (no connection, a body that breaks off, 408, 429, 500, 502 to 504)
// after a pause that doubles, or the one the server asks for; nothing after the time limit, which
// counts from the client's making. Errors: kNetwork with URL, cause and what to do; kTooLarge;
// kMalformed if an answer holds the secret. An answer of any other status is no error.
class HttpClient {
 public:
  // Waits that long; a test may do otherwise.
  using Pause = std::function<void(std::chrono::milliseconds)>;
  // `agent`: the User-Agent.
  HttpClient(TransportOptions options, Secret secret, std::string agent, Pause pause = {});
  HttpClient(HttpClient&&) noexcept;
  ~HttpClient();

  [[nodiscard]] Result<HttpAnswer> Fetch(const HttpRequest& request);
  // The body of a success goes into the file, which is made anew (mode 0600). Of any other answer
  // the file is empty and `text` holds what the server says.
  [[nodiscard]] Result<HttpAnswer> FetchFile(const HttpRequest& request,
                                             const std::filesystem::path& file);

  // Requests that FetchFile will be asked for, most likely in this order. Some are sent before they
  // are asked for, their answers kept in `folder` until then. Whatever goes wrong with one is as if
  // it had not been sent: it is sent again when it is asked for.
  void Expect(std::vector<HttpRequest> requests, const std::filesystem::path& folder);

  [[nodiscard]] const Secret& secret() const;
  // So far: requests sent, and bytes of bodies.
  [[nodiscard]] std::uint64_t requests() const;
  [[nodiscard]] std::uint64_t bytes() const;

 private:
  struct State;
  [[nodiscard]] Result<HttpAnswer> Run(const HttpRequest& request, BodySink& sink);
  std::unique_ptr<State> state_;
};

}  // namespace gapferry::collect
