#include "collect/http_transfer.h"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/bytes.h"
#include "base/console.h"
#include "collect/content_decoder.h"
#include "collect/echo_watch.h"
#include "collect/http_pause.h"

namespace gapferry::collect {
namespace {

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

constexpr std::int64_t kLongestTransfer = 7LL * 86400 * 1000;  // milliseconds; 0 would be none

bool IsPassingFailure(CURLcode code) {
  constexpr std::array kPassing = {
      CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_PARTIAL_FILE,
      CURLE_OPERATION_TIMEDOUT,   CURLE_GOT_NOTHING,     CURLE_SEND_ERROR,
      CURLE_RECV_ERROR,           CURLE_HTTP2,           CURLE_HTTP2_STREAM};
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
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
      return "the server ended the connection: it may be restarting, so run again, or want a "
             "certificate of yours, named with `client_certificate`";
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

}  // namespace

Result<ToFile> ToFile::Create(const std::filesystem::path& file) {
  constexpr mode_t kPrivate = 0600;
  Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kPrivate));
  if (!fd.open()) return SystemError("cannot create " + file.string(), errno);
  return ToFile(std::move(fd));
}

Status ToFile::Restart() {
  if (::ftruncate(fd_.get(), 0) != 0 || ::lseek(fd_.get(), 0, SEEK_SET) != 0)
    return SystemError("cannot empty the file of a download", errno);
  return Ok();
}

Status ToFile::Take(std::string_view bytes) {
  return WriteFull(fd_.get(), AsBytes(bytes));
}

// What the callbacks of one attempt share.
struct Transfer::Attempt {
  CURL* curl = nullptr;
  std::string url;
  BodySink* sink = nullptr;
  std::uint64_t max_bytes = 0;
  bool has_body = true;  // by the method
  const Secret* secret = nullptr;
  EchoWatch echo{Secret()};
  std::optional<ContentDecoder> decoder;  // from the first byte on
  HttpAnswer answer;
  std::optional<Error> error;
  HeaderList headers;
  std::array<char, CURL_ERROR_SIZE> detail{};

  int StatusCode() const {
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return static_cast<int>(status);
  }

  [[nodiscard]] Error TooLarge() const {
    return Error::Make(Kind::kTooLarge, "answers with more than {} bytes", max_bytes);
  }

  Status StartDecoder() {
    if (decoder) return Ok();
    GF_TRY(decoder, ContentDecoder::For(answer.Header("content-encoding")));
    return Ok();
  }

  Status Take(std::string_view bytes) {
    GF_CHECK(StartDecoder());
    return decoder->Take(bytes, [this](std::string_view plain) { return TakePlain(plain); });
  }

  Status TakePlain(std::string_view bytes) {
    if (!answer.ok()) {
      answer.text.append(
          bytes.substr(0, kMaxErrorText - std::min(kMaxErrorText, answer.text.size())));
      return Ok();
    }
    answer.bytes += bytes.size();
    if (answer.bytes > max_bytes) return TooLarge();
    if (echo.Seen(bytes)) return KeyComesBack();
    return sink->Take(bytes);
  }

  // A body that is encoded has an end of its own.
  Status CheckEnd() {
    constexpr int kNoContent = 204;
    if (!answer.ok() || !has_body || answer.status == kNoContent) return Ok();
    GF_CHECK(StartDecoder());
    return decoder->CheckEnd();
  }
};

Transfer::Transfer(const TransportOptions& options, const Secret& secret, const std::string& agent)
    : options_(options), secret_(secret), agent_(agent), curl_(curl_easy_init()) {
  if (curl_ == nullptr) std::abort();
}

Transfer::~Transfer() {
  curl_easy_cleanup(curl_);
}

std::size_t Transfer::OnBody(char* data, std::size_t, std::size_t size, void* user) {
  auto* attempt = static_cast<Attempt*>(user);
  attempt->answer.status = attempt->StatusCode();
  Status taken = attempt->Take({data, size});
  // What cannot be read of the words of an error is left out of them.
  if (taken.ok() || !attempt->answer.ok()) return size;
  attempt->error = std::move(taken).error();
  return 0;
}

std::size_t Transfer::OnHeader(char* data, std::size_t, std::size_t size, void* user) {
  auto* attempt = static_cast<Attempt*>(user);
  auto& headers = attempt->answer.headers;
  const std::string_view line(data, size);
  if (line.starts_with("HTTP/")) headers.clear();
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    // Some are shown, and some are kept.
    headers[AsciiLower(AsciiTrim(line.substr(0, colon)))] =
        attempt->secret->Redact(AsciiTrim(line.substr(colon + 1)));
  }
  return size;
}

