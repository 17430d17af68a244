// collect/http_ahead.h: several requests under way at once, where it is known which ones will be
// made.
#pragma once

#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collect/http.h"

namespace gapferry::collect {

class Transfer;

// Sends requests in their order, as many at once as the options have connections, and never more
// ahead of what was taken. Each answer is a file of its own until it is taken. A server that says
// it is asked too much (429, 503, or a limit of calls that runs out) is sent nothing ahead any
// more.
class HttpAhead {
 public:
  // `options`, `secret` and `agent` must outlive it.
  HttpAhead(const TransportOptions& options, const Secret& secret, const std::string& agent,
            std::vector<HttpRequest> requests, const std::filesystem::path& folder);
  HttpAhead(const HttpAhead&) = delete;
  HttpAhead& operator=(const HttpAhead&) = delete;
  ~HttpAhead();

  // Waits for the answer to this request, whose body then lies in `file` if it is a success.
  // Nothing if the request is not the next one, or has to be made anew: it failed, in passing or
  // not, or was redirected.
  [[nodiscard]] std::optional<HttpAnswer> Take(const HttpRequest& request,
                                               const std::filesystem::path& file);

 private:
  struct Sent;
  struct Multi;
  void SendMore();
  void Start(std::unique_ptr<Sent> next);
  void Finish();
  void WaitFor(const Sent& wanted);
  void Heed(const HttpAnswer& answer);

  const TransportOptions& options_;
  const Secret& secret_;
  const std::string& agent_;
  std::vector<HttpRequest> requests_;
  std::size_t next_ = 0;  // to be sent
  std::filesystem::path folder_;
  std::unique_ptr<Multi> multi_;
  std::deque<std::unique_ptr<Sent>> sent_;            // in their order, not taken yet
  std::vector<std::unique_ptr<Transfer>> transfers_;  // idle
  bool stopped_ = false;
};

}  // namespace gapferry::collect
