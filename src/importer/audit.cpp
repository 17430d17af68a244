#include "importer/audit.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <sstream>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"

namespace gapferry::importer {
namespace {

namespace fs = std::filesystem;

std::string HashOf(std::string_view line) {
  return HexEncode(Hash256(AsBytes(line)));
}

// What the newest entry was; the empty one if nobody noted it.
struct NotedHead {
  std::uint64_t entries = 0;
  std::string hash;
};

fs::path NotePath(const fs::path& log) {
  return log.string() + ".head";
}

Result<NotedHead> ReadNote(const fs::path& log) {
  std::error_code error;
  if (!fs::exists(NotePath(log), error)) return NotedHead{};
  GF_TRY(const std::string text, ReadFile(NotePath(log), kMaxAuditLine));
  NotedHead noted;
  std::istringstream words(text);
  if (words >> noted.entries >> noted.hash) return noted;
  return Error::Make(Kind::kDamaged, "{} does not name an entry", NotePath(log).string())
      .Hint(
          "compare with the heads that earlier reports printed, then remove it: the next entry "
          "writes it anew");
}

Status WriteNote(const fs::path& log, const AuditHead& head) {
  constexpr mode_t kOwnerOnly = 0600;
  return WriteFileAtomically(NotePath(log), fmt::format("{} {}\n", head.entries, head.hash),
                             kOwnerOnly);
}

Error NoEntry(std::uint64_t line, std::string_view why) {
  return Error::Make(Kind::kDamaged, "line {} of the audit log {}", line, why)
      .Hint(
          "keep the file as it is and find out who changed it; compare with the heads that earlier "
          "reports printed");
}

// The number, the event and the hash before must be there; the rest is for people.
Result<Json> ParseEntry(const std::string& line, std::uint64_t number) {
  auto entry = ParseJson(line, {.max_bytes = kMaxAuditLine, .max_depth = 16});
  if (!entry.ok() || !entry->is_object() || !entry->contains("n") || !(*entry)["n"].is_number() ||
      !entry->contains("before") || !(*entry)["before"].is_string() || !entry->contains("event")) {
    return NoEntry(number, "is no entry");
  }
  return entry;
}

// The end of the log: its last whole line, and the bytes after it.
struct Tail {
  std::string line;
  std::uint64_t whole_bytes = 0;
  std::uint64_t torn_bytes = 0;
};

Result<Tail> ReadTail(const fs::path& log) {
  Tail tail;
  std::error_code error;
  const std::uint64_t size = fs::file_size(log, error);
  if (error) return tail;
  GF_TRY(const Fd fd, OpenRegular(log));
  const std::uint64_t from = size > 2 * kMaxAuditLine ? size - 2 * kMaxAuditLine : 0;
  Bytes bytes(static_cast<std::size_t>(size - from));
  if (::lseek(fd.get(), static_cast<off_t>(from), SEEK_SET) < 0)
    return SystemError("cannot read " + log.string(), errno);
  GF_TRY(const std::size_t got, ReadFull(fd.get(), bytes));
  const std::string_view text = AsText(ByteView(bytes).first(got));
  const std::size_t end = text.rfind('\n');
  if (end == std::string_view::npos) {
    tail.torn_bytes = got;
    return tail;
  }
  const std::size_t begin = end == 0 ? 0 : text.rfind('\n', end - 1) + 1;
  tail.line = text.substr(begin, end - begin);
  tail.whole_bytes = from + end + 1;
  tail.torn_bytes = got - end - 1;
  return tail;
}

Result<AuditHead> HeadOf(const fs::path& log, const Tail& tail) {
  AuditHead head;
  if (tail.line.empty()) return head;
  auto entry = ParseEntry(tail.line, 0);
  if (!entry.ok()) {
    return Error::Make(Kind::kDamaged, "the last line of {} is no entry", log.string())
        .Hint(
            "someone or something else wrote there: keep it, with `mv {0} {0}.damaged`; the next "
            "entry begins a new log and says that entries are missing",
            log.string());
  }
  head.last = std::move(entry).value();
  head.entries = head.last["n"].get<std::uint64_t>();
  head.hash = HashOf(tail.line);
  return head;
}

// The log ends before the entry that was noted, or with another one under its number. One more
// than noted is what a crash leaves.
bool Lacks(const AuditHead& head, const NotedHead& noted) {
  return head.entries < noted.entries || (head.entries == noted.entries && head.hash != noted.hash);
}

Result<AuditHead> Append(int fd, const fs::path& log, const AuditHead& before,
                         std::string_view event, const Json& detail) {
  AuditHead head;
  head.entries = before.entries + 1;
  head.last = {{"n", head.entries},
               {"time", FormatTime(Now())},
               {"event", event},
               {"detail", detail},
               {"before", before.hash}};
  const std::string line = DumpJson(head.last);
  head.hash = HashOf(line);
  const std::string written = line + '\n';
  GF_CHECK(WriteFull(fd, AsBytes(written)));
  if (::fsync(fd) != 0) return SystemError("cannot sync " + log.string(), errno);
  return head;
}

}  // namespace

std::string AuditHead::ToString() const {
  constexpr std::size_t kShown = 16;
  return fmt::format("entry {}, {}", entries, hash.substr(0, kShown));
}

Result<AuditHead> ReadAuditHead(const fs::path& log) {
  GF_TRY(const Tail tail, ReadTail(log));
  return HeadOf(log, tail);
}

Result<AuditHead> Audit(const fs::path& log, std::string_view event, const Json& detail) {
  GF_TRY(const Tail tail, ReadTail(log));
  GF_TRY(AuditHead head, HeadOf(log, tail));
  GF_TRY(const NotedHead noted, ReadNote(log));
  constexpr mode_t kOwnerOnly = 0600;
  const Fd fd(
      ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, kOwnerOnly));
  if (!fd.open()) return SystemError("cannot write " + log.string(), errno);
  if (tail.torn_bytes > 0) {
    if (::ftruncate(fd.get(), static_cast<off_t>(tail.whole_bytes)) != 0)
      return SystemError("cannot write " + log.string(), errno);
    GF_TRY(head, Append(fd.get(), log, head, "audit.torn", {{"bytes_cut", tail.torn_bytes}}));
  }
  if (Lacks(head, noted)) {
    GF_TRY(head, Append(fd.get(), log, head, "audit.gap",
                        {{"newest_was", noted.entries}, {"hash", noted.hash}}));
  }
  GF_TRY(head, Append(fd.get(), log, head, event, detail));
  GF_CHECK(WriteNote(log, head));
  return head;
}

