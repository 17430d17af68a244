#include "collect/http_ahead.h"

#include <cstdio>

#include "collect/http_pause.h"
#include "collect/http_transfer.h"

namespace gapferry::collect {
namespace {

bool IsSame(const HttpRequest& one, const HttpRequest& other) {
  return one.url == other.url && one.method == other.method && one.body == other.body &&
         one.headers == other.headers && one.known_etag == other.known_etag;
}

// What counts whenever it came. The rest is worth another attempt, or has to be followed.
bool IsFinal(const HttpAnswer& answer) {
  return !IsPassing(answer.status) && (answer.status < 300 || answer.status >= 400);
}

}  // namespace

struct HttpAhead::Multi {
  CURLM* handle = curl_multi_init();
  Multi() {
    if (handle == nullptr) std::abort();
  }
  Multi(const Multi&) = delete;
  Multi& operator=(const Multi&) = delete;
  ~Multi() { curl_multi_cleanup(handle); }
};

struct HttpAhead::Sent {
  HttpRequest request;
  std::filesystem::path file;
  std::unique_ptr<Transfer> transfer;  // while it is under way
  std::optional<ToFile> sink;
  std::optional<HttpAnswer> answer;  // once it is whole
};

HttpAhead::HttpAhead(const TransportOptions& options, const Secret& secret,
                     const std::string& agent, std::vector<HttpRequest> requests,
                     const std::filesystem::path& folder)
    : options_(options),
      secret_(secret),
      agent_(agent),
      requests_(std::move(requests)),
      folder_(folder),
      multi_(std::make_unique<Multi>()) {}

HttpAhead::~HttpAhead() {
  for (const std::unique_ptr<Sent>& one : sent_) {
    if (one->transfer) curl_multi_remove_handle(multi_->handle, one->transfer->handle());
    std::error_code ignored;
    std::filesystem::remove(one->file, ignored);
  }
}

void HttpAhead::SendMore() {
  while (!stopped_ && next_ < requests_.size() &&
         sent_.size() < static_cast<std::size_t>(options_.connections)) {
    auto next = std::make_unique<Sent>();
    next->request = std::move(requests_[next_]);
    next->file =
        folder_ / fmt::format("ahead-{}.part", next_ % static_cast<std::size_t>(kMostConnections));
    ++next_;
    Start(std::move(next));
  }
}

void HttpAhead::Start(std::unique_ptr<Sent> next) {
  auto sink = ToFile::Create(next->file);
  if (sink.ok()) {
    next->sink = std::move(sink).value();
    if (transfers_.empty()) {
      next->transfer = std::make_unique<Transfer>(options_, secret_, agent_);
    } else {
      next->transfer = std::move(transfers_.back());
      transfers_.pop_back();
    }
    if (next->transfer->Begin(next->request, next->request.url, *next->sink).ok()) {
      curl_multi_add_handle(multi_->handle, next->transfer->handle());
    } else {
      next->transfer.reset();
    }
  }
  sent_.push_back(std::move(next));
}

void HttpAhead::Heed(const HttpAnswer& answer) {
  const std::string remaining = answer.Header("x-rate-limit-remaining");
  // Two digits are more than there are connections.
  if (IsPassing(answer.status) || remaining.size() == 1) stopped_ = true;
}

void HttpAhead::Finish() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_->handle, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    for (const std::unique_ptr<Sent>& one : sent_) {
      if (!one->transfer || one->transfer->handle() != message->easy_handle) continue;
      curl_multi_remove_handle(multi_->handle, one->transfer->handle());
      bool passing = false;
      auto answer = one->transfer->End(code, &passing);
      transfers_.push_back(std::move(one->transfer));
      one->sink.reset();
      if (answer.ok()) Heed(*answer);
      if (answer.ok() && IsFinal(*answer)) one->answer = std::move(answer).value();
      break;
    }
  }
}

void HttpAhead::WaitFor(const Sent& wanted) {
  constexpr int kPollMilliseconds = 1000;
  while (wanted.transfer) {
    int running = 0;
    if (curl_multi_perform(multi_->handle, &running) != CURLM_OK) return;
    Finish();
    SendMore();
    if (wanted.transfer &&
        curl_multi_poll(multi_->handle, nullptr, 0, kPollMilliseconds, nullptr) != CURLM_OK)
      return;
  }
}

std::optional<HttpAnswer> HttpAhead::Take(const HttpRequest& request,
                                          const std::filesystem::path& file) {
  SendMore();
  if (sent_.empty() || !IsSame(sent_.front()->request, request)) return std::nullopt;
  WaitFor(*sent_.front());
  const std::unique_ptr<Sent> one = std::move(sent_.front());
  sent_.pop_front();
  if (one->transfer) curl_multi_remove_handle(multi_->handle, one->transfer->handle());
  std::error_code error;
  if (one->answer && one->answer->ok()) {
    std::filesystem::rename(one->file, file, error);
    if (error) one->answer.reset();
  } else {
    std::filesystem::remove(one->file, error);
  }
  // The server works at the next ones while this one is looked at.
  SendMore();
  int running = 0;
  curl_multi_perform(multi_->handle, &running);
  return std::move(one->answer);
}

}  // namespace gapferry::collect
