#include "importer/audit.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <optional>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"

namespace gapferry::importer {
namespace {

namespace fs = std::filesystem;

std::string HashOf(std::string_view line) {
  return HexEncode(Hash256(AsBytes(line)));
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

Result<AuditHead> HeadOf(const Tail& tail) {
  AuditHead head;
  if (tail.line.empty()) return head;
  GF_TRY(head.last, ParseEntry(tail.line, 0));
  head.entries = head.last["n"].get<std::uint64_t>();
  head.hash = HashOf(tail.line);
  return head;
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
  return HeadOf(tail);
}

Result<AuditHead> Audit(const fs::path& log, std::string_view event, const Json& detail) {
  GF_TRY(const Tail tail, ReadTail(log));
  GF_TRY(AuditHead head, HeadOf(tail));
  constexpr mode_t kOwnerOnly = 0600;
  const Fd fd(
      ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, kOwnerOnly));
  if (!fd.open()) return SystemError("cannot write " + log.string(), errno);
  if (tail.torn_bytes > 0) {
    if (::ftruncate(fd.get(), static_cast<off_t>(tail.whole_bytes)) != 0)
      return SystemError("cannot write " + log.string(), errno);
    GF_TRY(head, Append(fd.get(), log, head, "audit.torn", {{"bytes_cut", tail.torn_bytes}}));
  }
  return Append(fd.get(), log, head, event, detail);
}

Status AppendAudit(const fs::path& log, std::string_view event, const Json& detail) {
  auto head = Audit(log, event, detail);
  return head.ok() ? Ok() : Status(std::move(head).error());
}

Result<AuditHead> VerifyAudit(const fs::path& log) {
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
    head.last = std::move(entry);
  }
  return head;
}

}  // namespace gapferry::importer
