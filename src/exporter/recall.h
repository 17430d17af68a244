// exporter/recall.h: up to which number the states of a stream hold what should never have crossed.
// Every later manifest says so, so that a lost bundle cannot hide it.
#pragma once

#include <optional>

#include "bundle/manifest.h"
#include "exporter/position.h"
#include "store/store.h"

namespace gapferry::exporter {

[[nodiscard]] Result<std::optional<bundle::StateNumber>> LoadRecalled(store::Store* mirror,
                                                                      const Uuid& stream);
// Into the copy of a backup, within its transaction.
[[nodiscard]] Status CopyRecalled(store::Store* mirror, const Uuid& stream, store::Store* copy);
// Everything that was ever numbered before; nothing if nothing was. A decision of its own, which
// stands whatever becomes of the bundle: in a transaction of its own.
[[nodiscard]] Status RecallAllBefore(store::Store* mirror, const Position& position);

}  // namespace gapferry::exporter
