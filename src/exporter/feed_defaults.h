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

// MISP's `rules`, which decide what of a feed of events is taken. Names as they stand there.
struct FeedRules {
  std::vector<std::string> tags;
  std::vector<std::string> not_tags;
  std::vector<std::string> orgs;
  std::vector<std::string> not_orgs;
  bool others = false;  // there are such as export.yml has no word for, or they cannot be read

  [[nodiscard]] bool Empty() const {
    return tags.empty() && not_tags.empty() && orgs.empty() && not_orgs.empty();
  }
};

struct DefaultFeed {
  std::string name;
  std::string provider;
  std::string url;     // or a path, of a local one
  std::string format;  // misp, csv, freetext
  bool enabled = false;
  bool local = false;
  bool delta_merge = false;
  bool override_ids = false;  // no value becomes a rule
  bool fixed_event = true;    // false: each fetch makes an event of its own
  std::string columns;        // "3,4"
  std::string delimiter;
  std::string exclude;
  std::vector<std::string> tags;
  FeedRules rules;
  std::vector<std::string> headers;  // their names; the values may be secret
};

// In the order of the file. Entries of another format are left out. Errors: kTooLarge, kMalformed.
[[nodiscard]] Result<std::vector<DefaultFeed>> ParseFeedDefaults(std::string_view text);

// A name that export.yml takes, made of the feed's; different from those of other feeds in `taken`,
// to which it is added.
[[nodiscard]] std::string SourceName(const DefaultFeed& feed, std::set<std::string>* taken);

// The entry for `sources:` of export.yml, with its comments.
[[nodiscard]] std::string SourceEntry(const DefaultFeed& feed, const std::string& name);
// What of the feed's settings the entry does not say, or says otherwise, a sentence each.
[[nodiscard]] std::vector<std::string> LeftOut(const DefaultFeed& feed);

// Puts entries at the end of the list `sources:` of a configuration; everything else keeps its
// bytes. Error: kConfig if the text has no such list in the form that `init` writes it.
[[nodiscard]] Result<std::string> AddSources(std::string_view config, std::string_view entries);

}  // namespace gapferry::exporter