void Transfer::SetTransport() const {
  curl_easy_setopt(curl_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(curl_, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(curl_, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options_.ca_file.empty()) curl_easy_setopt(curl_, CURLOPT_CAINFO, options_.ca_file.c_str());
  if (!options_.pinned_key.empty())
    curl_easy_setopt(curl_, CURLOPT_PINNEDPUBLICKEY, options_.pinned_key.c_str());
  if (!options_.client_certificate.empty())
    curl_easy_setopt(curl_, CURLOPT_SSLCERT, options_.client_certificate.c_str());
  if (!options_.client_key.empty())
    curl_easy_setopt(curl_, CURLOPT_SSLKEY, options_.client_key.c_str());
  // Empty means none, also where the environment names one.
  curl_easy_setopt(curl_, CURLOPT_PROXY, options_.proxy.c_str());
  curl_easy_setopt(curl_, CURLOPT_CONNECTTIMEOUT,
                   static_cast<long>(options_.connect_timeout.count()));
  curl_easy_setopt(curl_, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl_, CURLOPT_LOW_SPEED_TIME,
                   static_cast<long>(options_.stall_timeout.count()));
  curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl_, CURLOPT_TCP_KEEPALIVE, 1L);
}

void Transfer::SetRequest(const HttpRequest& request, const std::string& url) {
  curl_easy_setopt(curl_, CURLOPT_URL, url.c_str());
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      options_.deadline - std::chrono::steady_clock::now());
  curl_easy_setopt(curl_, CURLOPT_TIMEOUT_MS,
                   static_cast<long>(std::clamp<std::int64_t>(left.count(), 1, kLongestTransfer)));
  curl_easy_setopt(curl_, CURLOPT_PROTOCOLS_STR, url == request.url ? "http,https" : "https");
  curl_easy_setopt(curl_, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl_, CURLOPT_USERAGENT, agent_.c_str());
  curl_easy_setopt(curl_, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request.max_bytes));
  if (request.method == "HEAD") {
    curl_easy_setopt(curl_, CURLOPT_NOBODY, 1L);
  } else if (request.method != "GET") {
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl_, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  for (const std::string& line : request.headers)
    attempt_->headers.Add(line);
  attempt_->headers.Add(std::string(kAcceptEncoding));
  if (request.known_etag) attempt_->headers.Add("If-None-Match: " + *request.known_etag);
  // Credentials stay with the host that they are for.
  if (!request.secret_header.empty() && !secret_.empty() && SameHost(url, request.url))
    attempt_->headers.Add(fmt::format("{}: {}", request.secret_header, secret_.view()));
  curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, attempt_->headers.list);
  curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, &OnBody);
  curl_easy_setopt(curl_, CURLOPT_WRITEDATA, attempt_.get());
  curl_easy_setopt(curl_, CURLOPT_HEADERFUNCTION, &OnHeader);
  curl_easy_setopt(curl_, CURLOPT_HEADERDATA, attempt_.get());
}

Status Transfer::Begin(const HttpRequest& request, const std::string& url, BodySink& sink) {
  GF_CHECK(sink.Restart());
  attempt_ = std::make_unique<Attempt>();
  attempt_->curl = curl_;
  attempt_->url = url;
  attempt_->sink = &sink;
  attempt_->max_bytes = request.max_bytes;
  attempt_->has_body = request.method != "HEAD";
  attempt_->secret = &secret_;
  attempt_->echo = EchoWatch(secret_);
  curl_easy_reset(curl_);  // keeps connections
  SetTransport();
  SetRequest(request, url);
  curl_easy_setopt(curl_, CURLOPT_ERRORBUFFER, attempt_->detail.data());
  return Ok();
}

Result<HttpAnswer> Transfer::End(CURLcode code, bool* passing) {
  // Closing a connection later may still write there.
  curl_easy_setopt(curl_, CURLOPT_ERRORBUFFER, nullptr);
  curl_easy_setopt(curl_, CURLOPT_HEADERDATA, nullptr);
  curl_easy_setopt(curl_, CURLOPT_HEADERFUNCTION, nullptr);
  curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, nullptr);
  const std::unique_ptr<Attempt> attempt = std::move(attempt_);
  const std::string shown = secret_.Redact(ShownUrl(attempt->url));
  if (attempt->error) {
    *passing = attempt->error->kind == Kind::kNetwork;
    return std::move(*attempt->error).In(shown);
  }
  if (code == CURLE_FILESIZE_EXCEEDED) return attempt->TooLarge().In(shown);
  if (code != CURLE_OK) {
    *passing = IsPassingFailure(code);
    const std::string why =
        attempt->detail[0] != '\0' ? attempt->detail.data() : curl_easy_strerror(code);
    return Error::Make(Kind::kNetwork, "{}: {}", shown, Printable(secret_.Redact(why)))
        .Hint("{}", HintFor(code));
  }
  attempt->answer.status = attempt->StatusCode();
  attempt->answer.url = shown;
  const Status end = attempt->CheckEnd();
  if (!end.ok()) {
    *passing = true;
    return Error(end.error()).In(shown);
  }
  *passing = IsPassing(attempt->answer.status);
  return std::move(attempt->answer);
}

}  // namespace gapferry::collect
