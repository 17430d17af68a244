#include "collect/event_cache.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>

#include "base/file.h"

namespace gapferry::collect {
namespace {

namespace fs = std::filesystem;

}  // namespace

Result<EventCache> EventCache::Open(fs::path folder) {
  constexpr mode_t kPrivate = 0700;
  GF_CHECK(MakeFolder(folder, kPrivate));
  return EventCache(std::move(folder));
}

fs::path EventCache::FileOf(const Uuid& uuid) const {
  return folder_ / (uuid.ToString() + ".json");
}

bool EventCache::Holds(const ListedEvent& event, Time oldest) const {
  struct stat info {};
  if (::stat(FileOf(event.uuid).c_str(), &info) != 0 || event.timestamp == 0) return false;
  // The time of the last change of the inode is when the file came here.
  return info.st_mtim.tv_sec == event.timestamp && info.st_mtim.tv_nsec == event.mark &&
         info.st_ctim.tv_sec >= oldest;
}

std::uint32_t EventCache::MarkOf(const Uuid& uuid) const {
  struct stat info {};
  if (::stat(FileOf(uuid).c_str(), &info) != 0) return 0;
  return static_cast<std::uint32_t>(info.st_mtim.tv_nsec);
}

Status EventCache::Take(const ListedEvent& event) const {
  timespec times[2] = {{0, UTIME_OMIT}, {event.timestamp, event.mark}};
  if (::utimensat(AT_FDCWD, Part().c_str(), times, 0) != 0)
    return SystemError("cannot set the time of " + Part().string(), errno);
  const fs::path file = FileOf(event.uuid);
  if (std::rename(Part().c_str(), file.c_str()) != 0)
    return SystemError("cannot rename to " + file.string(), errno);
  return Ok();
}

void EventCache::Drop(const Uuid& uuid) const {
  std::error_code ignored;
  fs::remove(FileOf(uuid), ignored);
  fs::remove(folder_ / (uuid.ToString() + ".asc"), ignored);
}

void EventCache::DropRefused(const CollectReport& report) const {
  for (const Refusal& refusal : report.refused) {
    const auto uuid = ParseUuid(fs::path(refusal.file).stem().string());
    if (uuid) Drop(*uuid);
  }
}

Status EventCache::DropOthers(const std::unordered_set<Uuid>& kept) const {
  GF_TRY(const std::vector<fs::path> files, ListFiles(folder_));
  for (const fs::path& file : files) {
    const auto uuid = ParseUuid(file.stem().string());
    if (uuid && !kept.contains(*uuid)) Drop(*uuid);
  }
  return Ok();
}

Result<HeaderSink::Header> ReadEventHeader(const fs::path& file, const Uuid& uuid,
                                           std::uint64_t max_bytes) {
  HeaderSink sink;
  GF_TRY(Fd fd, OpenRegular(file));
  GF_TRY(const ReadOutcome outcome,
         ReadMispEvents(FileSource(std::move(fd)), "the answer", sink, max_bytes));
  if (outcome.refused) return outcome.refused->ToError();
  if (sink.headers().size() != 1) {
    return Error::Make(Kind::kMalformed, "{} events where event {} was asked for",
                       sink.headers().size(), uuid.ToString());
  }
  const HeaderSink::Header& header = sink.headers()[0];
  if (header.event.uuid != uuid) {
    return Error::Make(Kind::kMalformed, "event {} where event {} was asked for",
                       header.event.uuid.ToString(), uuid.ToString());
  }
  if (header.refused) return Error::Make(Kind::kMalformed, "{}", header.reason);
  return header;
}

Result<FetchedEvent> EventFetcher::Count(FetchedEvent fetched) {
  if (fetched.what == FetchedEvent::What::kTaken) in_a_row_ = 0;
  if (fetched.what != FetchedEvent::What::kRefused || ++in_a_row_ < kMostInARow) return fetched;
  return std::move(*fetched.error)
      .Hint("{} events in a row failed; what was fetched before is kept", in_a_row_);
}

Result<FetchedEvent> EventFetcher::Try(const HttpRequest& request, const Uuid& uuid) {
  FetchedEvent fetched;
  const auto refused = [&](Error error) {
    fetched.what = FetchedEvent::What::kRefused;
    fetched.error = std::move(error);
    return std::move(fetched);
  };
  std::optional<Error> wrong;  // with an event that came whole, but cannot be taken
  const auto check = [&](const fs::path& part) -> Status {
    wrong.reset();
    auto header = ReadEventHeader(part, uuid, max_bytes_);
    if (header.ok()) return fetched.header = std::move(header).value(), Ok();
    wrong = header.error();
    return std::move(header).error();
  };
  auto answer = FetchChecked(client_, request, cache_.Part(), check);
  if (!answer.ok()) {
    const Kind kind = answer.error().kind;
    const bool of_event =
        wrong || kind == Kind::kTooLarge || kind == Kind::kMalformed || kind == Kind::kNetwork;
    if (!of_event) return std::move(answer).error();
    return refused(std::move(answer).error());
  }
  fetched.answer = std::move(answer).value();
  const int status = fetched.answer.status;
  if (fetched.answer.ok()) return fetched;
  if (status == 404 || status == 410) {
    fetched.what = FetchedEvent::What::kGone;
    return fetched;
  }
  Error error = Unexpected(fetched.answer, client_.secret());
  constexpr int kUnknownKey = 401;
  if (status == kUnknownKey) return error;
  return refused(std::move(error));
}

Result<FetchedEvent> EventFetcher::Fetch(const HttpRequest& request, const Uuid& uuid) {
  GF_TRY(FetchedEvent fetched, Try(request, uuid));
  return Count(std::move(fetched));
}

}  // namespace gapferry::collect
