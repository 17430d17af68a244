// exporter/feed_defaults.h: MISP's list of feeds (app/files/feed-metadata/defaults.json, or what
// GET /feeds gives), and a source for each of them.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gapferry::exporter {

constexpr std::size_t kMaxFeedDefaultsBytes = 16 << 20;

struct DefaultFeed {
  std::string name;
  std::string provider;
  std::string url;     // or a path, of a local one
  std::string format;  // misp, csv, freetext
  bool enabled = false;
  bool local = false;
  bool delta_merge = false;
  bool override_ids = false;  // no value becomes a rule
  std::string columns;        // "3,4"
  std::string delimiter;
  std::string exclude;
  std::vector<std::string> tags;
};

// In the order of the file. Entries of another format are left out. Errors: kTooLarge, kMalformed.
[[nodiscard]] Result<std::vector<DefaultFeed>> ParseFeedDefaults(std::string_view text);

// A name that export.yml takes, made of the feed's; different from those of other feeds in `taken`,
// to which it is added.
[[nodiscard]] std::string SourceName(const DefaultFeed& feed, std::set<std::string>* taken);

// The entry for `sources:` of export.yml, with its comments.
[[nodiscard]] std::string SourceEntry(const DefaultFeed& feed, const std::string& name);

// Puts entries at the end of the list `sources:` of a configuration; everything else keeps its
// bytes. Error: kConfig if the text has no such list in the form that `init` writes it.
[[nodiscard]] Result<std::string> AddSources(std::string_view config, std::string_view entries);

}  // namespace gapferry::exporter
