#include <algorithm>
#include <optional>
#include <set>

#include "base/bytes.h"
#include "detect/yaml_scalar.h"

namespace gapferry::detect {
namespace {

struct YamlLine {
  std::size_t number = 0;
  std::size_t indent = 0;
  std::string_view text;  // from `indent` on, without spaces at its end
  std::string_view raw;
};

struct YamlEntry {
  std::string key;
  std::string_view rest;
};

template <typename... Args>
Error BadYaml(std::size_t line, fmt::format_string<Args...> format, Args&&... args) {
  return Error::Make(Kind::kMalformed, "line {}: {}", line,
                     fmt::format(format, std::forward<Args>(args)...));
}

bool IsYamlItem(std::string_view text) {
  return text == "-" || text.starts_with("- ");
}
// Nothing, or a comment.
bool IsYamlEmpty(std::string_view text) {
  return text.empty() || text.starts_with('#');
}

std::vector<YamlLine> SplitYaml(std::string_view text) {
  std::vector<YamlLine> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    YamlLine line{lines.size() + 1, 0, {}, text.substr(0, end)};
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.raw.ends_with('\r')) line.raw.remove_suffix(1);
    line.text = AsciiTrim(line.raw);
    line.indent = std::min(line.raw.find_first_not_of(' '), line.raw.size());
    lines.push_back(line);
  }
  return lines;
}

// Carriage returns stand before line feeds only.
Status CheckYamlCharacters(std::string_view text) {
  if (text.size() > kMaxYamlBytes) return BadYaml(1, "more than {} bytes", kMaxYamlBytes);
  if (!IsUtf8(text)) return BadYaml(1, "no UTF-8");
  std::size_t line = 1;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\n') ++line;
    if (text[at] == '\n' || text.substr(at, 2) == "\r\n") continue;
    if (text[at] == '\t') return BadYaml(line, "a tab");
    std::size_t bytes = 1;
    const char32_t code = OddYamlCharacter(text, at, &bytes);
    if (code != 0 || text[at] == '\0')
      return BadYaml(line, "the character U+{:04X}", static_cast<std::uint32_t>(code));
  }
  return Ok();
}

class YamlReader {
 public:
  explicit YamlReader(std::string_view text)
      : lines_(SplitYaml(text)), ends_with_break_(text.ends_with('\n')) {}

  Result<YamlNode> Run() {
    if (Significant() && Now().raw == "---") ++at_;
    if (!Significant()) return BadYaml(1, "nothing");
    if (Now().indent != 0 || IsYamlItem(Now().text)) return BadYaml(Now().number, "no key");
    GF_TRY(YamlNode map, Map(0, 0));
    if (Significant()) return BadYaml(Now().number, "an indentation that fits nothing");
    return map;
  }

 private:
  YamlLine& Now() { return lines_[at_]; }

  // Goes to the next line that is neither empty nor a comment.
  bool Significant() {
    while (at_ < lines_.size() && IsYamlEmpty(Now().text))
      ++at_;
    return at_ < lines_.size();
  }

  // The text of this line, which stands further in than `column`.
  Result<YamlNode> Node(std::size_t column, int depth) {
    if (depth > kMaxYamlDepth) return BadYaml(Now().number, "too deep");
    if (IsYamlItem(Now().text)) return List(Now().indent, depth);
    GF_TRY(const std::optional<YamlEntry> entry, Entry());
    if (entry) return Map(Now().indent, depth);
    return Scalar(Now().text, column);
  }

  Result<YamlNode> Map(std::size_t column, int depth) {
    YamlNode map;
    map.kind = YamlNode::Kind::kMap;
    map.line = Now().number;
    std::set<std::string> keys;
    while (Significant() && Now().indent == column && !IsYamlItem(Now().text)) {
      const std::size_t number = Now().number;
      GF_TRY(const std::optional<YamlEntry> entry, Entry());
      if (!entry) return BadYaml(number, "no key");
      if (!keys.insert(entry->key).second) return BadYaml(number, "a key that is there twice");
      GF_TRY(YamlNode value, Value(entry->rest, column, depth));
      map.keys.push_back(entry->key);
      map.items.push_back(std::move(value));
    }
    return map;
  }

