#include "base/config.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "base/file.h"
#include "base/suggest.h"

namespace gapferry {

struct ConfigMap::State {
  std::string file;
  YAML::Node node;  // a map, or undefined for a missing one
  std::vector<std::string> asked;
  std::optional<Error> error;
  bool only_missing = false;  // `error` is no more than a key that is not there
};

namespace {

std::string Place(const std::string& file, const YAML::Mark& mark) {
  return mark.is_null() ? file : fmt::format("{}:{}", file, mark.line + 1);
}

// What stands where something else should: a person may not know YAML's words for it.
std::string_view Shape(const YAML::Node& node) {
  if (node.IsSequence()) return "a list";
  return node.IsMap() ? "`key: value` lines" : "one value";
}

Error NotYaml(const std::string& file, const YAML::Exception& error, std::string_view text) {
  Error refusal = Error::Make(Kind::kConfig, "{}: {}", Place(file, error.mark), error.msg);
  if (text.find('\t') == std::string_view::npos) {
    return std::move(refusal).Hint(
        "look at this line and the one before it: indentation, a missing `:` or space after it, an "
        "open quote or bracket");
  }
  return std::move(refusal).Hint("the file holds a tab; YAML is indented with spaces only");
}

// Takes note of where a document begins, and of nothing in it.
class BeginningOnly : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { mark_ = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  [[nodiscard]] const YAML::Mark& mark() const { return mark_; }

 private:
  YAML::Mark mark_ = YAML::Mark::null_mark();
};

// YAML::Load would pass over a second document in silence. YAML::LoadAll finds it, but before a
// stray
// `,` it stands still: it never ends and takes all memory.
Status CheckOneDocument(const std::string& text, const std::string& file) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  BeginningOnly first;
  BeginningOnly second;
  if (!parser.HandleNextDocument(first) || !parser.HandleNextDocument(second)) return Ok();
  if (second.mark().pos == first.mark().pos) {
    return Error::Make(Kind::kConfig, "{}: what stands here belongs to nothing",
                       Place(file, first.mark()))
        .Hint("look for a `,` or a bracket too many");
  }
  return Error::Make(Kind::kConfig,
                     "{}: a second document begins here; `---` may stand only before the first key",
                     Place(file, second.mark()));
}

// yaml-cpp keeps the first of two equal keys in silence (reference/cpp.md §1.6).
std::optional<Error> FindDuplicate(const YAML::Node& map, const std::string& file) {
  std::set<std::string> seen;
  for (const auto& entry : map) {
    if (!entry.first.IsScalar()) {
      return Error::Make(Kind::kConfig, "{}: a key must be a word",
                         Place(file, entry.first.Mark()));
    }
    if (!seen.insert(entry.first.Scalar()).second) {
      return Error::Make(Kind::kConfig, "{}: key \"{}\" is given twice",
                         Place(file, entry.first.Mark()), entry.first.Scalar());
    }
  }
  return std::nullopt;
}

}  // namespace

ConfigMap::ConfigMap(std::unique_ptr<State> state) : state_(std::move(state)) {}
ConfigMap::ConfigMap(ConfigMap&&) noexcept = default;
ConfigMap& ConfigMap::operator=(ConfigMap&&) noexcept = default;
ConfigMap::~ConfigMap() = default;

Result<ConfigMap> ConfigMap::Load(const std::filesystem::path& path) {
  auto text = ReadFile(path, kMaxConfigBytes);
  if (!text.ok()) {
    if (text.error().kind == Kind::kNotFound) {
      return Error::Make(Kind::kNotReady, "there is no configuration at {}", path.string());
    }
    return std::move(text).error();
  }
  return Parse(*text, path.string());
}

