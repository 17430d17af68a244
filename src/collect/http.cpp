#include "collect/http.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>
#include <thread>

#include "base/clock.h"
#include "base/console.h"
#include "base/file.h"
#include "collect/http_pause.h"

namespace gapferry::collect {

class BodySink {
 public:
  virtual ~BodySink() = default;
  [[nodiscard]] virtual Status Restart() = 0;
  [[nodiscard]] virtual Status Take(std::string_view bytes) = 0;
};

namespace {

class ToText : public BodySink {
 public:
  Status Restart() override { return text.clear(), Ok(); }
  Status Take(std::string_view bytes) override { return text.append(bytes), Ok(); }
  std::string text;
};

class ToFile : public BodySink {
 public:
  explicit ToFile(Fd fd) : fd_(std::move(fd)) {}
  Status Restart() override {
    if (::ftruncate(fd_.get(), 0) != 0 || ::lseek(fd_.get(), 0, SEEK_SET) != 0)
      return SystemError("cannot empty the file of a download", errno);
    return Ok();
  }
  Status Take(std::string_view bytes) override { return WriteFull(fd_.get(), AsBytes(bytes)); }

 private:
  Fd fd_;
};

// Finds the secret in a body that comes in pieces.
class EchoWatch {
 public:
  explicit EchoWatch(std::string_view secret) : secret_(secret) {}
  [[nodiscard]] bool Seen(std::string_view bytes) {
    if (secret_.empty()) return false;
    const std::size_t overlap = secret_.size() - 1;
    tail_.append(bytes.substr(0, overlap));
    const bool seen = tail_.find(secret_) != std::string::npos ||
                      ::memmem(bytes.data(), bytes.size(), secret_.data(), secret_.size());
    if (bytes.size() >= overlap) {
      tail_ = bytes.substr(bytes.size() - overlap);
    } else if (tail_.size() > overlap) {
      tail_.erase(0, tail_.size() - overlap);
    }
    return seen;
  }

 private:
  std::string_view secret_;
  std::string tail_;
};

// What the callbacks of one attempt share.
struct Attempt {
  CURL* curl = nullptr;
  BodySink* sink = nullptr;
  std::uint64_t max_bytes = 0;
  EchoWatch echo{""};
  HttpAnswer answer;
  std::optional<Error> error;
  bool too_large = false;

  int Status() {
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return static_cast<int>(status);
  }
};

std::size_t OnBody(char* data, std::size_t, std::size_t size, void* user) {
  auto* attempt = static_cast<Attempt*>(user);
  const std::string_view bytes(data, size);
  attempt->answer.status = attempt->Status();
  if (!attempt->answer.ok()) {
    std::string& text = attempt->answer.text;
    text.append(bytes.substr(0, kMaxErrorText - std::min(kMaxErrorText, text.size())));
    return size;
  }
  attempt->answer.bytes += size;
  attempt->too_large = attempt->answer.bytes > attempt->max_bytes;
  if (attempt->too_large) return 0;
  if (attempt->echo.Seen(bytes)) {
    attempt->error = Error::Make(Kind::kMalformed, "the answer holds the key that was sent")
                         .Hint(
                             "a server that shows keys must not be collected from; the answer "
                             "was thrown away");
    return 0;
  }
  Status taken = attempt->sink->Take(bytes);
  if (taken.ok()) return size;
  attempt->error = std::move(taken).error();
  return 0;
}

std::size_t OnHeader(char* data, std::size_t, std::size_t size, void* user) {
  auto& headers = static_cast<Attempt*>(user)->answer.headers;
  const std::string_view line(data, size);
  if (line.starts_with("HTTP/")) headers.clear();
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    headers[AsciiLower(AsciiTrim(line.substr(0, colon)))] = AsciiTrim(line.substr(colon + 1));
  }
  return size;
}

struct HeaderList {
  curl_slist* list = nullptr;
  HeaderList() = default;
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;
  ~HeaderList() {
    for (curl_slist* line = list; line != nullptr; line = line->next)
      sodium_memzero(line->data, std::strlen(line->data));
    curl_slist_free_all(list);
  }
  void Add(std::string line) {
    list = curl_slist_append(list, line.c_str());
    sodium_memzero(line.data(), line.size());
  }
};

bool IsPassingFailure(CURLcode code) {
  constexpr std::array kPassing = {CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT,
                                   CURLE_PARTIAL_FILE,         CURLE_OPERATION_TIMEDOUT,
                                   CURLE_GOT_NOTHING,          CURLE_SEND_ERROR,
                                   CURLE_RECV_ERROR,           CURLE_HTTP2,
                                   CURLE_HTTP2_STREAM,         CURLE_BAD_CONTENT_ENCODING};
  return std::find(kPassing.begin(), kPassing.end(), code) != kPassing.end();
}

std::string_view HintFor(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return "check the host name of the url, and that this machine can resolve it";
    case CURLE_COULDNT_RESOLVE_PROXY:
      return "check the host name of `proxy`";
    case CURLE_COULDNT_CONNECT:
      return "check that the server runs and that no firewall stands between; a proxy must be "
             "named with `proxy`";
    case CURLE_PEER_FAILED_VERIFICATION:
      return "name the certificate authority of this server in `ca_file`; verification cannot be "
             "switched off";
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
      return "if the server's key was changed on purpose, pin the new one with `pin`";
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
      return "check the files named in `ca_file`, `client_certificate` and `client_key`";
    case CURLE_OPERATION_TIMEDOUT:
      return "the server is slow or away; what was fetched is kept, run again";
    default:
      return "what was fetched is kept, run again";
  }
}

