#include "collect/download.h"

#include <cstdio>

#include "base/file.h"
#include "base/hash.h"

namespace gapferry::collect {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxMarkBytes = 16 << 10;

// What is kept of an answer, one line each.
struct Mark {
  std::string request;  // what it answers
  std::string etag;
  std::string last_modified;
  std::string digest;  // of the file
};

fs::path MarkFile(const fs::path& file) {
  return file.string() + ".etag";
}

// A digest: the URL or the body may hold a token.
std::string NameOf(const HttpRequest& request) {
  return HexEncode(Hash256(AsBytes(request.method + "\n" + request.url + "\n" + request.body)));
}

Mark ReadMark(const fs::path& file) {
  auto text = ReadFile(MarkFile(file), kMaxMarkBytes);
  if (!text.ok()) return {};
  Mark mark;
  std::string_view rest = *text;
  for (std::string* line : {&mark.request, &mark.etag, &mark.last_modified, &mark.digest}) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    *line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return mark;
}

Error NotAsked(const HttpAnswer& answer) {
  return Error::Make(Kind::kNetwork, "{} answers 304 (not changed) to who named no earlier state",
                     answer.url)
      .Hint("a cache or a proxy between may be at fault; what was there is left as it is");
}

Error PageError(const HttpAnswer& answer, const HttpRequest& request) {
  return Error::Make(Kind::kMalformed, "{} answers {} with a page of HTML, not with data",
                     answer.url, answer.status)
      .Hint("a proxy or a login page may stand between; open the url in a browser to see it{}",
            request.no_page
                ? "; if the page itself is the feed, set `pages: true` in its block `feed`"
                : "");
}

// Of the bytes; nothing if they cannot be read.
std::string DigestOf(const fs::path& file) {
  constexpr std::size_t kChunk = 256 << 10;
  auto fd = OpenRegular(file);
  if (!fd.ok()) return "";
  std::vector<std::uint8_t> buffer(kChunk);
  Blake2b hash(sizeof(Digest256));
  while (true) {
    const auto got = ReadFull(fd->get(), buffer);
    if (!got.ok()) return "";
    if (*got == 0) return HexEncode(hash.Finish256());
    hash.Update(ByteView(buffer).first(*got));
  }
}

Status Replace(const fs::path& part, const fs::path& file) {
  if (std::rename(part.c_str(), file.c_str()) != 0)
    return SystemError("cannot rename to " + file.string(), errno);
  return Ok();
}

}  // namespace

bool IsHtml(const HttpAnswer& answer) {
  return AsciiLower(answer.Header("content-type")).starts_with("text/html");
}

Result<HttpAnswer> FetchChecked(HttpClient& client, const HttpRequest& request,
                                const fs::path& part, const BodyCheck& check) {
  for (int more = kMoreBodies;; --more) {
    GF_TRY(HttpAnswer answer, client.FetchFile(request, part));
    if (!answer.ok()) return answer;
    const bool page = request.no_page && IsHtml(answer);
    Status checked = page ? PageError(answer, request) : check ? check(part) : Ok();
    if (checked.ok()) return answer;
    if (more > 0 && request.repeat) continue;
    std::error_code ignored;
    fs::remove(part, ignored);
    if (IsHtml(answer)) return PageError(answer, request);
    return std::move(checked).error().In(answer.url);
  }
}

Result<Download> FetchIfChanged(HttpClient& client, HttpRequest request, const fs::path& file,
                                const BodyCheck& check) {
  std::error_code error;
  const std::string name = NameOf(request);
  const Mark mark = ReadMark(file);
  // What was damaged since must not stand for what the server has.
  const bool same = mark.request == name && mark.digest == DigestOf(file);
  // Empty where none is known: MISP makes an ETag only if it is asked for one.
  request.known_etag = same && !mark.etag.empty() ? mark.etag : "\"\"";
  if (same && !mark.last_modified.empty())
    request.headers.push_back("If-Modified-Since: " + mark.last_modified);
  const fs::path part = file.string() + ".part";
  Download download;
  GF_TRY(download.answer, FetchChecked(client, request, part, check));
  if (!download.answer.ok()) {
    fs::remove(part, error);
    if (download.answer.not_modified() && !same) return NotAsked(download.answer);
    return download;
  }
  const std::string digest = DigestOf(part);
  // In this order, so that a mark never speaks for another file than its own.
  fs::remove(MarkFile(file), error);
  GF_CHECK(Replace(part, file));
  download.changed = true;
  const std::string etag = download.answer.Header("etag");
  const std::string last_modified = download.answer.Header("last-modified");
  if (!etag.empty() || !last_modified.empty()) {
    constexpr mode_t kPrivate = 0600;
    GF_CHECK(WriteFileAtomically(MarkFile(file),
                                 fmt::format("{}\n{}\n{}\n{}\n", name, etag, last_modified, digest),
                                 kPrivate));
  }
  return download;
}

void FetchAgain(const fs::path& file) {
  std::error_code ignored;
  fs::remove(MarkFile(file), ignored);
}

}  // namespace gapferry::collect