Result<ConfigMap> ConfigMap::Parse(std::string_view text, std::string_view file_name) {
  auto state = std::make_unique<State>();
  state->file = std::string(file_name);
  try {
    const std::string copy(text);
    GF_CHECK(CheckOneDocument(copy, state->file));
    state->node = YAML::Load(copy);
  } catch (const YAML::Exception& error) {
    return NotYaml(state->file, error, text);
  }
  if (state->node.IsNull()) state->node = YAML::Node(YAML::NodeType::Map);
  if (!state->node.IsMap()) {
    return Error::Make(Kind::kConfig, "{}: expected `key: value` lines, not {}",
                       Place(state->file, state->node.Mark()), Shape(state->node));
  }
  if (auto duplicate = FindDuplicate(state->node, state->file)) return *std::move(duplicate);
  return ConfigMap(std::move(state));
}

YAML::Node ConfigMap::Find(std::string_view key) {
  state_->asked.emplace_back(key);
  if (!state_->node.IsDefined() || !state_->node.IsMap())
    return YAML::Node(YAML::NodeType::Undefined);
  const YAML::Node& map = state_->node;
  return map[std::string(key)];
}

bool ConfigMap::Has(std::string_view key) {
  const YAML::Node node = Find(key);
  return node.IsDefined() && !node.IsNull();
}

void ConfigMap::Fail(std::string_view key, std::string_view reason) {
  if (state_->error) return;
  YAML::Mark mark = state_->node.IsDefined() ? state_->node.Mark() : YAML::Mark::null_mark();
  if (state_->node.IsDefined() && state_->node.IsMap()) {
    for (const auto& entry : state_->node) {
      if (entry.first.Scalar() == key) mark = entry.first.Mark();
    }
  }
  state_->error =
      key.empty()
          ? Error::Make(Kind::kConfig, "{}: {}", Place(state_->file, mark), reason)
          : Error::Make(Kind::kConfig, "{}: {}: {}", Place(state_->file, mark), key, reason);
}

void ConfigMap::FailMissing(std::string_view key, std::string_view wanted) {
  if (state_->error) return;
  const YAML::Node node = Find(key);
  Fail(key, fmt::format("{}{}", node.IsDefined() ? "has no value" : "is missing", wanted));
  state_->only_missing = !node.IsDefined();
}

std::string ConfigMap::String(std::string_view key, const std::optional<std::string>& fallback) {
  const YAML::Node node = Find(key);
  if (!node.IsDefined() || node.IsNull()) {
    if (!fallback) FailMissing(key, "");
    return fallback.value_or("");
  }
  if (!node.IsScalar()) {
    Fail(key, fmt::format("expected one value, not {}", Shape(node)));
    return fallback.value_or("");
  }
  return node.Scalar();
}

bool ConfigMap::Bool(std::string_view key, bool fallback) {
  const std::string word = String(key, fallback ? "true" : "false");
  if (word == "true" || word == "yes" || word == "on") return true;
  if (word == "false" || word == "no" || word == "off") return false;
  Fail(key, fmt::format("\"{}\" is neither true nor false", word));
  return fallback;
}

std::int64_t ConfigMap::Integer(std::string_view key, std::int64_t low, std::int64_t high,
                                std::optional<std::int64_t> fallback) {
  std::optional<std::string> text_fallback;
  if (fallback) text_fallback = std::to_string(*fallback);
  const std::string word = String(key, text_fallback);
  std::int64_t value = 0;
  auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || stop != word.data() + word.size() || value < low || value > high) {
    Fail(key, fmt::format("\"{}\" is not a whole number from {} to {}", word, low, high));
    return fallback.value_or(low);
  }
  return value;
}

double ConfigMap::Number(std::string_view key, double low, double high,
                         std::optional<double> fallback) {
  std::optional<std::string> text_fallback;
  if (fallback) text_fallback = fmt::format("{}", *fallback);
  const std::string word = String(key, text_fallback);
  double value = 0;
  auto [stop, error] =
      std::from_chars(word.data(), word.data() + word.size(), value, std::chars_format::fixed);
  const bool whole = error == std::errc{} && stop == word.data() + word.size();
  // A comparison with NaN is never true.
  if (!whole || !(value >= low && value <= high)) {
    Fail(key, fmt::format("\"{}\" is not a number from {} to {}", word, low, high));
    return fallback.value_or(low);
  }
  return value;
}