bool SameHost(const std::string& one, const std::string& other) {
  const auto host = [](const std::string& url) {
    const std::size_t start = url.find("://");
    const std::size_t begin = start == std::string::npos ? 0 : start + 3;
    return AsciiLower(url.substr(0, begin)) +
           AsciiLower(url.substr(begin, url.find_first_of("/?#", begin) - begin));
  };
  return host(one) == host(other);
}

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

struct HttpClient::State {
  TransportOptions options;
  Secret secret;
  std::string agent;
  Pause pause;
  CURL* curl = nullptr;
  std::uint64_t requests = 0;
  std::uint64_t bytes = 0;
  std::chrono::seconds owed{0};  // the server's limit is used up until then
  std::minstd_rand random{std::random_device{}()};

  void Prepare(const HttpRequest& request, const std::string& url, Attempt* attempt,
               HeaderList* headers);
  void SetTransport() const;
  Result<HttpAnswer> Once(const HttpRequest& request, const std::string& url, BodySink& sink,
                          bool* passing);
  Result<HttpAnswer> Follow(const HttpRequest& request, BodySink& sink, bool* passing);
  void NoteRateLimit(const HttpAnswer& answer);
  [[nodiscard]] std::chrono::milliseconds PauseAfter(const Result<HttpAnswer>& answer, int attempt);
};

HttpClient::HttpClient(TransportOptions options, Secret secret, std::string agent, Pause pause)
    : state_(std::make_unique<State>()) {
  // Thread-safe and done once, before any other thread could use the library.
  static const CURLcode kReady = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (kReady != CURLE_OK) std::abort();
  state_->options = std::move(options);
  state_->secret = std::move(secret);
  state_->agent = std::move(agent);
  state_->pause = pause ? std::move(pause)
                        : [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); };
  state_->curl = curl_easy_init();
  if (state_->curl == nullptr) std::abort();
}

HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() {
  if (state_) curl_easy_cleanup(state_->curl);
}

const Secret& HttpClient::secret() const {
  return state_->secret;
}
std::uint64_t HttpClient::requests() const {
  return state_->requests;
}
std::uint64_t HttpClient::bytes() const {
  return state_->bytes;
}

std::string HttpAnswer::Header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

void HttpClient::State::SetTransport() const {
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca_file.c_str());
  if (!options.pinned_key.empty())
    curl_easy_setopt(curl, CURLOPT_PINNEDPUBLICKEY, options.pinned_key.c_str());
  if (!options.client_certificate.empty())
    curl_easy_setopt(curl, CURLOPT_SSLCERT, options.client_certificate.c_str());
  if (!options.client_key.empty())
    curl_easy_setopt(curl, CURLOPT_SSLKEY, options.client_key.c_str());
  // Empty means none, also where the environment names one.
  curl_easy_setopt(curl, CURLOPT_PROXY, options.proxy.c_str());
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT,
                   static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
}

void HttpClient::State::Prepare(const HttpRequest& request, const std::string& url,
                                Attempt* attempt, HeaderList* headers) {
  curl_easy_reset(curl);  // keeps connections
  SetTransport();
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, url == request.url ? "http,https" : "https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, agent.c_str());
  curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request.max_bytes));
  if (request.method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  } else if (request.method != "GET") {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  for (const std::string& line : request.headers)
    headers->Add(line);
  if (request.known_etag) headers->Add("If-None-Match: " + *request.known_etag);
  // Credentials stay with the host that they are for.
  if (!request.secret_header.empty() && !secret.empty() && SameHost(url, request.url))
    headers->Add(fmt::format("{}: {}", request.secret_header, secret.view()));
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers->list);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &OnBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, attempt);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &OnHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, attempt);
}

