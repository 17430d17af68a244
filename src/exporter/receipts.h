// exporter/receipts.h: the newest receipt that was taken from each site, kept in the mirror.
#pragma once

#include <optional>

#include "store/store.h"

namespace gapferry::exporter {

struct TakenReceipt {
  std::int64_t epoch = 0;
  std::uint64_t seq = 0;
  Time taken = 0;  // when, by this machine's clock
};
[[nodiscard]] Result<std::optional<TakenReceipt>> LastReceipt(store::Store* mirror,
                                                              const Uuid& stream);
// Within the caller's transaction.
[[nodiscard]] Status SaveReceipt(store::Store* mirror, const Uuid& stream,
                                 const TakenReceipt& receipt);

}  // namespace gapferry::exporter
