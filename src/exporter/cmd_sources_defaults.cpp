#include <algorithm>

#include "base/suggest.h"
#include "collect/http.h"
#include "exporter/commands.h"
#include "exporter/feed_defaults.h"

namespace gapferry::exporter {
namespace {

struct SourcesDefaultsOptions {
  std::string file;
  std::vector<std::string> add;
};

Json Describe(const DefaultFeed& feed, const std::string& source) {
  return {{"name", feed.name},
          {"source", source},
          {"provider", feed.provider},
          {"format", feed.format},
          {"url", collect::ShownUrl(feed.url)},
          {"enabled", feed.enabled},
          {"delta_merge", feed.delta_merge},
          {"override_ids", feed.override_ids},
          {"columns", feed.columns},
          {"delimiter", feed.delimiter},
          {"exclude", feed.exclude},
          {"tags", feed.tags},
          {"fixed_event", feed.fixed_event},
          {"rules",
           {{"tags", feed.rules.tags},
            {"not_tags", feed.rules.not_tags},
            {"orgs", feed.rules.orgs},
            {"not_orgs", feed.rules.not_orgs}}},
          {"headers", feed.headers},
          {"left_out", LeftOut(feed)}};
}

struct NamedFeed {
  DefaultFeed feed;
  std::string source;
};

// By the feed's own name or by that of its source.
Result<std::vector<NamedFeed>> Pick(const std::vector<NamedFeed>& feeds,
                                    const std::vector<std::string>& wanted) {
  std::vector<std::string> known;
  for (const NamedFeed& named : feeds) {
    known.push_back(named.feed.name);
    known.push_back(named.source);
  }
  std::vector<NamedFeed> picked;
  for (const std::string& name : wanted) {
    const auto found = std::find_if(feeds.begin(), feeds.end(), [&](const NamedFeed& named) {
      return named.feed.name == name || named.source == name;
    });
    if (found == feeds.end()) {
      return Error::Make(Kind::kNotFound, "there is no feed \"{}\" in this file{}", name,
                         DidYouMean(name, known))
          .Hint("without --add all of them are listed");
    }
    picked.push_back(*found);
  }
  return picked;
}

Status CheckNew(const Home& home, const std::vector<NamedFeed>& picked) {
  GF_TRY(const Config config, home.LoadConfig());
  for (const NamedFeed& named : picked) {
    for (const SourceConfig& source : config.sources) {
      if (source.name != named.source) continue;
      return Error::Make(Kind::kUsage, "there is a source \"{}\" in {} already", named.source,
                         home.config_file().string())
          .Hint("give that one another name first, if both are wanted");
    }
  }
  return Ok();
}

// The configuration is replaced only by one that loads.
Status Add(const Home& home, const std::string& entries) {
  const std::filesystem::path file = home.config_file();
  GF_TRY(const std::string before, ReadFile(file, kMaxConfigBytes));
  auto after = AddSources(before, entries);
  if (!after.ok()) return std::move(after).error().In(file.string());
  const std::filesystem::path trial = home.folder() / "export.yml.new";
  GF_CHECK(WriteFileAtomically(trial, *after, 0600));
  const auto loaded = LoadConfig(trial);
  std::error_code ignored;
  std::filesystem::remove(trial, ignored);
  if (loaded.ok()) return WriteFileAtomically(file, *after);
  Error error = loaded.error();
  const std::string name = trial.string();
  if (error.what.starts_with(name)) error.what.replace(0, name.size(), file.string());
  return error;
}

Status List(Session& session, const std::vector<NamedFeed>& feeds) {
  Json all = Json::array();
  for (const NamedFeed& named : feeds) {
    const DefaultFeed& feed = named.feed;
    all.push_back(Describe(feed, named.source));
    session.console.Say(fmt::format("{:<36}  {:<8}  {:<3}  {}  ({}, {})", named.source, feed.format,
                                    feed.enabled ? "on" : "off", Printable(feed.name),
                                    Printable(feed.provider), collect::ShownUrl(feed.url)));
  }
  session.console.Emit("feeds", {{"feeds", std::move(all)}});
  session.console.Note("on and off are MISP's own choice; --add NAME writes a source for a feed");
  return Ok();
}

Status Defaults(Session& session, const SourcesDefaultsOptions& options) {
  GF_TRY(const std::string text, ReadFile(options.file, kMaxFeedDefaultsBytes));
  auto parsed = ParseFeedDefaults(text);
  if (!parsed.ok()) return std::move(parsed).error().In(options.file);
  std::set<std::string> taken;
  std::vector<NamedFeed> feeds;
  for (DefaultFeed& feed : *parsed) {
    std::string source = SourceName(feed, &taken);
    feeds.push_back({std::move(feed), std::move(source)});
  }
  if (options.add.empty()) return List(session, feeds);
  GF_TRY(const std::vector<NamedFeed> picked, Pick(feeds, options.add));
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const Fd lock, home.Lock());
  GF_CHECK(CheckNew(home, picked));
  std::string entries;
  for (const NamedFeed& named : picked)
    entries += SourceEntry(named.feed, named.source);
  GF_CHECK(Add(home, entries));
  Json added = Json::array();
  std::string shown;
  for (NamedFeed named : picked) {
    added.push_back(Describe(named.feed, named.source));
    named.feed.url = collect::ShownUrl(named.feed.url);
    shown += SourceEntry(named.feed, named.source);
    for (const std::string& left : LeftOut(named.feed))
      session.console.Warn(fmt::format("{}: {}", named.source, Printable(left)));
  }
  session.console.Emit("sources-added", {{"sources", std::move(added)}});
  session.console.Say(fmt::format("added to {}:\n{}", home.config_file().string(), shown));
  session.console.Note(
      "feeds carry no TLP: set default_tlp to what each publisher's terms allow, and read what "
      "`gapferry-export collect` says of the first run");
  return Ok();
}

}  // namespace

Command SourcesDefaultsCommand() {
  return {
      "defaults", "list the feeds that MISP knows, or make sources of them",
      "FILE is app/files/feed-metadata/defaults.json of MISP, or what GET /feeds of an instance "
      "gives. With --add, entries are put at the end of `sources:` in export.yml; comments and "
      "everything else in it stay as they are.",
      [](Arguments& arguments) {
        auto options = std::make_shared<SourcesDefaultsOptions>();
        arguments.Positional("FILE", &options->file, "MISP's list of feeds");
        arguments.Option("--add", &options->add,
                         "a feed by its name or that of its source; repeat for more");
        return [options](Session& session) { return Defaults(session, *options); };
      }};
}

}  // namespace gapferry::exporter
