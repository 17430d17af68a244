#include "importer/audit.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <set>
#include <sstream>

#include "base/clock.h"
#include "base/console.h"
#include "base/file.h"
#include "base/hash.h"

namespace gapferry::importer {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAcknowledged = "audit.acknowledged";
constexpr const char* kAnchorKey = "audit_entry";
constexpr std::size_t kShown = 16;  // digits of a hash in a message

std::string HashOf(std::string_view line) {
  return HexEncode(Hash256(AsBytes(line)));
}

// What the newest entry was; the empty one if nobody noted it.
struct NotedHead {
  std::uint64_t entries = 0;
  std::string hash;

  // A crash leaves the very first entry without a note. After that there always is one.
  [[nodiscard]] bool IsGone(std::uint64_t written) const { return entries == 0 && written > 1; }
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
          "compare with the heads that earlier reports printed, then remove it; `gapferry-import "
          "audit acknowledge --reason TEXT` writes it anew");
}

Status WriteNote(const fs::path& log, const AuditHead& head) {
  constexpr mode_t kOwnerOnly = 0600;
  return WriteFileAtomically(NotePath(log), fmt::format("{} {}\n", head.entries, head.hash),
                             kOwnerOnly);
}

// The number, the event and the hash before must be there; the rest is for people.
std::optional<Json> ParseEntry(const std::string& line) {
  auto entry = ParseJson(line, {.max_bytes = kMaxAuditLine, .max_depth = 16});
  if (!entry.ok() || !entry->is_object() || !entry->contains("n") ||
      !(*entry)["n"].is_number_unsigned() || !entry->contains("before") ||
      !(*entry)["before"].is_string() || !entry->contains("event")) {
    return std::nullopt;
  }
  return std::move(entry).value();
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
  std::optional<Json> entry = ParseEntry(tail.line);
  if (!entry) {
    return Error::Make(Kind::kDamaged, "the last line of {} is no entry", log.string())
        .Hint(
            "someone or something else wrote there: keep it, with `mv {0} {0}.damaged`; the next "
            "entry begins a new log and says that entries are missing",
            log.string());
  }
  head.last = *std::move(entry);
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

// A log that is open for appending, brought in order: what a crash left unfinished is cut off, and
// what is missing is said.
struct OpenLog {
  Fd fd;
  AuditHead head;
};

Result<OpenLog> OpenForAppending(const fs::path& log) {
  GF_TRY(const Tail tail, ReadTail(log));
  OpenLog open;
  GF_TRY(open.head, HeadOf(log, tail));
  GF_TRY(const NotedHead noted, ReadNote(log));
  constexpr mode_t kOwnerOnly = 0600;
  open.fd =
      Fd(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, kOwnerOnly));
  if (!open.fd.open()) return SystemError("cannot write " + log.string(), errno);
  if (tail.torn_bytes > 0) {
    if (::ftruncate(open.fd.get(), static_cast<off_t>(tail.whole_bytes)) != 0)
      return SystemError("cannot write " + log.string(), errno);
    GF_TRY(open.head,
           Append(open.fd.get(), log, open.head, "audit.torn", {{"bytes_cut", tail.torn_bytes}}));
  }
  if (Lacks(open.head, noted) || noted.IsGone(open.head.entries)) {
    GF_TRY(open.head, Append(open.fd.get(), log, open.head, kAuditGap,
                             {{"newest_was", noted.entries}, {"hash", noted.hash}}));
  }
  return open;
}

// Where the chain does not hold. `line` 0: the store names an entry that is not there.
struct Break {
  enum class At {
    kLine,
    kEnd,    // the newest entries are gone
    kStore,  // the entry that the store names is not there
    kNote,   // nothing says which entry is the newest
  };
  At at = At::kLine;
  std::uint64_t line = 0;
  std::string hash;    // of that line as it is now, or the store's
  std::string before;  // of the line before it as it is now; for kStore the entry's number
  std::string what;    // for kLine

  [[nodiscard]] Json ToJson() const { return {{"line", line}, {"hash", hash}, {"before", before}}; }
};

// All lines, in order.
class Inspection {
 public:
  Inspection(NotedHead noted, AuditAnchor anchor)
      : noted_(std::move(noted)), anchor_(std::move(anchor)) {}

