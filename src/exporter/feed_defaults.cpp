#include "exporter/feed_defaults.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/json.h"

namespace gapferry::exporter {
namespace {

constexpr std::size_t kMostName = 40;
constexpr std::size_t kMostFeeds = 10'000;

std::string Text(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// true, 1 and "1": MISP writes all of them.
bool Flag(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (found == object.end()) return false;
  if (found->is_boolean()) return found->get<bool>();
  if (found->is_number_integer()) return found->get<std::int64_t>() != 0;
  return found->is_string() && found->get<std::string>() == "1";
}

const Json& Part(const Json& object, const char* key) {
  static const Json nothing = Json::object();
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() ? *found : nothing;
}

// Some fields are JSON as text, and sometimes that text as JSON once more. Null if it is none.
Json Unwrapped(Json field) {
  for (int layer = 0; layer < 3 && field.is_string(); ++layer) {
    auto parsed = ParseJson(field.get<std::string>());
    if (!parsed.ok()) return nullptr;
    field = std::move(parsed).value();
  }
  return field;
}

std::vector<std::string> Names(const Json& rule, const char* key) {
  std::vector<std::string> names;
  for (const Json& name : Part(rule, key)) {
    if (name.is_string() && !AsciiTrim(name.get<std::string>()).empty())
      names.push_back(name.get<std::string>());
  }
  return names;
}

// {"tags": {"OR": […], "NOT": […]}, "orgs": {…}, "url_params": "…"}
FeedRules ReadRules(const Json& feed) {
  const Json& field = Part(feed, "rules");
  FeedRules read;
  if (field.is_null() || (field.is_string() && AsciiTrim(field.get<std::string>()).empty()))
    return read;
  const Json rules = Unwrapped(field);
  if (!rules.is_object() && !(rules.is_array() && rules.empty())) {
    read.others = true;
    return read;
  }
  read.tags = Names(Part(rules, "tags"), "OR");
  read.not_tags = Names(Part(rules, "tags"), "NOT");
  read.orgs = Names(Part(rules, "orgs"), "OR");
  read.not_orgs = Names(Part(rules, "orgs"), "NOT");
  for (const auto& [key, rule] : rules.items()) {
    const std::string text = rule.is_string() ? rule.get<std::string>() : "";
    const bool empty =
        rule.is_string() ? text.empty() || text == "{}" || text == "[]" : rule.empty();
    if (key != "tags" && key != "orgs" && !empty) read.others = true;
  }
  return read;
}

// "Name: value" line by line.
std::vector<std::string> HeaderNames(const std::string& headers) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at < headers.size();) {
    const std::size_t end = std::min(headers.find('\n', at), headers.size());
    const std::string_view line = std::string_view(headers).substr(at, end - at);
    const std::string_view name = AsciiTrim(line.substr(0, line.find(':')));
    if (!name.empty()) names.emplace_back(name);
    at = end + 1;
  }
  return names;
}

DefaultFeed Read(const Json& entry) {
  const Json& feed = entry.is_object() && entry.contains("Feed") ? entry["Feed"] : entry;
  const Json settings = Unwrapped(Part(feed, "settings"));
  DefaultFeed read;
  read.name = Text(feed, "name");
  read.provider = Text(feed, "provider");
  read.url = Text(feed, "url");
  read.format = Text(feed, "source_format");
  read.enabled = Flag(feed, "enabled");
  read.local = Text(feed, "input_source") == "local";
  read.delta_merge = Flag(feed, "delta_merge");
  read.override_ids = Flag(feed, "override_ids");
  read.fixed_event =
      !feed.is_object() || !feed.contains("fixed_event") || Flag(feed, "fixed_event");
  read.rules = ReadRules(feed);
  read.headers = HeaderNames(Text(feed, "headers"));
  read.columns = Text(Part(settings, "csv"), "value");
  read.delimiter = Text(Part(settings, "csv"), "delimiter");
  read.exclude = Text(Part(settings, "common"), "excluderegex");
  if (std::string tag = Text(Part(entry, "Tag"), "name"); !tag.empty())
    read.tags.push_back(std::move(tag));
  return read;
}

// In double quotes, so that nothing in it means anything to YAML.
std::string Quoted(std::string_view text) {
  return DumpJson(Json(std::string(text)));
}

// For a comment: one line.
std::string OneLine(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return text;
}

std::string CsvBlock(const DefaultFeed& feed) {
  std::string block;
  std::string columns;
  for (std::size_t at = 0; at < feed.columns.size();) {
    const std::size_t end = std::min(feed.columns.find(',', at), feed.columns.size());
    const std::string column = feed.columns.substr(at, end - at);
    if (column.find_first_not_of(' ') != std::string::npos)
      columns += (columns.empty() ? "" : ", ") + Quoted(column);
    at = end + 1;
  }
  if (!columns.empty()) block += "      columns: [" + columns + "]\n";
  if (!feed.delimiter.empty() && feed.delimiter != ",")
    block += "      delimiter: " + Quoted(feed.delimiter) + "\n";
  return block.empty() ? "" : "    csv:\n" + block;
}

std::string FeedBlock(const DefaultFeed& feed) {
  std::string block = "    feed:\n";
  if (!feed.provider.empty()) block += "      provider: " + Quoted(feed.provider) + "\n";
  if (!feed.tags.empty()) block += "      tags: [" + Quoted(feed.tags.front()) + "]\n";
  if (feed.override_ids) block += "      to_ids: false\n";
  block += fmt::format("      delta_merge: {}\n", feed.delta_merge);
  if (!feed.exclude.empty()) block += "      exclude: " + Quoted(feed.exclude) + "\n";
  return block;
}

// Of a feed of events; MISP does not ask `rules` for others either.
std::string SelectBlock(const FeedRules& rules) {
  std::string block;
  const auto add = [&](std::string_view key, const std::vector<std::string>& names) {
    std::string list;
    for (const std::string& name : names)
      list += (list.empty() ? "" : ", ") + Quoted(name);
    if (!list.empty()) block += fmt::format("      {}: [{}]\n", key, list);
  };
  add("tags", rules.tags);
  add("not_tags", rules.not_tags);
  add("orgs", rules.orgs);
  add("not_orgs", rules.not_orgs);
  return block.empty() ? "" : "    select:\n" + block;
}

// The line of `sources:` and the one after its list, as offsets.
struct Place {
  std::size_t key = std::string_view::npos;
  std::size_t key_end = 0;
  std::size_t end = 0;
};

Place FindSources(std::string_view config) {
  Place place;
  for (std::size_t at = 0; at < config.size();) {
    const std::size_t end = std::min(config.find('\n', at), config.size());
    const std::string_view line = config.substr(at, end - at);
    const std::size_t next = std::min(end + 1, config.size());
    if (place.key == std::string_view::npos) {
      if (line.starts_with("sources:")) {
        place.key = at;
        place.key_end = place.end = next;
      }
    } else if (line.starts_with(' ') || line.starts_with("- ")) {
      place.end = next;
    } else if (!line.empty() && line[0] != '#') {
      break;
    }
    at = next;
  }
  return place;
}

}  // namespace

