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

Result<FetchedEvent> EventFetcher::Refused(Error error, HttpAnswer answer) {
  if (++in_a_row_ >= kMostInARow) {
    return std::move(error).Hint("{} events in a row failed; what was fetched before is kept",
                                 in_a_row_);
  }
  FetchedEvent fetched;
  fetched.what = FetchedEvent::What::kRefused;
  fetched.answer = std::move(answer);
  fetched.error = std::move(error);
  return fetched;
}

Result<FetchedEvent> EventFetcher::Fetch(const HttpRequest& request, const Uuid& uuid) {
  FetchedEvent fetched;
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
    Error error = std::move(answer).error();
    const bool of_event = wrong || error.kind == Kind::kTooLarge || error.kind == Kind::kMalformed;
    if (!of_event) return error;
    return Refused(std::move(error), {});
  }
  fetched.answer = std::move(answer).value();
  if (fetched.answer.ok()) {
    in_a_row_ = 0;
    return fetched;
  }
  if (fetched.answer.status == 404 || fetched.answer.status == 410) {
    fetched.what = FetchedEvent::What::kGone;
    return fetched;
  }
  Error error = Unexpected(fetched.answer, client_.secret());
  if (error.kind == Kind::kDenied || fetched.answer.status < 500) return error;
  return Refused(std::move(error), std::move(fetched.answer));
}

}  // namespace gapferry::collect
