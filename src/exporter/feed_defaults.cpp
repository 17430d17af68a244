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

// Settings are JSON as text, and sometimes that text as JSON once more.
Json Settings(const Json& feed) {
  Json settings = Part(feed, "settings");
  for (int layer = 0; layer < 3 && settings.is_string(); ++layer) {
    auto parsed = ParseJson(settings.get<std::string>());
    if (!parsed.ok()) return Json::object();
    settings = std::move(parsed).value();
  }
  return settings;
}

DefaultFeed Read(const Json& entry) {
  const Json& feed = entry.is_object() && entry.contains("Feed") ? entry["Feed"] : entry;
  const Json settings = Settings(feed);
  DefaultFeed read;
  read.name = Text(feed, "name");
  read.provider = Text(feed, "provider");
  read.url = Text(feed, "url");
  read.format = Text(feed, "source_format");
  read.enabled = Flag(feed, "enabled");
  read.local = Text(feed, "input_source") == "local";
  read.delta_merge = Flag(feed, "delta_merge");
  read.override_ids = Flag(feed, "override_ids");
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
  if (feed.format == "csv") entry += CsvBlock(feed);
  return misp ? entry : entry + FeedBlock(feed);
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
