#include "collect/web_feed.h"

#include "base/file.h"
#include "collect/archive.h"
#include "collect/echo_watch.h"
#include "collect/feed_manifest.h"

namespace gapferry::collect {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kManifestName = "manifest.json";
constexpr std::uint64_t kMaxSignatureBytes = 1 << 20;
constexpr mode_t kPrivate = 0700;

// The folder's URL, whether it or its manifest was given. A query, which may hold a token, stays.
struct FeedUrl {
  std::string folder;
  std::string query;
};

FeedUrl Split(const std::string& url) {
  const std::size_t end = std::min(url.find_first_of("?#"), url.size());
  FeedUrl feed{url.substr(0, end), url.substr(end)};
  if (feed.folder.ends_with(kManifestName))
    feed.folder.resize(feed.folder.size() - kManifestName.size());
  while (feed.folder.ends_with('/'))
    feed.folder.pop_back();
  return feed;
}

HttpRequest Request(const std::string& url, const std::string& key_header,
                    std::uint64_t max_bytes) {
  HttpRequest request;
  request.url = url;
  request.headers = {"Accept: application/json, text/plain, text/*, */*;q=0.1"};
  request.secret_header = key_header;
  request.max_bytes = max_bytes;
  request.follow = true;
  return request;
}

Result<FeedManifest> ReadManifest(const fs::path& file) {
  GF_TRY(Fd fd, OpenRegular(file));
  return ReadFeedManifest(FileSource(std::move(fd)), kManifestName, kMaxManifestBytes);
}

// The bytes that came were watched for the key; what is packed in them was not to be seen.
Status CheckPacked(const fs::path& part, const Secret& secret) {
  if (secret.empty()) return Ok();
  GF_TRY(const Fd fd, OpenRegular(part));
  GF_TRY(const bool archive, IsArchive(fd));
  if (!archive) return Ok();
  constexpr std::size_t kChunk = 256 << 10;
  std::vector<std::uint8_t> buffer(kChunk);
  return ForEachMember(fd, "the answer", {},
                       [&](const std::string& name, const ByteSource& source) -> Status {
                         if (EchoWatch(secret).Seen(name)) return KeyComesBack();
                         EchoWatch watch(secret);
                         while (true) {
                           GF_TRY(const std::size_t got, source(buffer));
                           if (got == 0) return Ok();
                           if (watch.Seen(AsText(ByteView(buffer).first(got))))
                             return KeyComesBack();
                         }
                       });
}

class FeedFetch {
 public:
  FeedFetch(HttpClient& client, const WebOptions& web, const EventCache& cache,
            const SourceOptions& options)
      : client_(client),
        web_(web),
        url_(Split(web.url)),
        cache_(cache),
        options_(options),
        fetcher_(client, cache, options.max_file_bytes) {
    if (web.refresh_days > 0) oldest_ = Now() - web.refresh_days * kSecondsPerDay;
  }

  std::vector<EventFile> files;
  std::unordered_set<Uuid> listed;
  std::vector<Remark> notes;

  Result<FeedManifest> Manifest() {
    const fs::path file = web_.cache / kManifestName;
    const auto check = [](const fs::path& part) -> Status {
      GF_CHECK(ReadManifest(part));
      return Ok();
    };
    GF_TRY(const Download download,
           FetchIfChanged(client_, To(kManifestName, kMaxManifestBytes), file, check));
    if (!download.answer.ok() && !download.answer.not_modified())
      return Unexpected(download.answer, client_.secret());
    if (download.changed) GF_CHECK(Signature(fmt::format("{}.asc", kManifestName), web_.cache));
    return ReadManifest(file);
  }

  void Expect(const std::vector<ListedEvent>& events) {
    std::vector<HttpRequest> requests;
    for (const ListedEvent& event : events) {
      if (!cache_.Holds(event, oldest_)) requests.push_back(Reads(event));
    }
    client_.Expect(std::move(requests), cache_.folder());
  }

  // `held`: as it is in the mirror; 0: it is not.
  Status Event(const ListedEvent& event, Time held) {
    listed.insert(event.uuid);
    if (cache_.Holds(event, oldest_)) return Add(event.uuid), Ok();
    GF_TRY(const FetchedEvent fetched, fetcher_.Fetch(Reads(event), event.uuid));
    const Time state = fetched.header.event.timestamp;
    if (fetched.what == FetchedEvent::What::kTaken && state < held && !options_.accept_older) {
      return Refuse(event.uuid,
                    Error::Make(Kind::kMalformed,
                                "its state is of {}, before the one of {} that was read earlier; "
                                "the event stays as it was, unless `accept_older: true` is set",
                                FormatTime(state), FormatTime(held))),
             Ok();
    }
    if (fetched.what == FetchedEvent::What::kTaken) {
      const bool older = state < event.timestamp;
      if (older) older_.push_back(event.uuid);
      // Under its own time it is not what the manifest lists, so it is asked for again next time.
      GF_CHECK(cache_.Take(older ? ListedEvent{event.uuid, state} : event));
      if (fetched.header.is_protected)
        GF_CHECK(Signature(event.uuid.ToString() + ".asc", cache_.folder()));
      return Add(event.uuid), Ok();
    }
    const Error error = fetched.error ? *fetched.error
                                      : Error::Make(Kind::kNotFound, "{} answers {}",
                                                    fetched.answer.url, fetched.answer.status);
    return Refuse(event.uuid, error), Ok();
  }

