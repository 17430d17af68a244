#include "collect/page_check.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "collect/archive.h"
#include "collect/json_message.h"

namespace gapferry::collect {
namespace {

constexpr std::size_t kHead = 4 << 10;
constexpr std::string_view kBlanks = " \t\r\n\f\v";

// The elements that pages and their fragments begin with, and messages in XML; in order.
constexpr auto kPageElements = std::to_array<std::string_view>(
    {"!doctype", "a",     "b",      "base",   "blockquote", "body",     "br",     "center",
     "div",      "error", "font",   "footer", "form",       "frameset", "h1",     "h2",
     "h3",       "h4",    "head",   "header", "hr",         "html",     "iframe", "img",
     "link",     "main",  "meta",   "nav",    "noscript",   "p",        "pre",    "script",
     "section",  "span",  "strong", "style",  "table",      "title",    "ul"});

// UTF-16 as if it were ASCII, without its byte order mark.
std::string Plain(std::string_view head) {
  if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF")) head.remove_prefix(2);
  std::string plain(head);
  std::erase(plain, '\0');
  return plain;
}

struct Before {
  std::string_view begin;
  std::string_view end;
};
// What may stand before a page or a document: a byte order mark, comments of lists, of programs and
// of HTML, the declaration of XML, and what keeps JSON from being run as a program.
constexpr auto kBefore = std::to_array<Before>({{"\xEF\xBB\xBF", ""},
                                                {"#", "\n"},
                                                {"!", "\n"},
                                                {";", "\n"},
                                                {"//", "\n"},
                                                {")]}'", "\n"},
                                                {"/*", "*/"},
                                                {"<?", "?>"},
                                                {"<!--", "-->"}});

const Before* FindBefore(std::string_view text) {
  const auto* found = std::find_if(kBefore.begin(), kBefore.end(), [&](const Before& before) {
    return text.starts_with(before.begin);
  });
  return found == kBefore.end() ? nullptr : found;
}

// Without white space and all of that. Of one that has no end, all is left.
std::string_view Beginning(std::string_view text) {
  while (true) {
    text = text.substr(std::min(text.find_first_not_of(kBlanks), text.size()));
    const Before* before = FindBefore(text);
    if (before == nullptr) return text;
    const std::size_t end = text.find(before->end, before->begin.size());
    if (end == std::string_view::npos) return text;
    text.remove_prefix(end + before->end.size());
  }
}

bool IsPage(std::string_view beginning) {
  if (!beginning.starts_with('<')) return false;
  constexpr std::size_t kLongest = 16;
  const std::string_view rest = beginning.substr(1, kLongest);
  // "<b@example.com>" is none.
  const std::string name = AsciiLower(rest.substr(0, rest.find_first_of(" \t\r\n\f\v/>")));
  return std::binary_search(kPageElements.begin(), kPageElements.end(), name);
}

// A page may begin behind a long comment; a document of JSON is judged as a whole.
bool NeedsMore(std::string_view head) {
  const std::string plain = Plain(head);
  const std::string_view beginning = Beginning(plain);
  if (beginning.empty() || FindBefore(beginning) != nullptr) return true;
  constexpr std::string_view kUndecided = "{[<";
  return kUndecided.find(WithoutCall(beginning)[0]) != std::string_view::npos;
}

Error IsJson(std::string_view what) {
  return Error::Make(Kind::kMalformed, "a JSON document, {}", what)
      .Hint(
          "it may be the server's message of an error; if it is the feed, set `pages: true` in its "
          "block `feed`");
}

Status CheckHead(std::string_view head, bool whole, Expected expected) {
  const std::string plain = Plain(head);
  const std::string_view beginning = Beginning(plain);
  if (IsPage(beginning)) {
    return Error::Make(Kind::kMalformed, "a page of HTML or an error message, not a feed")
        .Hint(
            "a proxy, a login or an error page may stand in its place: open it in a browser to see "
            "it; if the page itself is the feed, set `pages: true` in its block `feed`");
  }
  if (expected == Expected::kNoPage) return Ok();
  const JsonForm form = FormOfJson(beginning, whole);
  if (form == JsonForm::kNone) return Ok();
  if (expected == Expected::kTable) return IsJson("not a table");
  if (form == JsonForm::kMessage) return IsJson("and no list of anything in it");
  if (form == JsonForm::kBroken) return IsJson("cut off or damaged");
  return Ok();
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
  std::string head;
  std::vector<std::uint8_t> buffer(kHead);
  bool ended = false;
  while (!ended && head.size() <= kMaxErrorDocument) {
    if (head.size() >= kHead && !NeedsMore(head)) break;
    buffer.resize(std::max(kHead, head.size()));
    GF_TRY(const std::size_t got, source(buffer));
    head.append(AsText(ByteView(buffer).first(got)));
    ended = got == 0;
  }
  if (expected != Expected::kAnything) GF_CHECK(CheckHead(head, ended, expected));
  if (shown_head != nullptr) *shown_head = head.substr(0, kHead);
  return WithHead(std::move(head), std::move(source));
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