  // Beside a key that stands at `column`, or below it. The items of a list may stand there too.
  Result<YamlNode> Value(std::string_view rest, std::size_t column, int depth) {
    if (!IsYamlEmpty(rest)) return Scalar(rest, column);
    const std::size_t number = Now().number;
    ++at_;
    const bool list = Significant() && Now().indent == column && IsYamlItem(Now().text);
    if (list) return List(column, depth + 1);
    return Below(number, column, depth);
  }

  // What stands further in; null if nothing does. The line before it is used up.
  Result<YamlNode> Below(std::size_t number, std::size_t column, int depth) {
    if (Significant() && Now().indent > column) return Node(column, depth + 1);
    YamlNode null;
    null.line = number;
    null.text = "null";
    return null;
  }

  Result<YamlNode> List(std::size_t column, int depth) {
    if (depth > kMaxYamlDepth) return BadYaml(Now().number, "too deep");
    YamlNode list;
    list.kind = YamlNode::Kind::kList;
    list.line = Now().number;
    while (Significant() && Now().indent == column && IsYamlItem(Now().text)) {
      YamlLine& line = Now();
      const std::size_t skip = std::min(line.text.find_first_not_of(' ', 1), line.text.size());
      const std::string_view rest = line.text.substr(skip);
      const std::size_t number = line.number;
      // Behind the dash the line goes on as if it began there.
      line.text = rest;
      line.indent += skip;
      if (IsYamlEmpty(rest)) ++at_;
      GF_TRY(YamlNode item,
             IsYamlEmpty(rest) ? Below(number, column, depth) : Node(column, depth + 1));
      if (item.kind == YamlNode::Kind::kList) return BadYaml(number, "a list within a list");
      list.items.push_back(std::move(item));
    }
    return list;
  }

  // "key: value" on this line; nothing if it has no key.
  Result<std::optional<YamlEntry>> Entry() {
    const std::string_view text = Now().text;
    const std::size_t number = Now().number;
    if (text.starts_with('\'') || text.starts_with('"')) return QuotedEntry(text, number);
    std::size_t colon = text.find(": ");
    if (colon == std::string_view::npos && text.ends_with(':')) colon = text.size() - 1;
    constexpr std::string_view kIndicators = "[]{},#&*!|>%@`";
    const bool special = kIndicators.find(text[0]) != std::string_view::npos ||
                         text.starts_with("? ") || text == "?";
    if (colon == std::string_view::npos || special || text.find(" #") < colon)
      return std::optional<YamlEntry>();
    const std::string_view key = AsciiTrim(text.substr(0, colon));
    // Such as "---", which begins another document.
    const bool mark = Now().indent == 0 && (text.starts_with("---") || text.starts_with("..."));
    if (mark || key.size() > kMaxYamlKeyBytes || PlainYamlKind(key) != YamlNode::Kind::kText)
      return BadYaml(number, "a key that is no text");
    return std::optional(YamlEntry{std::string(key), AsciiTrim(text.substr(colon + 1))});
  }

  static Result<std::optional<YamlEntry>> QuotedEntry(std::string_view text, std::size_t number) {
    const std::size_t end = FindYamlQuote(text.substr(1), text[0]);
    if (end == std::string_view::npos) return std::optional<YamlEntry>();
    const std::string_view after = AsciiTrim(text.substr(end + 2));
    if (!after.starts_with(':')) return std::optional<YamlEntry>();
    const std::optional<std::string> key = UnquoteYaml(text.substr(1, end), text[0]);
    const bool good = key && !key->empty() && key->size() <= kMaxYamlKeyBytes &&
                      (after.size() == 1 || after[1] == ' ');
    if (!good) return BadYaml(number, "a key that is not understood");
    return std::optional(YamlEntry{*key, AsciiTrim(after.substr(1))});
  }

  // One that begins on this line with `rest`; it may go on on lines further in than `column`.
  Result<YamlNode> Scalar(std::string_view rest, std::size_t column) {
    const std::size_t number = Now().number;
    switch (rest[0]) {
      case '|':
      case '>':
        return BlockText(rest, column);
      case '\'':
      case '"':
        return Quoted(rest, column);
      case '[':
        return Brackets(rest);
      case '{':
        return BadYaml(number, "a map in braces");
      case '&':
      case '*':
        return BadYaml(number, "an anchor or alias");
      case '!':
        return BadYaml(number, "a tag");
      case ']':
      case '}':
      case ',':
      case '%':
      case '@':
      case '`':
        return BadYaml(number, "a text that begins with {} must be in quotes", rest[0]);
      default:
        return Plain(rest, column);
    }
  }

