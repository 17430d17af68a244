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

namespace gapferry::importer {

constexpr std::size_t kMaxAuditLine = 64 << 10;

struct AuditHead {
  std::uint64_t entries = 0;
  std::string hash;  // of the last line, hexadecimal; empty if there is none
  Json last;         // the last entry
  // Entries that say that others before them are gone; only VerifyAudit fills it.
  std::vector<std::uint64_t> gaps;
  [[nodiscard]] std::string ToString() const;  // "entry 12, 3fa9c1d2e4b05566"
};

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
// newest entry is not there.
[[nodiscard]] Result<AuditHead> VerifyAudit(const std::filesystem::path& log);

}  // namespace gapferry::importer