Result<std::vector<DefaultFeed>> ParseFeedDefaults(std::string_view text) {
  GF_TRY(const Json document,
         ParseJson(text, {.max_bytes = kMaxFeedDefaultsBytes, .max_depth = 16}));
  if (!document.is_array() || document.size() > kMostFeeds) {
    return Error::Make(Kind::kMalformed, "is no list of feeds as MISP writes it")
        .Hint("it is app/files/feed-metadata/defaults.json of MISP, or what GET /feeds gives");
  }
  std::vector<DefaultFeed> feeds;
  for (const Json& entry : document) {
    DefaultFeed feed = Read(entry);
    const bool known = feed.format == "misp" || feed.format == "csv" || feed.format == "freetext";
    if (known && !feed.name.empty()) feeds.push_back(std::move(feed));
  }
  return feeds;
}

std::string SourceName(const DefaultFeed& feed, std::set<std::string>* taken) {
  std::string name;
  for (const char c : AsciiLower(feed.name)) {
    if (IsAsciiAlnum(c)) {
      name.push_back(c);
    } else if (!name.empty() && name.back() != '-') {
      name.push_back('-');
    }
  }
  constexpr std::size_t kRoom = 4;  // for a number
  name = name.substr(0, kMostName - kRoom);
  while (name.ends_with('-'))
    name.pop_back();
  if (name.empty()) name = "feed";
  std::string unique = name;
  for (int number = 2; !taken->insert(unique).second; ++number)
    unique = fmt::format("{}-{}", name, number);
  return unique;
}