  // A line of a text without quotes. A comment ends it.
  Result<std::string> PlainPart(std::string_view text, bool* ended) {
    const std::size_t hash = text.find(" #");
    *ended = hash != std::string_view::npos;
    text = AsciiTrim(text.substr(0, hash));
    if (text.find(": ") != std::string_view::npos || text.ends_with(':'))
      return BadYaml(Now().number, "a text with a colon must be in quotes");
    return std::string(text);
  }

  Result<YamlNode> Plain(std::string_view rest, std::size_t column) {
    const std::size_t number = Now().number;
    const bool sign = rest[0] == '-' || rest[0] == '?' || rest[0] == ':';
    if (sign && (rest.size() == 1 || rest[1] == ' '))
      return BadYaml(number, "a text that begins with {} must be in quotes", rest[0]);
    bool ended = false;
    GF_TRY(std::string first, PlainPart(rest, &ended));
    std::vector<std::string> parts = {std::move(first)};
    ++at_;
    while (!ended) {
      std::size_t next = at_;
      while (next < lines_.size() && lines_[next].text.empty())
        ++next;
      if (next == lines_.size() || lines_[next].indent <= column ||
          lines_[next].text.starts_with('#'))
        break;
      parts.resize(parts.size() + next - at_);
      at_ = next;
      if (IsYamlItem(Now().text)) return BadYaml(Now().number, "a list in the midst of a text");
      GF_TRY(std::string part, PlainPart(Now().text, &ended));
      parts.push_back(std::move(part));
      ++at_;
    }
    return PlainNode(FoldYaml(parts), number);
  }

  static Result<YamlNode> PlainNode(std::string text, std::size_t number) {
    const std::optional<YamlNode::Kind> kind = PlainYamlKind(text);
    if (!kind) return BadYaml(number, "{} must be in quotes: readers of YAML differ", text);
    YamlNode node;
    node.kind = *kind;
    node.line = number;
    node.text = *kind == YamlNode::Kind::kBool   ? AsciiLower(text)
                : *kind == YamlNode::Kind::kNull ? "null"
                                                 : std::move(text);
    return node;
  }

  static YamlNode TextNode(std::string text, std::size_t number) {
    YamlNode node;
    node.kind = YamlNode::Kind::kText;
    node.line = number;
    node.text = std::move(text);
    return node;
  }

  Result<YamlNode> Quoted(std::string_view rest, std::size_t column) {
    const std::size_t number = Now().number;
    const char quote = rest[0];
    rest.remove_prefix(1);
    std::vector<std::string> parts;
    while (true) {
      const std::size_t end = FindYamlQuote(rest, quote);
      const std::optional<std::string> part = UnquoteYaml(rest.substr(0, end), quote);
      if (!part) return BadYaml(Now().number, "an escape that is not understood");
      parts.push_back(*part);
      ++at_;
      if (end != std::string_view::npos) {
        GF_CHECK(CheckAfter(rest.substr(end + 1), lines_[at_ - 1].number));
        return TextNode(FoldYaml(parts), number);
      }
      const bool goes_on = at_ < lines_.size() && (Now().text.empty() || Now().indent > column);
      if (!goes_on) return BadYaml(number, "quotes that do not end");
      rest = Now().text;
    }
  }

  // Behind a value that has an end of its own.
  static Status CheckAfter(std::string_view after, std::size_t number) {
    const std::string_view text = AsciiTrim(after);
    const bool good = text.empty() || (after[0] == ' ' && text[0] == '#');
    return good ? Ok() : Status(BadYaml(number, "text behind the value"));
  }