  void TellOlder() {
    if (older_.empty()) return;
    notes.push_back(
        {fmt::format("{} events are older than the manifest says, such as {}; they are taken, and "
                     "asked for again in each run",
                     older_.size(), older_.front().ToString())});
  }

 private:
  [[nodiscard]] HttpRequest To(std::string_view name, std::uint64_t max_bytes) const {
    return Request(fmt::format("{}/{}{}", url_.folder, name, url_.query), web_.key_header,
                   max_bytes);
  }

  [[nodiscard]] HttpRequest Reads(const ListedEvent& event) const {
    return To(event.uuid.ToString() + ".json", options_.max_file_bytes);
  }

  // Most feeds have none. One that cannot be had holds up nothing, for nothing here reads it.
  Status Signature(const std::string& name, const fs::path& folder) {
    const auto fetched = FetchIfChanged(client_, To(name, kMaxSignatureBytes), folder / name);
    if (fetched.ok()) return Ok();
    const Kind kind = fetched.error().kind;
    if (kind != Kind::kNetwork && kind != Kind::kTooLarge && kind != Kind::kMalformed)
      return fetched.error();
    notes.push_back({fmt::format("a signature could not be had: {}", fetched.error().what)});
    return Ok();
  }

  void Refuse(const Uuid& uuid, const Error& error) {
    files.push_back({cache_.FileOf(uuid), uuid,
                     Refusal{error.kind, uuid.ToString() + ".json", 0, error.what}, false});
  }

  void Add(const Uuid& uuid) { files.push_back({cache_.FileOf(uuid), uuid, std::nullopt, false}); }

  HttpClient& client_;
  const WebOptions& web_;
  FeedUrl url_;
  const EventCache& cache_;
  const SourceOptions& options_;
  EventFetcher fetcher_;
  Time oldest_ = 0;
  std::vector<Uuid> older_;  // than the manifest says
};

}  // namespace

Result<CollectReport> CollectWebFeed(store::Store& store, const SourceOptions& options,
                                     const WebOptions& web, HttpClient& client,
                                     const CollectProgress& fetching,
                                     const CollectProgress& reading) {
  GF_CHECK(MakeFolder(web.cache, kPrivate));
  GF_TRY(const EventCache cache, EventCache::Open(web.cache / "events"));
  FeedFetch fetch(client, web, cache, options);
  GF_TRY(FeedManifest manifest, fetch.Manifest());
  GF_CHECK(CheckListed(store, options, manifest.events));
  std::vector<ListedEvent> events;
  for (std::size_t i = 0; i < manifest.events.size(); ++i)
    events.push_back({manifest.events[i], manifest.timestamps[i], 0});
  GF_TRY(const std::vector<store::KnownEvent> known, EventsOf(store, options.name));
  std::unordered_map<Uuid, Time> held;
  for (const store::KnownEvent& event : known)
    held.emplace(event.uuid, event.timestamp);
  fetch.Expect(events);
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto found = held.find(events[i].uuid);
    GF_CHECK(fetch.Event(events[i], found == held.end() ? 0 : found->second));
    if (fetching) fetching(i + 1, events.size());
  }
  fetch.TellOlder();
  GF_TRY(CollectReport report,
         CollectFetchedEvents(store, options, fetch.files, std::move(manifest.refused), reading));
  report.notes = std::move(fetch.notes);
  cache.DropRefused(report);
  GF_CHECK(cache.DropOthers(fetch.listed));
  return report;
}

Result<fs::path> FetchWebFile(HttpClient& client, const WebOptions& web, std::uint64_t max_bytes,
                              Expected expected) {
  GF_CHECK(MakeFolder(web.cache, kPrivate));
  const fs::path file = web.cache / "content";
  HttpRequest request = Request(web.url, web.key_header, max_bytes);
  request.no_page = expected == Expected::kText || expected == Expected::kTable;
  const auto check = [&](const fs::path& part) -> Status {
    GF_CHECK(CheckDocument(part, expected));
    return CheckPacked(part, client.secret());
  };
  GF_TRY(const Download download, FetchIfChanged(client, std::move(request), file, check));
  if (!download.answer.ok() && !download.answer.not_modified())
    return Unexpected(download.answer, client.secret());
  return file;
}

}  // namespace gapferry::collect
