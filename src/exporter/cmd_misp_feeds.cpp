#include <algorithm>

#include "exporter/misp_added_feed.h"
#include "exporter/misp_session.h"

namespace gapferry::exporter {
namespace {

using collect::InstanceFeed;

struct MispFeedsOptions {
  MispTarget target;
  bool caching = false;
  std::int64_t wait = 600;
  InstanceFeed added;
};

Json ToJson(const InstanceFeed& feed) {
  // Addresses of feeds hold passwords and keys.
  return {{"id", feed.id},
          {"name", feed.name},
          {"provider", feed.provider},
          {"url", collect::ShownUrl(feed.url)},
          {"format", feed.format},
          {"enabled", feed.enabled},
          {"caching", feed.caching}};
}

Status List(Session& session, const MispTarget& target) {
  GF_TRY(collect::MispApi api, OpenInstance(session, target, false));
  GF_TRY(const std::vector<InstanceFeed> feeds, collect::MispOperator(api).Feeds());
  for (const InstanceFeed& feed : feeds) {
    session.console.Emit("misp_feed", ToJson(feed));
    session.console.Say(fmt::format("{:>5}  {:<8}  {:<6}  {:<8}  {}  {}", feed.id,
                                    feed.enabled ? "enabled" : "-", feed.caching ? "cached" : "-",
                                    Printable(feed.format), Printable(feed.name),
                                    Printable(collect::ShownUrl(feed.url))));
  }
  return Ok();
}

Result<std::vector<InstanceFeed>> Named(collect::MispOperator& instance, const std::string& name) {
  GF_TRY(const std::vector<InstanceFeed> feeds, instance.Feeds());
  std::vector<InstanceFeed> named;
  std::vector<std::string> names;
  for (const InstanceFeed& feed : feeds) {
    names.push_back(feed.name);
    if (IsNamed(name, feed.id, feed.name)) named.push_back(feed);
  }
  if (named.empty()) return NothingNamed(name, "feed", names);
  return named;
}

Status Set(Session& session, const MispFeedsOptions& options, bool enabled) {
  GF_TRY(collect::MispApi api, OpenInstance(session, options.target, true));
  collect::MispOperator instance(api);
  GF_TRY(const std::vector<InstanceFeed> feeds, Named(instance, options.target.name));
  const bool dry_run = options.target.dry_run;
  for (const InstanceFeed& feed : feeds) {
    // Caching is switched only where that was said; a disabled feed may still be cached.
    const bool caching = options.caching ? enabled : feed.caching;
    const bool changes = feed.enabled != enabled || feed.caching != caching;
    if (changes && !dry_run) GF_CHECK(instance.SetFeed(feed, enabled, caching));
    session.console.Say(fmt::format("{}{}  {}",
                                    !changes  ? "already "
                                    : dry_run ? "would be "
                                              : "",
                                    enabled ? "enabled" : "disabled", Printable(feed.name)));
    session.console.Emit("misp_feed_set", {{"id", feed.id},
                                           {"name", feed.name},
                                           {"enabled", enabled},
                                           {"caching", caching},
                                           {"changed", changes},
                                           {"dry_run", dry_run}});
  }
  return Ok();
}

std::string_view Describe(collect::JobEnd end) {
  switch (end) {
    case collect::JobEnd::kDone:
      return "done";
    case collect::JobEnd::kStillRunning:
      return "still running";
    case collect::JobEnd::kNotWatched:
      return "queued, and this key may not watch jobs";
    case collect::JobEnd::kLost:
      return "begun, and then MISP no longer answered";
  }
  return "";
}

Error Unfinished(std::size_t feeds, std::int64_t seconds) {
  return Error::Make(Kind::kUnfinished, "{} feeds were begun and are not known to be done", feeds)
      .Hint(
          "MISP shows the jobs under Administration, Jobs; the same command again would begin them "
          "a second time. Next time, wait longer than --wait {}",
          seconds);
}

Status Work(Session& session, const MispFeedsOptions& options, bool fetch) {
  constexpr std::int64_t kLongestWait = 7 * kSecondsPerDay;
  if (options.wait < 0 || options.wait > kLongestWait) {
    return Error::Make(Kind::kUsage, "--wait is {}; it can be 0 to {} seconds", options.wait,
                       kLongestWait);
  }
  GF_TRY(collect::MispApi api, OpenInstance(session, options.target, true));
  collect::MispOperator instance(api);
  GF_TRY(const std::vector<InstanceFeed> feeds, Named(instance, options.target.name));
  const collect::JobWait wait{std::chrono::seconds(options.wait), std::chrono::milliseconds(2000)};
  const std::string_view event = fetch ? "misp_feed_fetch" : "misp_feed_cache";
  std::vector<Error> failed;
  std::size_t unfinished = 0;
  for (const InstanceFeed& feed : feeds) {
    // Of many, those that are off are not meant; one that was named is, and fails.
    if (feeds.size() > 1 && !(fetch ? feed.enabled : feed.caching)) {
      session.console.Note(fmt::format("passed over, not {}: {}", fetch ? "enabled" : "cached",
                                       Printable(feed.name)));
      continue;
    }
    if (options.target.dry_run) {
      session.console.Say(
          fmt::format("would {}  {}", fetch ? "fetch" : "cache", Printable(feed.name)));
      session.console.Emit(event, {{"id", feed.id}, {"name", feed.name}, {"dry_run", true}});
      continue;
    }
    constexpr std::uint64_t kAll = 100;
    Progress bar(session.console, feed.name, "%", kAll);
    int shown = 0;
    const auto progress = [&](int percent) {
      bar.Advance(static_cast<std::uint64_t>(std::max(0, percent - shown)));
      shown = std::max(shown, percent);
    };
    auto end =
        fetch ? instance.FetchFeed(feed, wait, progress) : instance.CacheFeed(feed, wait, progress);
    if (!end.ok()) {
      failed.push_back(std::move(end).error());
      continue;
    }
    if (*end != collect::JobEnd::kDone) ++unfinished;
    session.console.Say(fmt::format("{}  {}", Describe(*end), Printable(feed.name)));
    session.console.Emit(
        event, {{"id", feed.id}, {"name", feed.name}, {"end", Describe(*end)}, {"dry_run", false}});
  }
  if (failed.empty()) return unfinished == 0 ? Ok() : Status(Unfinished(unfinished, options.wait));
  if (feeds.size() == 1) return std::move(failed[0]);
  for (const Error& error : failed)
    session.console.Report(error);
  return Error::Make(Kind::kPartly, "{} of {} feeds failed", failed.size(), feeds.size());
}

// MISP would take "../f" and "../f/" for two feeds, and fetch both.
bool SameAddress(const std::string& one, const std::string& other) {
  const auto plain = [](const std::string& url) {
    const std::size_t host = url.find("://");
    const std::size_t path =
        host == std::string::npos ? 0 : std::min(url.find('/', host + 3), url.size());
    std::string text = AsciiLower(url.substr(0, path)) + url.substr(path);
    while (text.ends_with('/'))
      text.pop_back();
    return text;
  };
  return plain(one) == plain(other);
}

Status Add(Session& session, const MispFeedsOptions& options) {
  GF_TRY(const InstanceFeed asked, CheckedFeed(options.added));
  GF_TRY(collect::MispApi api, OpenInstance(session, options.target, true));
  collect::MispOperator instance(api);
  GF_TRY(const std::vector<InstanceFeed> feeds, instance.Feeds());
  for (const InstanceFeed& feed : feeds) {
    if (SameAddress(feed.url, asked.url))
      return Error::Make(Kind::kUsage, "feed {} \"{}\" already has this url", feed.id, feed.name);
  }
  InstanceFeed added = asked;
  if (!options.target.dry_run) {
    GF_TRY(added, instance.AddFeed(asked));
  }
  session.console.Say(fmt::format("{}  {}; `misp feeds enable` switches it on",
                                  options.target.dry_run ? "would be added" : "added " + added.id,
                                  Printable(added.name)));
  Json said = ToJson(added);
  said.update(
      {{"columns", added.columns}, {"delimiter", added.delimiter}, {"exclude", added.exclude}});
  said["dry_run"] = options.target.dry_run;
  session.console.Emit("misp_feed_add", said);
  return Ok();
}

Command SetCommand(std::string_view name, std::string_view summary, bool enabled) {
  return {name, summary, "By name, by a pattern with * that may fit several, or by id.",
          [enabled](Arguments& arguments) {
            auto options = std::make_shared<MispFeedsOptions>();
            DeclareTarget(arguments, &options->target, true);
            arguments.Flag("--caching", &options->caching, "its caching too");
            return [options, enabled](Session& session) { return Set(session, *options, enabled); };
          }};
}

Command WorkCommand(std::string_view name, std::string_view summary, bool fetch) {
  return {
      name, summary,
      "Waits for the background job where the instance has such, and says how it ended. Where a "
      "pattern fits several feeds, those that are switched off are passed over.",
      [fetch](Arguments& arguments) {
        auto options = std::make_shared<MispFeedsOptions>();
        DeclareTarget(arguments, &options->target, true);
        arguments.Option("--wait", &options->wait, "seconds to wait for a job (default: 600)");
        return [options, fetch](Session& session) { return Work(session, *options, fetch); };
      }};
}

Command AddCommand() {
  return {"add", "add a feed to the instance, switched off",
          "Refused if a feed with the same url is there, whatever slashes it ends with.",
          [](Arguments& arguments) {
            auto options = std::make_shared<MispFeedsOptions>();
            options->added.format = "misp";
            arguments.Option("--source", &options->target.source,
                             "the source of kind misp, if there are several");
            arguments.Flag("--dry-run", &options->target.dry_run, "change nothing");
            arguments.Option("--provider", &options->added.provider, "who publishes it");
            arguments.Option("--format", &options->added.format,
                             "misp (the default), csv or freetext");
            arguments.Option("--columns", &options->added.columns,
                             "of csv: where the values are, such as 3,4");
            arguments.Option(
                "--delimiter", &options->added.delimiter,
                "of csv: one character between columns, or tab; a comma where it is not given");
            arguments.Option("--exclude", &options->added.exclude,
                             "of csv and freetext: a pattern of MISP, such as /^#/, for lines to "
                             "pass over");
            arguments.Positional("NAME", &options->added.name, "its name");
            arguments.Positional("URL", &options->added.url, "where MISP fetches it");
            return [options](Session& session) { return Add(session, *options); };
          }};
}

Command ListCommand() {
  return {"list", "show the feeds of the instance", "Changes nothing.", [](Arguments& arguments) {
            auto target = std::make_shared<MispTarget>();
            DeclareTarget(arguments, target.get(), false);
            return [target](Session& session) { return List(session, *target); };
          }};
}

}  // namespace

Command MispFeedsCommand() {
  return CommandGroup(
      "feeds", "the feeds of the instance",
      "A feed that MISP fetches becomes events of the instance, which `collect` takes like others.",
      {AddCommand(), WorkCommand("cache", "have feeds cached for correlation", false),
       SetCommand("disable", "switch feeds off", false),
       SetCommand("enable", "switch feeds on", true),
       WorkCommand("fetch", "have feeds fetched as events", true), ListCommand()});
}

}  // namespace gapferry::exporter