  // "[a, 'b']", on one line.
  Result<YamlNode> Brackets(std::string_view rest) {
    const std::size_t number = Now().number;
    YamlNode list;
    list.kind = YamlNode::Kind::kList;
    list.line = number;
    rest = AsciiTrim(rest.substr(1));
    for (bool first = true; !(first && rest.starts_with(']')); first = false) {
      if (rest.empty()) return BadYaml(number, "brackets that do not end on their line");
      std::size_t end = 0;
      GF_TRY(YamlNode item, BracketItem(rest, &end));
      list.items.push_back(std::move(item));
      rest = AsciiTrim(rest.substr(end));
      if (rest.starts_with(']')) break;
      if (!rest.starts_with(',')) return BadYaml(number, "brackets that do not end on their line");
      rest = AsciiTrim(rest.substr(1));
    }
    GF_CHECK(CheckAfter(rest.substr(1), number));
    ++at_;
    return list;
  }

  Result<YamlNode> BracketItem(std::string_view rest, std::size_t* end) {
    const std::size_t number = Now().number;
    if (rest[0] == '\'' || rest[0] == '"') {
      const std::size_t close = FindYamlQuote(rest.substr(1), rest[0]);
      if (close == std::string_view::npos) return BadYaml(number, "quotes that do not end");
      const std::optional<std::string> text = UnquoteYaml(rest.substr(1, close), rest[0]);
      if (!text) return BadYaml(number, "an escape that is not understood");
      *end = close + 2;
      return TextNode(*text, number);
    }
    *end = std::min(rest.find_first_of(",]"), rest.size());
    const std::string_view item = AsciiTrim(rest.substr(0, *end));
    const bool plain = !item.empty() && item != "-" && !item.starts_with("- ") &&
                       item.find_first_of("?:{}[#\"'&*!|>%@`") == std::string_view::npos;
    if (!plain) return BadYaml(number, "a text in brackets must be in quotes");
    return PlainNode(std::string(item), number);
  }

  // Literal ("|") or folded (">") text.
  Result<YamlNode> BlockText(std::string_view header, std::size_t column) {
    const std::size_t number = Now().number;
    const bool folded = header[0] == '>';
    header.remove_prefix(1);
    const char chomp = header.starts_with('-') || header.starts_with('+') ? header[0] : ' ';
    if (chomp != ' ') header.remove_prefix(1);
    if (!header.empty() && !(header[0] == ' ' && AsciiTrim(header).starts_with('#')))
      return BadYaml(number, "a head of a text that is not understood");
    ++at_;
    std::size_t widest = 0;
    std::size_t breaks = 0;
    for (; at_ < lines_.size() && Now().text.empty(); ++at_, ++breaks)
      widest = std::max(widest, Now().raw.size());
    const std::size_t indent = at_ < lines_.size() ? Now().indent : 0;
    if (indent <= column || widest > indent)
      return BadYaml(number, "a text of several lines is empty");
    std::string text(breaks, '\n');
    AppendBlock(indent, folded, chomp, &text);
    return TextNode(std::move(text), number);
  }

  // From the first line that is not empty on. Lines that stand further in keep their breaks.
  void AppendBlock(std::size_t indent, bool folded, char chomp, std::string* text) {
    const auto is_break = [&](const YamlLine& line) {
      return line.text.empty() && line.raw.size() <= indent;
    };
    while (true) {
      const std::string_view line = Now().raw.substr(indent);
      *text += line;
      const bool has_break = ++at_ < lines_.size() || ends_with_break_;
      std::size_t breaks = 0;
      for (; at_ < lines_.size() && is_break(Now()); ++at_)
        ++breaks;
      const bool more = at_ < lines_.size() && (Now().text.empty() || Now().indent >= indent);
      if (!more) {
        if (has_break && chomp != '-') *text += '\n';
        if (chomp == '+') text->append(breaks, '\n');
        return;
      }
      const bool joins = folded && !line.starts_with(' ') && Now().raw[indent] != ' ';
      if (joins && breaks == 0) *text += ' ';
      text->append(breaks + (joins ? 0 : 1), '\n');
    }
  }

  std::vector<YamlLine> lines_;
  std::size_t at_ = 0;
  bool ends_with_break_;
};

}  // namespace

Result<YamlNode> ReadYaml(std::string_view text) {
  GF_CHECK(CheckYamlCharacters(text));
  return YamlReader(text).Run();
}

}  // namespace gapferry::detect
