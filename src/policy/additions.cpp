#include "policy/additions.h"

#include <algorithm>
#include <unordered_set>

#include "base/suggest.h"
#include "intel/types.h"
#include "intel/value.h"
#include "policy/list_line.h"
#include "policy/use.h"

namespace gapferry::policy {
namespace {

Error Bad(std::string_view what) {
  return Error::Make(Kind::kConfig, "{}", what);
}

Error UnknownType(std::string_view type) {
  std::vector<std::string> known;
  for (const intel::TypeInfo& each : intel::AllTypes())
    known.emplace_back(each.name);
  return Bad(fmt::format("\"{}\" is no attribute type of MISP{}", type, DidYouMean(type, known)))
      .Hint("each line is a type and a value, such as: domain evil.example");
}

// Of a network or address that no rule may look for; "".
std::string_view WhyNoTarget(const intel::Indicator& indicator) {
  const auto network = intel::ParseNetwork(indicator.value);
  const Decision decision = network ? DecideTarget(*network) : Decision::Allow();
  if (decision.allowed) return "";
  return decision.reason == Reason::kPrefixTooWide
             ? "is so wide that every rule on it would fire all the time"
             : "is this machine itself, multicast, reserved or broadcast";
}

struct ValueText {
  std::string text;
  std::string_view comment;
};

// What follows the type. In double quotes a value may hold white space before a `#`.
Result<ValueText> SplitValue(std::string_view rest) {
  rest = AsciiTrim(rest);
  if (!rest.starts_with('"')) {
    const ListLine line = SplitListLine(rest);
    return ValueText{std::string(line.content), line.comment};
  }
  ValueText value;
  for (std::size_t at = 1; at < rest.size(); ++at) {
    if (rest[at] == '"') {
      const ListLine after = SplitListLine(rest.substr(at + 1));
      if (!after.content.empty())
        return Bad("text after the closing quote").Hint(R"(within quotes, write \" for a quote)");
      value.comment = after.comment;
      return value;
    }
    const bool escaped =
        rest[at] == '\\' && at + 1 < rest.size() && (rest[at + 1] == '"' || rest[at + 1] == '\\');
    value.text += rest[escaped ? ++at : at];
  }
  return Bad("a quote is never closed").Hint(R"(a value that begins with a quote: "\"…")");
}

Result<Addition> ReadEntry(std::string_view line) {
  const std::size_t blank = line.find_first_of(" \t");
  const std::string_view type = line.substr(0, blank);
  if (intel::FindType(type) == nullptr) return UnknownType(type);
  GF_TRY(const ValueText split,
         SplitValue(blank == std::string_view::npos ? "" : line.substr(blank)));
  const std::string_view text = split.text;
  if (text.empty()) return Bad(fmt::format("{} without a value", type));
  const intel::Normalised value = intel::Normalise(type, text);
  if (!value.ok())
    return Bad(fmt::format("{} is no {}: {}", text, type, intel::ValueProblemCode(value.problem)));
  if (value.count == 0) return Bad(fmt::format("nothing can look for a {}", type));
  if (value.fragment_decides) {
    return Bad(fmt::format("no client sends what follows the # of {}", text))
        .Hint("without it the URL is its site's front page: give the URL that is fetched");
  }
  for (std::size_t i = 0; i < value.count; ++i) {
    const intel::Indicator& indicator = value.indicators[i];
    const bool is_name = indicator.kind == intel::IndicatorKind::kDomain ||
                         indicator.kind == intel::IndicatorKind::kHostname;
    if (is_name && intel::IsPublicSuffix(indicator.value))
      return Bad(fmt::format("{} is a public suffix, which no rule may name", indicator.value));
    const bool is_address = indicator.kind == intel::IndicatorKind::kAddress ||
                            indicator.kind == intel::IndicatorKind::kNetwork;
    const std::string_view why = is_address ? WhyNoTarget(indicator) : "";
    if (!why.empty()) return Bad(fmt::format("{} {}", indicator.value, why));
  }
  Addition addition;
  addition.type = type;
  addition.value = value.value;
  if (IsUtf8(split.comment)) addition.comment = split.comment;
  return addition;
}

}  // namespace

Result<Additions> Additions::Parse(std::string_view text, std::string_view file_name) {
  Additions additions;
  additions.file_ = file_name;
  std::unordered_set<std::string> known;
  std::uint32_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::string_view whole = TakeLine(&text);
    const auto where = [&] { return fmt::format("{}:{}", file_name, number); };
    if (whole.size() > kMaxLineBytes) {
      return Error::Make(Kind::kTooLarge, "{} bytes, more than {}", whole.size(), kMaxLineBytes)
          .In(where());
    }
    const std::string_view line = AsciiTrim(whole);
    if (line.empty() || line[0] == '#') continue;
    Result<Addition> addition = ReadEntry(line);
    if (!addition.ok()) return std::move(addition).error().In(where());
    addition->line = number;
    if (!known.insert(addition->type + ' ' + addition->value).second) continue;
    if (additions.entries_.size() == kMaxEntries)
      return Error::Make(Kind::kTooLarge, "more than {} entries", kMaxEntries).In(where());
    additions.entries_.push_back(std::move(addition).value());
  }
  return additions;
}

std::string Additions::Where(const Addition& addition) const {
  return fmt::format("{}:{}", file_, addition.line);
}

Status Additions::CheckAgainst(const Allowlist& allowlist, bool blocking) const {
  for (const Addition& addition : entries_) {
    const intel::Normalised value = intel::Normalise(addition.type, addition.value);
    for (std::size_t i = 0; i < value.count; ++i) {
      const std::string allowed = allowlist.Where(value.indicators[i], blocking);
      if (allowed.empty()) continue;
      return Bad(fmt::format("{}: {} is added here, and on the allowlist at {}", Where(addition),
                             addition.value, allowed))
          .Hint("remove one of the two lines");
    }
  }
  return Ok();
}

}  // namespace gapferry::policy
