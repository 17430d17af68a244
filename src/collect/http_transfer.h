// collect/http_transfer.h: one request on one handle of libcurl, from its settings to its answer.
// The rest of libcurl is in http.cpp and http_ahead.cpp.
#pragma once

#include <curl/curl.h>

#include <memory>

#include "base/file.h"
#include "collect/http.h"

namespace gapferry::collect {

// Takes the body of one answer; `Restart` comes before each attempt.
class BodySink {
 public:
  virtual ~BodySink() = default;
  [[nodiscard]] virtual Status Restart() = 0;
  [[nodiscard]] virtual Status Take(std::string_view bytes) = 0;
};

class ToFile : public BodySink {
 public:
  // Makes the file anew, mode 0600. Error: kIo, kNoSpace.
  [[nodiscard]] static Result<ToFile> Create(const std::filesystem::path& file);
  Status Restart() override;
  Status Take(std::string_view bytes) override;

 private:
  explicit ToFile(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

class Transfer {
 public:
  // All three must outlive it.
  Transfer(const TransportOptions& options, const Secret& secret, const std::string& agent);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  ~Transfer();

  // Sets up the handle for `url`, which is the request's or one that it was redirected to. The
  // request and the sink must live until End.
  [[nodiscard]] Status Begin(const HttpRequest& request, const std::string& url, BodySink& sink);
  [[nodiscard]] CURL* handle() const { return curl_; }
  // After libcurl is done with it. `passing`: whether another attempt may do better. Errors as of
  // HttpClient.
  [[nodiscard]] Result<HttpAnswer> End(CURLcode code, bool* passing);

 private:
  struct Attempt;
  static std::size_t OnBody(char* data, std::size_t unit, std::size_t size, void* user);
  static std::size_t OnHeader(char* data, std::size_t unit, std::size_t size, void* user);
  void SetTransport() const;
  void SetRequest(const HttpRequest& request, const std::string& url);

  const TransportOptions& options_;
  const Secret& secret_;
  const std::string& agent_;
  CURL* curl_;
  std::unique_ptr<Attempt> attempt_;
};

}  // namespace gapferry::collect
