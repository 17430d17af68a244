// importer/audit.h: what was done here, by whom it was signed, and why: one line of JSON each,
// every line with the BLAKE2b-256 of the line before (`b2sum -l 256`), so that a changed, missing
// or inserted line shows. A cut end shows against `<log>.head`, which names the newest entry, and
// against the heads that reports print.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "store/store.h"

namespace gapferry::importer {

constexpr std::size_t kMaxAuditLine = 64 << 10;
// Breaks that one acknowledgement holds, and that a command lists.
constexpr std::size_t kMaxAuditBreaks = 100;

struct AuditHead {
  std::uint64_t entries = 0;
  std::string hash;            // of the last line, hexadecimal; empty if there is none
  Json last;                   // the last entry
  std::uint64_t accepted = 0;  // breaks that AcknowledgeAudit wrote down; only VerifyAudit counts
  [[nodiscard]] std::string ToString() const;  // "entry 12, 3fa9c1d2e4b05566"
};

// An entry that the store names, so that a log that is gone shows even without its `.head`.
struct AuditAnchor {
  std::uint64_t entries = 0;  // 0: none
  std::string hash;
};
[[nodiscard]] Result<AuditAnchor> LoadAuditAnchor(store::Store* store);
[[nodiscard]] Status SaveAuditAnchor(store::Store* store, const AuditHead& head);

// The event of an entry which says that others before it are gone.
constexpr const char* kAuditGap = "audit.gap";

// Appends one entry and syncs it. A line that a crash left unfinished is cut off first, and an
// entry says so; so does one where the log lacks what `<log>.head` names. Errors: kIo, kNoSpace;
// kDamaged if the last line is no entry.
[[nodiscard]] Result<AuditHead> Audit(const std::filesystem::path& log, std::string_view event,
                                      const Json& detail);
// The same, for who shows no head.
[[nodiscard]] Status AppendAudit(const std::filesystem::path& log, std::string_view event,
                                 const Json& detail);
// The last entry, without checking the others.
[[nodiscard]] Result<AuditHead> ReadAuditHead(const std::filesystem::path& log);
// Every line. Error: kDamaged with the line, and both hashes where the chain breaks; or if the
// newest entry or that of `anchor` is not there, or nothing names the newest; or if an entry says
// that others before it are gone. What AcknowledgeAudit wrote down is passed over, as long as it is
// as it was then. Of several breaks the error is the first; `breaks`, if given, gets a line for
// each.
[[nodiscard]] Result<AuditHead> VerifyAudit(const std::filesystem::path& log,
                                            const AuditAnchor& anchor = {},
                                            std::vector<std::string>* breaks = nullptr);
// Writes the breaks that VerifyAudit would refuse into the log, with the reason; `breaks` gets a
// line for each, if given. Errors: kUsage if there is none; kTooLarge if there are more than an
// entry holds; those of Audit.
[[nodiscard]] Result<AuditHead> AcknowledgeAudit(const std::filesystem::path& log,
                                                 const AuditAnchor& anchor,
                                                 const std::string& reason,
                                                 std::vector<std::string>* breaks = nullptr);

}  // namespace gapferry::importer
