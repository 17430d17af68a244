#include "collect/misp_api.h"

namespace gapferry::collect {
namespace {

constexpr JsonLimits kAnswerLimits{kMaxAnswerBytes, 64};

const Json& Part(const Json& document, const char* key) {
  static const Json kNothing = Json::object();
  return document.is_object() && document.contains(key) && document[key].is_object() ? document[key]
                                                                                     : kNothing;
}

// The value of default_restsearch_parameters wherever UserSetting holds it: a list of settings or a
// map of them, depending on the version.
std::string DefaultFilters(const Json& settings) {
  constexpr const char* kName = "default_restsearch_parameters";
  const auto shown = [](const Json& value) {
    if (value.empty()) return std::string();  // null, [] and {}
    std::string text = value.is_string() ? value.get<std::string>() : DumpJson(value);
    return text == "[]" || text == "{}" ? std::string() : text;
  };
  if (settings.is_object()) return settings.contains(kName) ? shown(settings[kName]) : "";
  if (!settings.is_array()) return "";
  for (const Json& entry : settings) {
    const Json& setting = entry.contains("UserSetting") ? entry["UserSetting"] : entry;
    if (TextOf(setting, "setting") == kName && setting.contains("value"))
      return shown(setting["value"]);
  }
  return "";
}

}  // namespace

std::string TextOf(const Json& object, const char* key) {
  if (!object.is_object() || !object.contains(key)) return "";
  const Json& value = object[key];
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? "" : DumpJson(value);
}

bool FlagOf(const Json& object, const char* key) {
  const std::string text = TextOf(object, key);
  return text == "true" || text == "1";
}

MispApi::MispApi(HttpClient client, std::string url)
    : client_(std::move(client)), url_(std::move(url)) {
  while (url_.ends_with('/'))
    url_.pop_back();
}

HttpRequest MispApi::Request(std::string method, const std::string& path, const Json& body) const {
  HttpRequest request;
  request.method = std::move(method);
  request.url = url_ + path;
  request.headers = {"Accept: application/json"};
  request.secret_header = "Authorization";
  request.max_bytes = kMaxAnswerBytes;
  if (!body.is_null()) {
    // Without it MISP does not read the filters, and answers with everything.
    request.headers.emplace_back("Content-Type: application/json");
    request.body = DumpJson(body);
  }
  return request;
}

Result<Json> MispApi::Call(const HttpRequest& request) {
  for (int more = request.repeat ? kMoreBodies : 0;; --more) {
    GF_TRY(const HttpAnswer answer, client_.Fetch(request));
    if (!answer.ok()) return Unexpected(answer, client_.secret());
    auto document = ParseJson(answer.text, kAnswerLimits);
    if (document.ok() && document->is_structured()) return document;
    if (more > 0) continue;
    if (IsHtml(answer)) {
      return Error::Make(Kind::kMalformed, "{} answers {} with a page of HTML, not with JSON",
                         answer.url, answer.status)
          .Hint("is this the address of a MISP? a proxy or a login page may stand between");
    }
    if (document.ok())
      return Error::Make(Kind::kMalformed, "{}: no JSON document, only a value", answer.url);
    return std::move(document)
        .error()
        .In(answer.url)
        .Hint(
            "the answer is no whole JSON document: it may have been cut off on the way; run again, "
            "and "
            "look at the server's log if it stays so");
  }
}

Result<Json> MispApi::Get(const std::string& path) {
  return Call(Request("GET", path));
}

Result<Json> MispApi::Post(const std::string& path, const Json& body) {
  return Call(Request("POST", path, body));
}

Result<Json> MispApi::Change(const std::string& path, const Json& body) {
  HttpRequest request = Request("POST", path, body);
  request.repeat = false;
  return Call(request);
}

Result<MispAccount> MispApi::ReadAccount() {
  MispAccount account;
  GF_TRY(const Json version, Get("/servers/getVersion"));
  account.version = TextOf(version, "version");
  if (account.version.empty()) {
    return Error::Make(Kind::kMalformed, "{}/servers/getVersion names no version", ShownUrl(url_))
        .Hint("is this the address of a MISP?");
  }
  account.instance = TextOf(version, "uuid") == "-" ? "" : TextOf(version, "uuid");
  GF_TRY(const HttpAnswer answer, client_.Fetch(Request("GET", "/users/view/me")));
  if (!answer.ok()) return Unexpected(answer, client_.secret());
  auto me = ParseJson(answer.text, kAnswerLimits);
  if (!me.ok()) return std::move(me).error().In(answer.url);
  const Json& role = Part(*me, "Role");
  if (role.empty()) {
    return Error::Make(Kind::kMalformed, "{} names no role: what this key may see is unknown",
                       answer.url);
  }
  account.role = TextOf(role, "name");
  account.may = {FlagOf(role, "perm_site_admin"), FlagOf(role, "perm_sync"),
                 FlagOf(role, "enforce_rate_limit")};
  account.organisation = TextOf(Part(*me, "Organisation"), "name");
  account.key_expires = answer.Header("x-auth-key-expiration");
  if (me->contains("UserSetting")) account.default_filters = DefaultFilters((*me)["UserSetting"]);
  return account;
}

Result<std::vector<std::string>> MispApi::HiddenTags() {
  GF_TRY(const Json answer, Get("/tags/index"));
  if (!answer.contains("Tag") || !answer["Tag"].is_array())
    return Error::Make(Kind::kMalformed, "{}/tags/index lists no tags", ShownUrl(url_));
  std::vector<std::string> hidden;
  for (const Json& tag : answer["Tag"]) {
    const auto is_zero = [&](const char* key) { return TextOf(tag, key) == "0"; };
    if (FlagOf(tag, "exportable") || (is_zero("count") && is_zero("attribute_count"))) continue;
    hidden.push_back(TextOf(tag, "name"));
  }
  return hidden;
}

}  // namespace gapferry::collect