std::string SourceEntry(const DefaultFeed& feed, const std::string& name) {
  const bool misp = feed.format == "misp";
  std::string entry = fmt::format("  # {}\n", OneLine(feed.name));
  entry +=
      fmt::format("  - name: {}\n    kind: {}\n    {}: {}\n    default_tlp: amber\n", name,
                  misp ? "misp-feed" : feed.format, feed.local ? "path" : "url", Quoted(feed.url));
  for (const std::string& header : feed.headers)
    entry += fmt::format("    # MISP sends the header {}\n", OneLine(header));
  if (feed.format == "csv") entry += CsvBlock(feed);
  return entry + (misp ? SelectBlock(feed.rules) : FeedBlock(feed));
}

std::vector<std::string> LeftOut(const DefaultFeed& feed) {
  const bool misp = feed.format == "misp";
  std::vector<std::string> left;
  if (!feed.headers.empty()) {
    left.push_back(
        fmt::format("MISP sends headers with it ({}), which may be secret: put the value of one "
                    "into a file, and name both with `key` and `key_header`; no more than one is "
                    "sent",
                    fmt::join(feed.headers, ", ")));
  }
  if (feed.rules.others) {
    left.emplace_back(
        "of its rules only those on tags and organisations become `select`; there are others");
  }
  if (!misp && !feed.rules.Empty())
    left.emplace_back("its rules on tags and organisations mean nothing for a feed without events");
  if (misp && !feed.tags.empty()) {
    left.push_back(fmt::format("MISP adds the tag {} to its events; here they stay as they are",
                               feed.tags.front()));
  }
  if (!misp && !feed.fixed_event) {
    left.emplace_back(
        "MISP makes a new event of each fetch (fixed_event is off); here it is one event that "
        "follows the feed");
  }
  return left;
}

Result<std::string> AddSources(std::string_view config, std::string_view entries) {
  const Place place = FindSources(config);
  if (place.key == std::string_view::npos) {
    return Error::Make(Kind::kConfig, "there is no line `sources:`")
        .Hint("put the entries there by hand; without --add they are printed");
  }
  std::string_view line = config.substr(place.key, place.key_end - place.key);
  std::string_view rest = AsciiTrim(line.substr(sizeof("sources:") - 1));
  const bool comment = rest.starts_with('#');
  if (!rest.empty() && !comment && rest != "[]") {
    return Error::Make(Kind::kConfig, "the sources stand in one line: {}", AsciiTrim(line))
        .Hint("put the entries there by hand; without --add they are printed");
  }
  std::string changed(config.substr(0, place.key));
  changed += rest == "[]" ? std::string("sources:\n") : std::string(line);
  if (!changed.ends_with('\n')) changed += '\n';
  changed += config.substr(place.key_end, place.end - place.key_end);
  if (!changed.ends_with('\n')) changed += '\n';
  changed += entries;
  changed += config.substr(place.end);
  return changed;
}

}  // namespace gapferry::exporter