void ConfigMap::CheckChoice(std::string_view key, std::string_view word,
                            const std::vector<std::string_view>& choices) {
  if (std::find(choices.begin(), choices.end(), word) != choices.end()) return;
  Fail(key, fmt::format("\"{}\" is not one of {}{}", word, fmt::join(choices, ", "),
                        DidYouMean(word, {choices.begin(), choices.end()})));
}

std::string ConfigMap::Choice(std::string_view key, const std::vector<std::string_view>& choices,
                              const std::optional<std::string>& fallback) {
  if (!fallback && !Has(key))
    FailMissing(key, fmt::format("; it is one of {}", fmt::join(choices, ", ")));
  std::string word = String(key, fallback);
  CheckChoice(key, word, choices);
  return word;
}

std::vector<std::string> ConfigMap::Strings(std::string_view key) {
  std::vector<std::string> values;
  const YAML::Node node = Find(key);
  if (!node.IsDefined() || node.IsNull()) return values;
  if (!node.IsSequence()) {
    Fail(key, fmt::format("expected a list like [one, two], not {}", Shape(node)));
    return values;
  }
  for (const YAML::Node& entry : node) {
    if (entry.IsScalar()) {
      values.push_back(entry.Scalar());
    } else {
      Fail(key, "expected a list of single values like [one, two]");
    }
  }
  return values;
}

std::vector<std::string> ConfigMap::Choices(std::string_view key,
                                            const std::vector<std::string_view>& choices) {
  std::vector<std::string> words = Strings(key);
  for (const std::string& word : words)
    CheckChoice(key, word, choices);
  return words;
}

ConfigMap ConfigMap::Map(std::string_view key) {
  auto nested = std::make_unique<State>();
  nested->file = state_->file;
  const YAML::Node node = Find(key);
  if (node.IsDefined() && !node.IsNull()) {
    if (node.IsMap()) {
      nested->node = node;
      nested->error = FindDuplicate(node, state_->file);
    } else {
      Fail(key, fmt::format("expected `key: value` lines below it, not {}", Shape(node)));
    }
  } else {
    nested->node = YAML::Node(YAML::NodeType::Map);
  }
  return ConfigMap(std::move(nested));
}

std::vector<ConfigMap> ConfigMap::Maps(std::string_view key) {
  std::vector<ConfigMap> maps;
  const YAML::Node node = Find(key);
  if (!node.IsDefined() || node.IsNull()) return maps;
  if (!node.IsSequence()) {
    Fail(key, fmt::format("expected a list, each entry beginning with `- `, not {}", Shape(node)));
    return maps;
  }
  for (const YAML::Node& entry : node) {
    if (!entry.IsMap()) {
      Fail(key, fmt::format("an entry of the list is {}, not `key: value` lines", Shape(entry)));
      continue;
    }
    auto nested = std::make_unique<State>();
    nested->file = state_->file;
    nested->node = entry;
    nested->error = FindDuplicate(entry, state_->file);
    maps.push_back(ConfigMap(std::move(nested)));
  }
  return maps;
}

std::vector<std::string> ConfigMap::Keys() {
  std::vector<std::string> keys;
  if (!state_->node.IsDefined() || !state_->node.IsMap()) return keys;
  for (const auto& entry : state_->node)
    keys.push_back(entry.first.Scalar());
  return keys;
}

Status ConfigMap::Check() const {
  if (state_->error) return *state_->error;
  return Ok();
}

Status ConfigMap::Finish() {
  // A word that is written wrong explains a key that is missing; the other way round it does not.
  if (state_->error && !state_->only_missing) return *state_->error;
  std::vector<std::string> known;
  for (const std::string& key : state_->asked) {
    if (std::find(known.begin(), known.end(), key) == known.end()) known.push_back(key);
  }
  for (const std::string& key : Keys()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    state_->error.reset();
    Fail(key, fmt::format("unknown key{}", DidYouMean(key, known)));
    return std::move(*state_->error).Hint("the keys here are {}", fmt::join(known, ", "));
  }
  return Check();
}

}  // namespace gapferry
