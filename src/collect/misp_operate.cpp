#include "collect/misp_operate.h"

#include <algorithm>
#include <charconv>
#include <thread>

namespace gapferry::collect {
namespace {

std::int64_t NumberOf(const Json& object, const char* key) {
  const std::string text = TextOf(object, key);
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

const Json& Inner(const Json& entry, const char* key) {
  return entry.is_object() && entry.contains(key) ? entry[key] : entry;
}

// MISP keeps them as a text in JSON, some of its feeds as a text in a text.
Json ReadSettings(const Json& row) {
  constexpr int kLayers = 2;
  Json settings = row.is_object() && row.contains("settings") ? row["settings"] : Json();
  for (int layer = 0; layer < kLayers && settings.is_string(); ++layer) {
    auto inner = ParseJson(settings.get_ref<const std::string&>());
    settings = inner.ok() ? std::move(inner).value() : Json();
  }
  return settings;
}

InstanceFeed ReadFeed(const Json& entry) {
  const Json& row = Inner(entry, "Feed");
  const Json settings = ReadSettings(row);
  const Json& csv = Inner(settings, "csv");
  return {TextOf(row, "id"),
          TextOf(row, "name"),
          TextOf(row, "provider"),
          TextOf(row, "url"),
          TextOf(row, "source_format"),
          FlagOf(row, "enabled"),
          FlagOf(row, "caching_enabled"),
          TextOf(csv, "value"),
          TextOf(csv, "delimiter"),
          TextOf(Inner(settings, "common"), "excluderegex")};
}

Json SettingsOf(const InstanceFeed& feed) {
  return {{"csv", {{"value", feed.columns}, {"delimiter", feed.delimiter}}},
          {"common", {{"excluderegex", feed.exclude}}}};
}

// What MISP says of a call: errors, else result, message or name.
std::string Words(const Json& answer) {
  for (const char* key : {"errors", "result", "message", "name", "success"}) {
    std::string text = TextOf(answer, key);
    if (!text.empty()) return text;
  }
  return "nothing";
}

bool Contains(const std::string& text, std::string_view part) {
  return AsciiLower(text).find(part) != std::string::npos;
}

Error Failed(const InstanceFeed& feed, const std::string& words) {
  return Error::Make(Kind::kNetwork, "feed \"{}\": {}", feed.name, words)
      .Hint("look at the url of the feed, and at the error log of MISP");
}

Error NotDone(const std::string& what, const std::string& words) {
  return Error::Make(Kind::kDenied, "MISP did not {}: {}", what, words)
      .Hint(
          "the key of operator_key must be a site admin's for feeds, and may need perm_warninglist "
          "for lists");
}

// "The fetch was unsuccessful." is no success, and neither is {"saved":true,"success":false}.
bool SaysItFailed(const Json& answer) {
  const std::string success = AsciiLower(TextOf(answer, "success"));
  const std::string words = Words(answer);
  return success == "false" || success == "0" || Contains(words, "unsuccess") ||
         Contains(words, "not success") || Contains(words, "fail");
}

// What differs between the feed that was asked for and the one that is there; empty: nothing. What
// was not asked for may be as MISP likes.
std::string Difference(const InstanceFeed& asked, const InstanceFeed& kept) {
  const auto differ = [](const std::string& wanted, const std::string& held) {
    return !wanted.empty() && wanted != held;
  };
  if (differ(asked.name, kept.name)) return "name";
  if (differ(asked.url, kept.url)) return "url";
  if (differ(asked.provider, kept.provider)) return "provider";
  if (differ(asked.format, kept.format)) return "format";
  if (differ(asked.columns, kept.columns)) return "columns";
  if (differ(asked.delimiter, kept.delimiter)) return "delimiter";
  if (differ(asked.exclude, kept.exclude)) return "exclude";
  if (kept.enabled) return "state, which is switched on";
  return kept.caching ? "caching, which is switched on" : "";
}

// cacheFeeds names the feed by its id alone, fetchFromFeed as "Feed: 90".
bool IsJobOf(const Json& job, const InstanceFeed& feed) {
  const std::string input = TextOf(job, "job_input");
  return input == feed.id || input == "Feed: " + feed.id;
}

}  // namespace

Result<std::vector<InstanceFeed>> MispOperator::Feeds() {
  GF_TRY(const Json answer, api_.Get("/feeds/index"));
  if (!answer.is_array()) return Error::Make(Kind::kMalformed, "/feeds/index lists no feeds");
  std::vector<InstanceFeed> feeds;
  for (const Json& entry : answer)
    feeds.push_back(ReadFeed(entry));
  return feeds;
}

Result<std::vector<InstanceList>> MispOperator::Lists() {
  GF_TRY(const Json answer, api_.Get("/warninglists/index"));
  if (!answer.contains("Warninglists") || !answer["Warninglists"].is_array())
    return Error::Make(Kind::kMalformed, "/warninglists/index lists no warninglists");
  std::vector<InstanceList> lists;
  for (const Json& entry : answer["Warninglists"]) {
    const Json& row = Inner(entry, "Warninglist");
    lists.push_back({TextOf(row, "id"), TextOf(row, "name"), TextOf(row, "type"),
                     TextOf(row, "version"), TextOf(row, "warninglist_entry_count"),
                     FlagOf(row, "enabled")});
  }
  return lists;
}

Result<InstanceFeed> MispOperator::AddFeed(const InstanceFeed& feed) {
  const Json body = {{"Feed",
                      {{"name", feed.name},
                       {"provider", feed.provider},
                       {"url", feed.url},
                       {"source_format", feed.format},
                       {"input_source", "network"},
                       {"fixed_event", true},
                       {"settings", SettingsOf(feed)},
                       {"enabled", false},
                       {"caching_enabled", false}}}};
  GF_TRY(const Json answer, api_.Change("/feeds/add", body));
  const InstanceFeed added = ReadFeed(answer);
  if (added.id.empty()) return NotDone("add the feed", Words(answer));
  GF_TRY(const std::vector<InstanceFeed> now, Feeds());
  const auto kept = std::find_if(now.begin(), now.end(),
                                 [&](const InstanceFeed& other) { return other.id == added.id; });
  if (kept == now.end())
    return NotDone("add the feed",
                   fmt::format("it says that it did, and has no feed {}", added.id));
  if (const std::string other = Difference(feed, *kept); !other.empty()) {
    return NotDone("add the feed as it was asked to",
                   fmt::format("feed {} is there with another {}", added.id, other));
  }
  return *kept;
}

Status MispOperator::SetFeed(const InstanceFeed& feed, bool enabled, bool caching) {
  std::string words = "it says that it did";
  if (feed.enabled != enabled) {
    GF_TRY(const Json answer,
           api_.Change(fmt::format("/feeds/{}/{}", enabled ? "enable" : "disable", feed.id),
                       Json::object()));
    words = Words(answer);
  }
  if (feed.caching != caching) {
    GF_CHECK(api_.Change("/feeds/edit/" + feed.id,
                         {{"Feed", {{"enabled", enabled}, {"caching_enabled", caching}}}}));
  }
  GF_TRY(const std::vector<InstanceFeed> now, Feeds());
  for (const InstanceFeed& other : now) {
    if (other.id == feed.id && other.enabled == enabled && other.caching == caching) return Ok();
  }
  return NotDone(fmt::format("change feed \"{}\"", feed.name), words);
}

Status MispOperator::SetLists(const std::vector<InstanceList>& lists, bool enabled) {
  Json ids = Json::array();
  for (const InstanceList& list : lists)
    ids.push_back(NumberOf({{"id", list.id}}, "id"));
  GF_TRY(const Json answer,
         api_.Change("/warninglists/toggleEnable", {{"id", ids}, {"enabled", enabled ? 1 : 0}}));
  if (!FlagOf(answer, "saved")) return NotDone("change the warninglists", Words(answer));
  GF_TRY(const std::vector<InstanceList> now, Lists());
  for (const InstanceList& list : lists) {
    const auto found = std::find_if(now.begin(), now.end(),
                                    [&](const InstanceList& row) { return row.id == list.id; });
    if (found == now.end() || found->enabled != enabled)
      return NotDone(fmt::format("change list \"{}\"", list.name), Words(answer));
  }
  return Ok();
}

Result<std::optional<std::int64_t>> MispOperator::NewestJob() {
  auto jobs = api_.Get("/jobs/index");
  if (!jobs.ok()) {
    // 404: no background jobs on this instance; 403: not for this key.
    const Kind kind = jobs.error().kind;
    if (kind == Kind::kNotFound || kind == Kind::kDenied) return std::optional<std::int64_t>();
    return std::move(jobs).error();
  }
  std::int64_t newest = 0;
  for (const Json& entry : *jobs)
    newest = std::max(newest, NumberOf(Inner(entry, "Job"), "id"));
  return std::optional<std::int64_t>(newest);
}

Result<JobEnd> MispOperator::Watch(std::int64_t after, const InstanceFeed& feed,
                                   const JobWait& wait, const JobProgress& progress) {
  constexpr std::int64_t kFailed = 3;
  constexpr std::int64_t kCompleted = 4;
  constexpr std::int64_t kAll = 100;
  constexpr int kMostFailures = 3;
  const auto end = std::chrono::steady_clock::now() + wait.longest;
  int failures = 0;
  while (true) {
    const auto jobs = api_.Get("/jobs/index");
    // The job goes on, whatever becomes of the look at it.
    const bool denied =
        !jobs.ok() && (jobs.error().kind == Kind::kDenied || jobs.error().kind == Kind::kNotFound);
    if (denied) return JobEnd::kNotWatched;
    failures = jobs.ok() ? 0 : failures + 1;
    if (failures == kMostFailures) return JobEnd::kLost;
    for (const Json& entry : jobs.ok() ? *jobs : Json::array()) {
      const Json& job = Inner(entry, "Job");
      if (NumberOf(job, "id") <= after || !IsJobOf(job, feed)) continue;
      const std::int64_t percent = std::clamp<std::int64_t>(NumberOf(job, "progress"), 0, kAll);
      if (progress) progress(static_cast<int>(percent));
      const std::int64_t status = NumberOf(job, "status");
      if (FlagOf(job, "failed") || status == kFailed) return Failed(feed, TextOf(job, "message"));
      if (status == kCompleted || percent == kAll) return JobEnd::kDone;
    }
    if (std::chrono::steady_clock::now() >= end)
      return failures > 0 ? JobEnd::kLost : JobEnd::kStillRunning;
    std::this_thread::sleep_for(wait.between);
  }
}

Result<JobEnd> MispOperator::CacheFeed(const InstanceFeed& feed, const JobWait& wait,
                                       const JobProgress& progress) {
  if (!feed.caching) {
    return Error::Make(Kind::kNotReady,
                       "feed \"{}\" is not cached; MISP would say that it did it, "
                       "and do nothing",
                       feed.name)
        .Hint("misp feeds enable --caching \"{}\"", feed.name);
  }
  GF_TRY(const std::optional<std::int64_t> newest, NewestJob());
  GF_TRY(const Json answer, api_.Change("/feeds/cacheFeeds/" + feed.id, Json::object()));
  const std::string words = Words(answer);
  if (!FlagOf(answer, "saved") || SaysItFailed(answer)) return Failed(feed, words);
  if (!Contains(words, "initiated")) return JobEnd::kDone;
  return newest ? Watch(*newest, feed, wait, progress) : Result<JobEnd>(JobEnd::kNotWatched);
}

Result<JobEnd> MispOperator::FetchFeed(const InstanceFeed& feed, const JobWait& wait,
                                       const JobProgress& progress) {
  if (!feed.enabled) {
    return Error::Make(Kind::kNotReady, "feed \"{}\" is not enabled", feed.name)
        .Hint("misp feeds enable \"{}\"", feed.name);
  }
  GF_TRY(const std::optional<std::int64_t> newest, NewestJob());
  GF_TRY(const Json answer, api_.Change("/feeds/fetchFromFeed/" + feed.id, Json::object()));
  const std::string words = Words(answer);
  if (Contains(words, "queued"))
    return newest ? Watch(*newest, feed, wait, progress) : Result<JobEnd>(JobEnd::kNotWatched);
  if (Contains(words, "success") && !SaysItFailed(answer)) return JobEnd::kDone;
  return Failed(feed, words);
}

}  // namespace gapferry::collect
