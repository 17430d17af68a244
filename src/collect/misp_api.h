// collect/misp_api.h: the calls of MISP's REST API that collecting and operating need, each as MISP
// 2.5 answers it (app/Controller of MISP/MISP v2.5.1, and recordings of that version). No redirect
// is followed: MISP sends one where it has no other way to say no.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "collect/download.h"
#include "collect/event_cache.h"
#include "policy/selection.h"

namespace gapferry::collect {

// Tags and warninglists of a whole instance in one answer.
constexpr std::size_t kMaxAnswerBytes = 64 << 20;
constexpr std::uint64_t kMaxIndexBytes = std::uint64_t{1} << 30;
// Headers of events on one page of a search, and how many pages there may be.
constexpr int kSearchPage = 500;
constexpr int kMaxSearchPages = 20'000;

struct MispPermissions {
  bool site_admin = false;
  bool sync = false;
  bool rate_limited = false;
};

// Who this key is to the instance: /servers/getVersion and /users/view/me.
struct MispAccount {
  std::string version;
  std::string instance;  // UUID, or empty: shown to keys that may synchronise only
  std::string role;
  std::string organisation;
  MispPermissions may;
  // The user's default_restsearch_parameters, which MISP merges into every search in silence; empty
  // if there are none.
  std::string default_filters;
  std::string key_expires;  // as the server wrote it, or empty
};

class MispApi {
 public:
  // `url`: of the instance, without a path below it.
  MispApi(HttpClient client, std::string url);

  [[nodiscard]] HttpClient& client() { return client_; }
  [[nodiscard]] HttpRequest Request(std::string method, const std::string& path,
                                    const Json& body = nullptr) const;
  // A document; any answer that is no success is an error, and so is one that is no JSON.
  [[nodiscard]] Result<Json> Get(const std::string& path);
  [[nodiscard]] Result<Json> Post(const std::string& path, const Json& body);
  // A call that changes something: sent once, never repeated.
  [[nodiscard]] Result<Json> Change(const std::string& path, const Json& body);

  [[nodiscard]] Result<MispAccount> ReadAccount();
  // Names of tags that MISP hides from its answers (exportable is 0) and that something carries.
  [[nodiscard]] Result<std::vector<std::string>> HiddenTags();

 private:
  [[nodiscard]] Result<Json> Call(const HttpRequest& request);

  HttpClient client_;
  std::string url_;
};

// JSON that strangers type loosely: text or number as text, "1", 1 or true as a flag.
[[nodiscard]] std::string TextOf(const Json& object, const char* key);
[[nodiscard]] bool FlagOf(const Json& object, const char* key);

}  // namespace gapferry::collect