Result<HttpAnswer> HttpClient::State::Once(const HttpRequest& request, const std::string& url,
                                           BodySink& sink, bool* passing) {
  GF_CHECK(sink.Restart());
  Attempt attempt;
  attempt.curl = curl;
  attempt.sink = &sink;
  attempt.max_bytes = request.max_bytes;
  attempt.echo = EchoWatch(secret.view());
  HeaderList headers;
  Prepare(request, url, &attempt, &headers);
  std::array<char, CURL_ERROR_SIZE> detail{};
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail.data());
  ++requests;
  const CURLcode code = curl_easy_perform(curl);
  // Closing a connection later may still write there.
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, nullptr);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, nullptr);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, nullptr);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, nullptr);
  bytes += attempt.answer.bytes;
  if (attempt.error) return std::move(*attempt.error).In(ShownUrl(url));
  if (attempt.too_large || code == CURLE_FILESIZE_EXCEEDED) {
    return Error::Make(Kind::kTooLarge, "{} answers with more than {} bytes", ShownUrl(url),
                       request.max_bytes);
  }
  if (code != CURLE_OK) {
    *passing = IsPassingFailure(code);
    const std::string why = detail[0] != '\0' ? detail.data() : curl_easy_strerror(code);
    return Error::Make(Kind::kNetwork, "{}: {}", ShownUrl(url), Printable(secret.Redact(why)))
        .Hint("{}", HintFor(code));
  }
  attempt.answer.status = attempt.Status();
  attempt.answer.url = ShownUrl(url);
  *passing = IsPassing(attempt.answer.status);
  return std::move(attempt.answer);
}

Result<HttpAnswer> HttpClient::State::Follow(const HttpRequest& request, BodySink& sink,
                                             bool* passing) {
  std::string url = request.url;
  for (int hop = 0;; ++hop) {
    GF_TRY(HttpAnswer answer, Once(request, url, sink, passing));
    if (!request.follow || !IsRedirect(answer.status)) return answer;
    char* next = nullptr;
    curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &next);
    if (next == nullptr) return answer;
    if (!AsciiLower(next).starts_with("https://")) {
      return Error::Make(Kind::kNetwork, "{} redirects to {}, which is not https", answer.url,
                         ShownUrl(next))
          .Hint("give the new address as url, if it is the right one");
    }
    if (hop == kMaxRedirects) {
      return Error::Make(Kind::kNetwork, "{}: more than {} redirects, the last one to {}",
                         ShownUrl(request.url), kMaxRedirects, ShownUrl(next));
    }
    url = next;
  }
}

void HttpClient::State::NoteRateLimit(const HttpAnswer& answer) {
  if (answer.Header("x-rate-limit-remaining") != "0") return;
  const auto reset = ParseRetryAfter(answer.Header("x-rate-limit-reset"), Now());
  if (reset) owed = std::min(*reset, kLongestPause);
}

std::chrono::milliseconds HttpClient::State::PauseAfter(const Result<HttpAnswer>& answer,
                                                        int attempt) {
  if (answer.ok()) {
    for (const char* name : {"retry-after", "x-rate-limit-reset"}) {
      const auto asked = ParseRetryAfter(answer->Header(name), Now());
      if (asked) return std::min(*asked, kLongestPause);
    }
  }
  return Backoff(attempt, std::uniform_real_distribution<>(0, 1)(random));
}

Result<HttpAnswer> HttpClient::Run(const HttpRequest& request, BodySink& sink) {
  const int attempts = request.repeat ? std::max(1, state_->options.attempts) : 1;
  for (int attempt = 1;; ++attempt) {
    if (state_->owed.count() > 0) state_->pause(std::exchange(state_->owed, {}));
    bool passing = false;
    auto answer = state_->Follow(request, sink, &passing);
    if (!passing || attempt == attempts) {
      if (answer.ok()) state_->NoteRateLimit(*answer);
      return answer;
    }
    state_->pause(state_->PauseAfter(answer, attempt));
  }
}

Result<HttpAnswer> HttpClient::Fetch(const HttpRequest& request) {
  ToText sink;
  GF_TRY(HttpAnswer answer, Run(request, sink));
  if (answer.ok()) answer.text = std::move(sink.text);
  return answer;
}

Result<HttpAnswer> HttpClient::FetchFile(const HttpRequest& request,
                                         const std::filesystem::path& file) {
  constexpr mode_t kPrivate = 0600;
  Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kPrivate));
  if (!fd.open()) return SystemError("cannot create " + file.string(), errno);
  ToFile sink(std::move(fd));
  return Run(request, sink);
}

}  // namespace gapferry::collect
