#include "collect/http.h"

#include <algorithm>
#include <random>
#include <thread>

#include "base/bytes.h"
#include "base/clock.h"
#include "collect/http_ahead.h"
#include "collect/http_pause.h"
#include "collect/http_transfer.h"

namespace gapferry::collect {
namespace {

class ToText : public BodySink {
 public:
  Status Restart() override { return text.clear(), Ok(); }
  Status Take(std::string_view bytes) override { return text.append(bytes), Ok(); }
  std::string text;
};

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

struct HttpClient::State {
  TransportOptions options;
  Secret secret;
  std::string agent;
  Pause pause;
  std::unique_ptr<Transfer> transfer;
  std::unique_ptr<HttpAhead> ahead;
  std::uint64_t requests = 0;
  std::uint64_t bytes = 0;
  std::chrono::seconds owed{0};  // the server's limit is used up until then
  std::minstd_rand random{std::random_device{}()};

  Result<HttpAnswer> Once(const HttpRequest& request, const std::string& url, BodySink& sink,
                          bool* passing);
  Result<HttpAnswer> Follow(const HttpRequest& request, BodySink& sink, bool* passing);
  void NoteRateLimit(const HttpAnswer& answer);
  // Whether the time limit is over, or will be after a pause.
  [[nodiscard]] bool IsOver(std::chrono::milliseconds wait) const;
  [[nodiscard]] Error TooSlow(const HttpRequest& request) const;
  // Nothing if the server asks for more than kLongestPause.
  [[nodiscard]] std::optional<std::chrono::milliseconds> PauseAfter(
      const Result<HttpAnswer>& answer, int attempt);
};

HttpClient::HttpClient(TransportOptions options, Secret secret, std::string agent, Pause pause)
    : state_(std::make_unique<State>()) {
  // Thread-safe and done once, before any other thread could use the library.
  static const CURLcode kReady = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (kReady != CURLE_OK) std::abort();
  state_->options = std::move(options);
  state_->options.deadline = std::chrono::steady_clock::now() + state_->options.time_limit;
  state_->secret = std::move(secret);
  state_->agent = std::move(agent);
  state_->pause = pause ? std::move(pause)
                        : [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); };
  state_->transfer = std::make_unique<Transfer>(state_->options, state_->secret, state_->agent);
}

HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

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

Result<HttpAnswer> HttpClient::State::Once(const HttpRequest& request, const std::string& url,
                                           BodySink& sink, bool* passing) {
  GF_CHECK(transfer->Begin(request, url, sink));
  ++requests;
  const CURLcode code = curl_easy_perform(transfer->handle());
  auto answer = transfer->End(code, passing);
  if (answer.ok()) bytes += answer->bytes;
  return answer;
}

Result<HttpAnswer> HttpClient::State::Follow(const HttpRequest& request, BodySink& sink,
                                             bool* passing) {
  std::string url = request.url;
  for (int hop = 0;; ++hop) {
    GF_TRY(HttpAnswer answer, Once(request, url, sink, passing));
    if (!request.follow || !IsRedirect(answer.status)) return answer;
    char* next = nullptr;
    curl_easy_getinfo(transfer->handle(), CURLINFO_REDIRECT_URL, &next);
    if (next == nullptr) return answer;
    if (!AsciiLower(next).starts_with("https://")) {
      return Error::Make(Kind::kNetwork, "{} redirects to {}, which is not https", answer.url,
                         secret.Redact(ShownUrl(next)))
          .Hint("give the new address as url, if it is the right one");
    }
    if (hop == kMaxRedirects) {
      return Error::Make(Kind::kNetwork, "{}: more than {} redirects, the last one to {}",
                         secret.Redact(ShownUrl(request.url)), kMaxRedirects,
                         secret.Redact(ShownUrl(next)));
    }
    url = next;
  }
}

void HttpClient::State::NoteRateLimit(const HttpAnswer& answer) {
  if (answer.Header("x-rate-limit-remaining") != "0") return;
  const auto reset = ParseRetryAfter(answer.Header("x-rate-limit-reset"), Now());
  if (reset) owed = std::min(*reset, kLongestPause);
}

std::optional<std::chrono::milliseconds> HttpClient::State::PauseAfter(
    const Result<HttpAnswer>& answer, int attempt) {
  if (answer.ok()) {
    for (const char* name : {"retry-after", "x-rate-limit-reset"}) {
      const auto asked = ParseRetryAfter(answer->Header(name), Now());
      if (asked && *asked > kLongestPause) return std::nullopt;
      if (asked) return *asked;
    }
  }
  return Backoff(attempt, std::uniform_real_distribution<>(0, 1)(random));
}

bool HttpClient::State::IsOver(std::chrono::milliseconds wait) const {
  return std::chrono::steady_clock::now() + wait >= options.deadline;
}

Error HttpClient::State::TooSlow(const HttpRequest& request) const {
  return Error::Make(Kind::kNetwork, "{}: all requests together took longer than {} seconds",
                     ShownUrl(request.url), options.time_limit.count())
      .Hint(
          "what was fetched is kept, so the next run goes on from there; `time_limit` of the "
          "source says how long a run may take");
}

Result<HttpAnswer> HttpClient::Run(const HttpRequest& request, BodySink& sink) {
  const int attempts = request.repeat ? std::max(1, state_->options.attempts) : 1;
  for (int attempt = 1;; ++attempt) {
    if (state_->IsOver(state_->owed)) return state_->TooSlow(request);
    if (state_->owed.count() > 0) state_->pause(std::exchange(state_->owed, {}));
    bool passing = false;
    auto answer = state_->Follow(request, sink, &passing);
    const auto pause =
        passing && attempt < attempts ? state_->PauseAfter(answer, attempt) : std::nullopt;
    if (!pause) {
      if (answer.ok()) state_->NoteRateLimit(*answer);
      return answer;
    }
    if (state_->IsOver(*pause)) return state_->TooSlow(request);
    state_->pause(*pause);
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
  if (state_->ahead && state_->owed.count() == 0) {
    if (auto answer = state_->ahead->Take(request, file)) {
      ++state_->requests;
      state_->bytes += answer->bytes;
      state_->NoteRateLimit(*answer);
      return *std::move(answer);
    }
  }
  GF_TRY(ToFile sink, ToFile::Create(file));
  return Run(request, sink);
}

void HttpClient::Expect(std::vector<HttpRequest> requests, const std::filesystem::path& folder) {
  state_->ahead.reset();
  if (state_->options.connections < 2 || requests.size() < 2) return;
  state_->ahead = std::make_unique<HttpAhead>(state_->options, state_->secret, state_->agent,
                                              std::move(requests), folder);
}

}  // namespace gapferry::collect
