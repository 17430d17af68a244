#include "collect/freetext.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "collect/file_form.h"
#include "collect/line_form.h"
#include "collect/line_reader.h"
#include "collect/words.h"

namespace gapferry::collect {
namespace {

// Longer ones are none, and each word of a long line may begin one.
constexpr std::size_t kMaxPath = 1024;

bool IsComment(std::string_view text) {
  return text.starts_with('#') || text.starts_with("//") || text.starts_with(';') ||
         text.starts_with("! ") || text.starts_with("!--");
}

// Where a comment behind a value begins: a "#" or "//" with blanks around it.
std::string_view WithoutComment(std::string_view text) {
  for (std::size_t at = text.find('#'); at != kNowhere; at = text.find('#', at + 1)) {
    const bool before = at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t');
    const bool after = at + 1 >= text.size() || text[at + 1] == ' ' || text[at + 1] == '\t';
    if (before && after) return text.substr(0, at);
  }
  return text;
}

// Words before a number of four parts that make it a version.
bool AnnouncesVersion(std::string_view word) {
  const std::string lower = AsciiLower(word);
  return lower == "version" || lower == "ver" || lower == "ver." || lower == "v" ||
         lower == "version:" || lower == "build" || lower == "release" || lower == "v.";
}

// "MD5:", "url=": words that may stand before a value without a blank.
constexpr auto kLabels = std::to_array<std::string_view>(
    {"md5",        "sha1",   "sha-1",  "sha256", "sha-256", "sha512",    "sha-512", "hash",
     "ip",         "ipv4",   "ipv6",   "url",    "uri",     "domain",    "host",    "hostname",
     "fqdn",       "dns",    "email",  "mail",   "from",    "to",        "src",     "dst",
     "server",     "c2",     "cc",     "c&c",    "ioc",     "indicator", "file",    "filename",
     "imphash_of", "sha224", "sha384", "sender"});

// The value behind a label, or nothing.
std::string_view BehindLabel(std::string_view token) {
  const std::size_t split = token.find_first_of(":=");
  if (split == kNowhere || split == 0 || split > 10) return "";
  const std::string label = AsciiLower(token.substr(0, split));
  if (std::find(kLabels.begin(), kLabels.end(), label) == kLabels.end()) return "";
  return token.substr(split + 1);
}

// The start of the scheme before "://", of which Refang knows more than one spelling.
std::size_t SchemeStart(std::string_view text, std::size_t separator) {
  std::size_t start = separator;
  while (start > 0 && separator - start < 12 &&
         (IsAsciiAlnum(text[start - 1]) || text[start - 1] == '*'))
    --start;
  return start;
}

// "hxxp:\\evil.com\x"
bool HasBackslashScheme(std::string_view token) {
  const std::size_t separator = token.find(":\\\\");
  if (separator == kNowhere || separator < 4 || separator > 5) return false;
  const std::string scheme = AsciiLower(token.substr(0, separator));
  return scheme == "http" || scheme == "https" || scheme == "hxxp" || scheme == "hxxps";
}

bool IsDate(std::string_view text) {
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return false;
  const std::string_view day = text.substr(0, 10);
  return std::count_if(day.begin(), day.end(), IsAsciiDigit) == 8;
}

// Two URLs in one word, or a URL and a date, as a table without blanks has them. Other commas
// belong to the URL.
bool HoldsMoreThanUrl(std::string_view word) {
  const std::size_t first = word.find("://");
  if (first == kNowhere) return false;
  if (const std::size_t second = word.find("://", first + 3); second != kNowhere) {
    const std::size_t start = SchemeStart(word, second);
    if (start > 0 && IsOneOf(word[start - 1], ",;|")) return true;
  }
  const std::size_t last = word.find_last_of(",;|");
  return last != kNowhere && last > first && IsDate(word.substr(last + 1));
}

bool IsHexOf(std::string_view text, std::initializer_list<std::size_t> lengths) {
  return std::find(lengths.begin(), lengths.end(), text.size()) != lengths.end() &&
         std::all_of(text.begin(), text.end(), IsAsciiHex);
}

}  // namespace

void FreetextLine::Read(std::string_view text, std::vector<FormedValue>* found) {
  found_ = found;
  before_ = {};
  const bool indented = text.starts_with(' ') || text.starts_with('\t');
  text = TrimCell(text);
  if (text.empty()) return;
  // Within a zone a comment explains it, and in a parenthesis "//" may be a part of a key.
  const bool is_comment = IsComment(text) && !(zone_.has_open() && !text.starts_with(';'));
  if (is_comment && zone_.owns_next()) return;
  if (is_comment) return ReadComment(text);
  if (ReadBlocked(text, indented)) return;
  text = JoinDefanged(AsciiTrim(WithoutComment(text)), &joined_);
  around_ = text.find_first_of(" \t") == kNowhere ? Around::kCell : Around::kProse;
  if (!ReadHashAndName(text)) ReadWords(text);
}

// Links of a comment are references, its names are explanations; what is wanted of it has a form
// that means nothing else.
void FreetextLine::ReadComment(std::string_view text) {
  around_ = Around::kProse;
  while (!text.empty()) {
    if (const std::size_t skip = Separator(text); skip > 0) {
      text.remove_prefix(skip);
      continue;
    }
    const std::string_view word = Word(text);
    text.remove_prefix(word.size());
    if (word.find('/') != kNowhere) continue;
    std::string_view piece = WithoutPunctuation(word);
    for (int layer = 0; layer < 4; ++layer) {
      if (FindForm(piece, around_, &value_) &&
          (value_.type == "vulnerability" || value_.type == "email-src")) {
        Take();
        break;
      }
      if (!Peel(&piece)) break;
    }
  }
}

void FreetextLine::Finish(std::vector<FormedValue>* found) {
  found_ = found;
  TakeBlocked(zone_.Finish());
}

bool FreetextLine::ReadBlocked(std::string_view text, bool indented) {
  std::optional<BlockLine> blocked;
  if (!zone_.owns_next()) blocked = ReadBlockLine(text, form_);
  if (!blocked) {
    blocked = zone_.Read(text, indented);
    TakeBlocked(zone_.TakeLate());
  }
  if (blocked) TakeBlocked(*blocked);
  return blocked.has_value();
}

void FreetextLine::TakeBlocked(const BlockLine& line) {
  constexpr auto kTypes = std::to_array<std::string_view>(
      {"domain", "hostname", "hostname|port", "ip-dst", "ip-dst|port", "url"});
  bool lost = line.left_out;
  for (const std::string& value : line.values) {
    const bool has_form = FindForm(value, Around::kCell, &value_);
    const bool is_blocked =
        has_form && std::find(kTypes.begin(), kTypes.end(), value_.type) != kTypes.end();
    // Nobody blocks a file here: "update.zip" is a host.
    if (is_blocked || (has_form && value_.type == "filename" && FindHost(value, &value_))) {
      Take();
    } else {
      lost = lost || value.find('.') != kNowhere;
    }
  }
  if (lost) ++left_out_;
}

bool FreetextLine::ReadHashAndName(std::string_view text) {
  std::string_view rest = text;
  if (rest.starts_with("- ") || rest.starts_with("* ")) rest = AsciiTrim(rest.substr(2));
  const std::size_t end = rest.find_first_of(" \t");
  if (end == kNowhere || !IsHexOf(rest.substr(0, end), {32, 40, 64, 128})) return false;
  const std::string_view name = AsciiTrim(rest.substr(end));
  if (name.find(' ') == kNowhere || FindPath(name) || !FindFile(name.substr(name.rfind(' ') + 1)))
    return false;
  // "sha256  md5 name" and "sha256 of the file a.exe" are no names with blanks.
  if (rest.substr(end, 2) != "  " && rest[end] != '\t') return false;
  if (!FindForm(rest.substr(0, end), Around::kCell, &value_)) return false;
  Take();
  if (!IsFileName(name) || name.find('\t') != kNowhere) return false;
  value_ = {"filename", std::string(name)};
  Take();
  return true;
}

void FreetextLine::ReadWords(std::string_view text) {
  while (!text.empty()) {
    if (const std::size_t skip = Separator(text); skip > 0) {
      text.remove_prefix(skip);
      continue;
    }
    if (const std::size_t path = ReadPath(text); path > 0) {
      text.remove_prefix(path);
      continue;
    }
    const std::string_view word = Word(text);
    if (const std::size_t masked = ReadMasked(text); masked > 0) {
      text.remove_prefix(masked);
      before_ = {};
      continue;
    }
    text.remove_prefix(word.size());
    ReadToken(word);
    before_ = word;
  }
}

std::size_t FreetextLine::ReadMasked(std::string_view rest) {
  if (!IsAsciiDigit(rest.front())) return 0;
  const std::string_view address = Word(rest);
  std::string_view after = rest.substr(address.size());
  const std::size_t gap = std::min(after.find_first_not_of(" \t"), after.size());
  after.remove_prefix(gap);
  if (gap == 0 || !(after.starts_with("255.") || after.starts_with("0."))) return 0;
  const std::string_view mask = Word(after);
  const auto network = NetworkWithMask(address, WithoutPunctuation(mask));
  if (!network) return 0;
  if (FindForm(*network, Around::kCell, &value_)) Take();
  return address.size() + gap + mask.size();
}

std::size_t FreetextLine::ReadPath(std::string_view rest) {
  rest = rest.substr(0, kMaxPath);
  const std::size_t size = PathLength(rest);
  if (size == 0) return 0;
  const std::string_view path = AsciiTrim(rest.substr(0, size));
  if (FindPath(path) && FindForm(path, Around::kCell, &value_)) Take();
  return size;
}

void FreetextLine::ReadToken(std::string_view token) {
  if (token.size() < 3) return;
  if (token.find(":\\/\\/") != kNowhere) {  // JSON may write "/" so
    plain_.clear();
    for (std::size_t i = 0; i < token.size(); ++i) {
      if (token[i] == '\\' && i + 1 < token.size() && token[i + 1] == '/') continue;
      plain_ += token[i];
    }
    token = plain_;
  } else if (HasBackslashScheme(token)) {
    plain_ = token;
    std::replace(plain_.begin(), plain_.end(), '\\', '/');
    token = plain_;
  }
  if (ReadRange(token)) return;
  // A path of the web without its host, or switches of a command.
  if (token.front() == '/' && !token.starts_with("//")) {
    const std::size_t separator = token.find("://");
    // An address inside a request: "+" stands for the blanks that end it.
    if (separator == kNowhere || token.find('+') == kNowhere) return;
    token.remove_prefix(SchemeStart(token, separator));
    token = token.substr(0, token.find_first_of("+;&|'"));
    if (!Try(WithoutPunctuation(token))) return;
    return;
  }
  if (!TryPiece(token)) TryPieces(token);
}

bool FreetextLine::ReadRange(std::string_view token) {
  const auto networks = RangeNetworks(WithoutPunctuation(token));
  if (!networks) return false;
  if (networks->empty()) ++wide_ranges_;
  for (const std::string& network : *networks) {
    if (FindForm(network, Around::kCell, &value_)) Take();
  }
  return true;
}

bool FreetextLine::Try(std::string_view piece) {
  if (!FindForm(piece, around_, &value_)) return false;
  if (value_.type == "ip-dst" && AnnouncesVersion(before_)) return true;
  Take();
  return true;
}

bool FreetextLine::TryPiece(std::string_view piece, bool labelled) {
  if (piece.size() > kMaxFormBytes) return false;
  if (HoldsMoreThanUrl(piece)) return false;
  piece = WithoutPunctuation(piece);
  for (int layer = 0; layer < 6 && piece.size() >= 3; ++layer) {
    if (Try(piece)) return true;
    const std::string_view value = labelled ? "" : BehindLabel(piece);
    if (!value.empty()) return TryPiece(value, /*labelled=*/true);
    if (!Peel(&piece)) return false;
  }
  return false;
}

// Lists without blanks, calls of functions, links of Markdown.
void FreetextLine::TryPieces(std::string_view token) {
  constexpr std::string_view kSplit = ",;|'()[]";
  if (token.find_first_of(",;|'") == kNowhere && token.find("](") == kNowhere &&
      token.find("('") == kNowhere) {
    return;
  }
  while (!token.empty()) {
    std::size_t end = 0;
    while (end < token.size()) {
      const char c = token[end];
      if (IsOneOf(c, ",;|'")) break;
      if (token.substr(end).starts_with("](") || token.substr(end).starts_with("('")) break;
      ++end;
    }
    const std::string_view piece = token.substr(0, end);
    if (piece.size() >= 3 && piece.front() != '/') {
      if (const std::size_t path = PathLength(piece); path > 0) {
        (void)ReadPath(piece);
      } else {
        (void)TryPiece(piece);
      }
    }
    token.remove_prefix(std::min(token.size(), end + 1));
    while (!token.empty() && IsOneOf(token.front(), kSplit))
      token.remove_prefix(1);
  }
}

void FreetextLine::Take() {
  found_->push_back(value_);
}

Status ReadFreetext(ByteSource source, std::string_view file, const FreetextOptions& options,
                    const TakeValue& take, ValueReport* report) {
  GF_TRY(std::string head, HeadOf(source, kListHead));
  FreetextLine reader(FindListForm(head));
  LineReader lines(WithHead(std::move(head), std::move(source)), options.encoding,
                   options.max_bytes, LineReader::Long::kCut);
  LineDecoder decoder(options.encoding);
  std::vector<FormedValue> found;
  std::uint64_t first_wide = 0;
  std::uint64_t first_left = 0;
  const auto refuse = [&](std::uint64_t line, std::string reason) {
    if (++report->refused_count <= ValueReport::kMaxExamples)
      report->refused.push_back({Kind::kMalformed, std::string(file), line, std::move(reason)});
  };
  const auto take_found = [&](std::uint64_t line) -> Status {
    if (first_wide == 0 && reader.wide_ranges() > 0) first_wide = line;
    if (first_left == 0 && reader.left_out() > 0) first_left = line;
    for (const FormedValue& value : found) {
      if (options.exclude.Matches(value.value)) {
        ++report->excluded;
        continue;
      }
      GF_CHECK(take(value, line));
    }
    found.clear();
    return Ok();
  };
  while (true) {
    GF_TRY(const std::optional<LineReader::Line> line, lines.Next());
    if (!line) break;
    report->lines = line->number;
    if (line->too_long) {
      refuse(line->number, fmt::format("more than {} bytes without a blank", kMaxLineBytes));
      continue;
    }
    const std::optional<std::string_view> text = decoder.Decode(line->text);
    if (!text) {
      refuse(line->number, "is not text in the encoding of this source");
      continue;
    }
    reader.Read(*text, &found);
    GF_CHECK(take_found(line->number));
  }
  reader.Finish(&found);
  GF_CHECK(take_found(report->lines));
  if (first_wide > 0) {
    report->notes.push_back(
        fmt::format("{}: {} ranges of more than 65,536 addresses, or with a mask that is none, are "
                    "left out, the first in line {}",
                    file, reader.wide_ranges(), first_wide));
  }
  if (first_left > 0) {
    report->notes.push_back(
        fmt::format("{}: {} rules of a blocklist are about something else than a name, an address "
                    "or a URL, such as patterns, clients or name servers, or are not understood, "
                    "and are left out, the first in line {}",
                    file, reader.left_out(), first_left));
  }
  return Ok();
}

}  // namespace gapferry::collect
