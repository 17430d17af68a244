// importer/import_report.h: what an import says of what it did.
#pragma once

#include <optional>
#include <string>

#include "base/app.h"
#include "importer/audit.h"
#include "importer/opened.h"
#include "importer/receive.h"

namespace gapferry::importer {

// "1.7"
[[nodiscard]] std::string NumberText(const bundle::Manifest& manifest);
// A state was taken in. `before`: the one that was here.
void ShowImport(Session& session, const Opened& opened, const bundle::JudgedClock& clock,
                const std::optional<Applied>& before, const Received& received,
                const AuditHead& audit);
void SayAlreadyThere(Session& session, const bundle::Manifest& manifest);

}  // namespace gapferry::importer