  void Read(std::istream& lines) {
    std::string line;
    while (std::getline(lines, line)) {
      ++line_;
      if (lines.eof()) {
        Add(HashOf(line), "is not finished: a crash or a full disk cut it");
        break;
      }
      Take(line);
    }
    if (head_.entries < noted_.entries)
      breaks_.push_back({Break::At::kEnd, line_, "", head_.hash, ""});
    if (noted_.IsGone(head_.entries))
      breaks_.push_back({Break::At::kNote, line_, "", head_.hash, ""});
    const bool anchored = anchor_.entries == 0 || anchor_found_;
    if (!anchored) {
      breaks_.push_back({Break::At::kStore, 0, anchor_.hash, std::to_string(anchor_.entries), ""});
    }
    std::erase_if(breaks_, [&](const Break& each) { return IsAccepted(each); });
  }

  [[nodiscard]] const std::vector<Break>& breaks() const { return breaks_; }

  [[nodiscard]] std::vector<std::string> Lines() const {
    std::vector<std::string> lines;
    for (const Break& each : breaks_)
      lines.push_back(ErrorOf(each).what);
    return lines;
  }

  Result<AuditHead> Verdict() && {
    if (breaks_.empty()) return std::move(head_);
    return ErrorOf(breaks_.front());
  }

 private:
  void Take(const std::string& line) {
    const std::string hash = HashOf(line);
    std::optional<Json> entry = ParseEntry(line);
    if (!entry) {
      Add(hash, "is no entry");
      head_.hash = hash;
      ++head_.entries;
      return;
    }
    const auto number = (*entry)["n"].get<std::uint64_t>();
    const auto before = (*entry)["before"].get<std::string>();
    if (number != head_.entries + 1) {
      Add(hash, fmt::format("says that it is entry {}, not {}", number, head_.entries + 1));
    } else if (before != head_.hash) {
      Add(hash, fmt::format("follows a line with the hash {}…, but the line before has {}…",
                            before.substr(0, kShown), head_.hash.substr(0, kShown)));
    } else if (number == noted_.entries && hash != noted_.hash) {
      Add(hash, fmt::format("has the hash {}…, but {}… was noted when it was written",
                            hash.substr(0, kShown), noted_.hash.substr(0, kShown)));
    } else if ((*entry)["event"] == kAuditGap) {
      Add(hash, "says that entries before it are missing");
    }
    if (number == anchor_.entries && hash == anchor_.hash) anchor_found_ = true;
    if ((*entry)["event"] == kAcknowledged && entry->contains("detail"))
      Accept((*entry)["detail"].value("breaks", Json::array()));
    head_.entries = number;
    head_.hash = hash;
    head_.last = *std::move(entry);
  }

  void Add(std::string hash, std::string what) {
    breaks_.push_back({Break::At::kLine, line_, std::move(hash), head_.hash, std::move(what)});
  }

  void Accept(const Json& list) {
    for (const Json& one : list)
      accepted_.insert(DumpJson(one));
    head_.accepted = accepted_.size();
  }
  bool IsAccepted(const Break& found) const { return accepted_.contains(DumpJson(found.ToJson())); }

  [[nodiscard]] Error ErrorOf(const Break& found) const {
    const auto hinted = [](Error error) {
      return std::move(error)
          .Hint(
              "keep a copy of the log and find out who changed it; compare with the heads that "
              "earlier reports printed")
          .Hint(
              "when that is done: `gapferry-import audit acknowledge --reason TEXT`; until then "
              "this error stays");
    };
    if (found.at == Break::At::kStore) {
      return hinted(Error::Make(Kind::kDamaged,
                                "the store names entry {} of the audit log, with the hash {}…; the "
                                "log does not hold it",
                                found.before, found.hash.substr(0, kShown)));
    }
    if (found.at == Break::At::kNote) {
      return hinted(Error::Make(Kind::kDamaged,
                                "the audit log ends with entry {}, and the file beside it that "
                                "names the newest entry is gone: later ones may be missing",
                                head_.entries));
    }
    if (found.at == Break::At::kEnd && head_.entries == 0) {
      return hinted(Error::Make(Kind::kDamaged,
                                "the audit log is empty or gone, but {} entries were written",
                                noted_.entries));
    }
    if (found.at == Break::At::kEnd) {
      return hinted(Error::Make(Kind::kDamaged,
                                "the audit log ends with entry {}, but entry {} was written",
                                head_.entries, noted_.entries));
    }
    return hinted(
        Error::Make(Kind::kDamaged, "line {} of the audit log {}", found.line, found.what));
  }

