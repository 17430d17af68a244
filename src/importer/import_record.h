// importer/import_record.h: what an import writes into the audit log.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/console.h"
#include "importer/audit.h"
#include "importer/home.h"
#include "importer/opened.h"

namespace gapferry::importer {

// A newer root that came into force here: from, to, fingerprint, changes.
[[nodiscard]] Json RootChangeJson(const bundle::Root& before, const bundle::Root& now);
void SayRootChange(Console& console, const bundle::Root& before, const bundle::Root& now);

class ImportRecord {
 public:
  explicit ImportRecord(const Home& home) : log_(home.audit_file()) {}

  // Says what became of an import that ended before it could say so itself, and whether the log
  // lacks the entry that the store names.
  [[nodiscard]] Status Settle(const std::optional<Applied>& applied, store::Store* store) const;
  [[nodiscard]] Result<AuditHead> Begin(const Opened& opened, const std::string& exception) const;
  [[nodiscard]] Result<AuditHead> Done(const bundle::Manifest& manifest) const;
  [[nodiscard]] Status Refused(const std::string& path, const Error& error) const;
  [[nodiscard]] Status NewRoot(const bundle::Root& before, const bundle::Root& now) const;
  [[nodiscard]] Status StillCurrent(const bundle::Manifest& manifest) const;

 private:
  [[nodiscard]] Status SayWhatIsLost(store::Store* store) const;
  [[nodiscard]] Status Put(std::string_view event, const Json& detail) const;
  std::filesystem::path log_;
};

}  // namespace gapferry::importer