Status AppendAudit(const fs::path& log, std::string_view event, const Json& detail) {
  auto head = Audit(log, event, detail);
  return head.ok() ? Ok() : Status(std::move(head).error());
}

Result<AuditHead> VerifyAudit(const fs::path& log) {
  GF_TRY(const NotedHead noted, ReadNote(log));
  AuditHead head;
  std::ifstream lines(log);
  std::string line;
  while (std::getline(lines, line)) {
    const std::uint64_t number = head.entries + 1;
    if (lines.eof()) return NoEntry(number, "is not finished: a crash or a full disk cut it");
    GF_TRY(Json entry, ParseEntry(line, number));
    if (entry["n"] != number) {
      return NoEntry(number, fmt::format("says that it is entry {}", DumpJson(entry["n"])));
    }
    if (entry["before"] != head.hash) {
      return NoEntry(
          number,
          fmt::format("follows a line with the hash {}…, but the line before has {}…",
                      entry["before"].get<std::string>().substr(0, 16), head.hash.substr(0, 16)));
    }
    head.entries = number;
    head.hash = HashOf(line);
    if (entry["event"] == "audit.gap") head.gaps.push_back(number);
    if (number == noted.entries && head.hash != noted.hash) {
      return NoEntry(number, fmt::format("has the hash {}…, but {}… was noted when it was written",
                                         head.hash.substr(0, 16), noted.hash.substr(0, 16)));
    }
    head.last = std::move(entry);
  }
  if (head.entries >= noted.entries) return head;
  return Error::Make(Kind::kDamaged, "the audit log ends with entry {}, but entry {} was written",
                     head.entries, noted.entries)
      .Hint(
          "the end was cut off or the log was replaced: find out by whom; the next entry says so "
          "in the log");
}

}  // namespace gapferry::importer