  NotedHead noted_;
  AuditAnchor anchor_;
  AuditHead head_;
  std::vector<Break> breaks_;
  std::set<std::string> accepted_;
  std::uint64_t line_ = 0;
  bool anchor_found_ = false;
};

Result<Inspection> Inspect(const fs::path& log, const AuditAnchor& anchor) {
  GF_TRY(const NotedHead noted, ReadNote(log));
  Inspection inspection(noted, anchor);
  std::ifstream lines(log);
  inspection.Read(lines);
  return inspection;
}

}  // namespace

std::string AuditHead::ToString() const {
  return fmt::format("entry {}, {}", entries, hash.substr(0, kShown));
}

Result<AuditAnchor> LoadAuditAnchor(store::Store* store) {
  GF_TRY(const std::optional<std::string> text, store->GetMeta(kAnchorKey));
  AuditAnchor anchor;
  std::istringstream words(text.value_or(""));
  if (text && !(words >> anchor.entries >> anchor.hash)) {
    return Error::Make(Kind::kDamaged, "the store's note of the audit log is \"{}\"",
                       Printable(*text));
  }
  return anchor;
}

Status SaveAuditAnchor(store::Store* store, const AuditHead& head) {
  return store->SetMeta(kAnchorKey, fmt::format("{} {}", head.entries, head.hash));
}

Result<AuditHead> ReadAuditHead(const fs::path& log) {
  GF_TRY(const Tail tail, ReadTail(log));
  return HeadOf(log, tail);
}

Result<AuditHead> Audit(const fs::path& log, std::string_view event, const Json& detail) {
  GF_TRY(const OpenLog open, OpenForAppending(log));
  GF_TRY(AuditHead head, Append(open.fd.get(), log, open.head, event, detail));
  GF_CHECK(WriteNote(log, head));
  return head;
}

Status AppendAudit(const fs::path& log, std::string_view event, const Json& detail) {
  auto head = Audit(log, event, detail);
  return head.ok() ? Ok() : Status(std::move(head).error());
}

Result<AuditHead> VerifyAudit(const fs::path& log, const AuditAnchor& anchor,
                              std::vector<std::string>* breaks) {
  GF_TRY(Inspection inspection, Inspect(log, anchor));
  if (breaks != nullptr) *breaks = inspection.Lines();
  return std::move(inspection).Verdict();
}

Result<AuditHead> AcknowledgeAudit(const fs::path& log, const AuditAnchor& anchor,
                                   const std::string& reason,
                                   std::vector<std::string>* breaks_named) {
  GF_TRY(Inspection found, Inspect(log, anchor));
  if (found.breaks().empty())
    return Error::Make(Kind::kUsage, "the audit log is whole: there is nothing to acknowledge");
  GF_TRY(const OpenLog open, OpenForAppending(log));
  if (open.head.entries > 0) GF_CHECK(WriteNote(log, open.head));
  GF_TRY(found, Inspect(log, anchor));
  if (found.breaks().size() > kMaxAuditBreaks) {
    return Error::Make(Kind::kTooLarge, "the audit log breaks {} times; an entry names {}",
                       found.breaks().size(), kMaxAuditBreaks)
        .Hint("put it aside, with `mv {0} {0}.damaged`, and acknowledge that it is gone",
              log.string());
  }
  if (breaks_named != nullptr) *breaks_named = found.Lines();
  Json breaks = Json::array();
  for (const Break& each : found.breaks())
    breaks.push_back(each.ToJson());
  GF_TRY(AuditHead head, Append(open.fd.get(), log, open.head, kAcknowledged,
                                {{"reason", reason}, {"breaks", breaks}}));
  GF_CHECK(WriteNote(log, head));
  head.accepted = breaks.size();
  return head;
}

}  // namespace gapferry::importer
