#include "collect/page_check.h"

#include <algorithm>
#include <array>
#include <memory>

#include "base/bytes.h"
#include "base/json.h"
#include "collect/archive.h"

namespace gapferry::collect {
namespace {

constexpr std::size_t kHead = 4 << 10;
constexpr int kMaxErrorDepth = 64;
constexpr std::string_view kBlanks = " \t\r\n\f\v";

constexpr auto kPageStarts =
    std::to_array<std::string_view>({"<!doctype", "<html", "<head", "<body"});
constexpr auto kErrorKeys = std::to_array<std::string_view>(
    {"error", "errors", "err", "exception", "fault", "message", "detail", "details"});

std::string_view WithoutBlanks(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  text = text.substr(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.starts_with(kMark) ? WithoutBlanks(text.substr(kMark.size())) : text;
}

// UTF-16 as if it were ASCII, without its byte order mark.
std::string Plain(std::string_view head) {
  if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF")) head.remove_prefix(2);
  std::string plain(head.substr(0, kHead));
  std::erase(plain, '\0');
  return plain;
}

bool IsPage(std::string_view text) {
  text = WithoutBlanks(text);
  // What may stand before a page: the declaration of XML, and comments.
  for (const auto& [open, close] : {std::pair{"<?", "?>"}, {"<!--", "-->"}}) {
    if (!text.starts_with(open)) continue;
    const std::size_t end = text.find(close);
    if (end == std::string_view::npos) break;
    return IsPage(text.substr(end + std::string_view(close).size()));
  }
  return std::any_of(kPageStarts.begin(), kPageStarts.end(),
                     [&](std::string_view start) { return StartsLike(text, start); });
}

bool TellsAnError(const Json& document) {
  if (document.is_array()) return document.empty();
  return std::none_of(document.items().begin(), document.items().end(), [](const auto& item) {
    const std::string key = AsciiLower(item.key());
    return item.value().is_structured() && !item.value().empty() &&
           std::find(kErrorKeys.begin(), kErrorKeys.end(), key) == kErrorKeys.end();
  });
}

Status CheckHead(std::string_view head, Expected expected) {
  if (IsPage(Plain(WithoutBlanks(head)))) {
    return Error::Make(Kind::kMalformed, "a page of HTML, not a feed")
        .Hint(
            "a proxy, a login or an error page may stand in its place: open it in a browser to see "
            "it; if the page itself is the feed, set `pages: true` in its block `feed`");
  }
  if (expected == Expected::kNoPage) return Ok();
  const std::string_view text = WithoutBlanks(head);
  if (!text.starts_with('{') && !text.starts_with('[')) return Ok();
  const auto document = ParseJson(text, {kMaxErrorDocument, kMaxErrorDepth});
  if (!document.ok() || !document->is_structured()) return Ok();
  if (expected == Expected::kText && !TellsAnError(*document)) return Ok();
  return Error::Make(Kind::kMalformed, "a JSON document, {}",
                     expected == Expected::kTable ? "not a table" : "and no list of anything in it")
      .Hint(
          "it may be the server's message of an error; if it is the feed, set `pages: true` in its "
          "block `feed`");
}

}  // namespace

bool LooksBinary(std::string_view head) {
  head = head.substr(0, kHead);
  if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF")) return false;
  constexpr std::string_view kOfText = "\t\n\v\f\r\x1A\x1B";
  const bool control = std::any_of(head.begin(), head.end(), [&](char c) {
    return c > '\0' && c < ' ' && kOfText.find(c) == std::string_view::npos;
  });
  return control && head.find('\0') != std::string_view::npos;
}

Result<ByteSource> CheckedSource(ByteSource source, Expected expected, std::string* shown_head) {
  auto head = std::make_shared<std::string>();
  std::vector<std::uint8_t> buffer(kHead);
  bool ended = false;
  // A document of JSON is judged as a whole, so it is read up to the size of one.
  while (!ended && head->size() <= kMaxErrorDocument) {
    const std::string_view text = WithoutBlanks(*head);
    if (!text.empty() && head->size() >= kHead && text[0] != '{' && text[0] != '[') break;
    GF_TRY(const std::size_t got, source(buffer));
    head->append(AsText(ByteView(buffer).first(got)));
    ended = got == 0;
  }
  if (expected != Expected::kAnything) GF_CHECK(CheckHead(*head, expected));
  if (shown_head != nullptr) *shown_head = head->substr(0, kHead);
  return ByteSource([head, at = std::size_t{0}, source = std::move(source)](
                        std::span<std::uint8_t> into) mutable -> Result<std::size_t> {
    if (at == head->size()) return source(into);
    const std::size_t size = std::min(into.size(), head->size() - at);
    std::copy_n(head->begin() + static_cast<std::ptrdiff_t>(at), size, into.begin());
    at += size;
    return size;
  });
}

Status CheckDocument(const std::filesystem::path& file, Expected expected) {
  if (expected == Expected::kAnything) return Ok();
  GF_TRY(Fd fd, OpenRegular(file));
  GF_TRY(const bool archive, IsArchive(fd));
  if (archive) return Ok();
  GF_CHECK(CheckedSource(FileSource(std::move(fd)), expected));
  return Ok();
}

}  // namespace gapferry::collect
