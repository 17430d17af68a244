// collect/download.h: files that are fetched by URL and kept, so that an interrupted run goes on
// where it was and an unchanged file is not fetched again.
#pragma once

#include <filesystem>
#include <functional>

#include "collect/http.h"

namespace gapferry::collect {

// Of a body that is fetched whole but is not what it should be, so many more attempts: a body that
// breaks off without the server saying so looks like that.
constexpr int kMoreBodies = 1;

struct Download {
  bool changed = false;  // false: the file that was there still stands
  HttpAnswer answer;
};

// What the bytes must be: an error, of any kind, keeps them from taking the old file's place.
using BodyCheck = std::function<Status(const std::filesystem::path& part)>;

// Fetches into `file` unless the server says that the one there still stands; its ETag and
// Last-Modified lie beside it, in `file`.etag, and count only for the same URL and request body,
// and for the bytes that came with them. Whoever is interrupted leaves the old file or the new one.
// An answer that is no success changes nothing and is no error. Errors: those of HttpClient, and
// what `check` gave the last time.
[[nodiscard]] Result<Download> FetchIfChanged(HttpClient& client, HttpRequest request,
                                              const std::filesystem::path& file,
                                              const BodyCheck& check = {});

// The file is fetched again next time, whatever the server says of it.
void FetchAgain(const std::filesystem::path& file);

// Fetches into `part`, where what `check` refuses is fetched once more.
[[nodiscard]] Result<HttpAnswer> FetchChecked(HttpClient& client, const HttpRequest& request,
                                              const std::filesystem::path& part,
                                              const BodyCheck& check);

// An answer that is a page for people where data was expected, such as one to log in.
[[nodiscard]] bool IsHtml(const HttpAnswer& answer);

}  // namespace gapferry::collect
