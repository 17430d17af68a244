// importer/taking.h: the importing end of the pipe: rows of a full or a delta into a store that is
// being made, each judged by this site's clearance; what is above it is known by its digest only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "bundle/manifest.h"
#include "policy/cross.h"
#include "policy/reason.h"
#include "store/store.h"
#include "transfer/payload.h"

namespace gapferry::importer {

class Taker {
 public:
  // `start`: the state digest of what `store` holds, for a delta; nothing for a full.
  Taker(store::Store* store, const policy::CrossPolicy& policy,
        const std::optional<Digest256>& start);
  ~Taker();

  // First. Error: kMalformed if payload and manifest do not agree.
  [[nodiscard]] Status Describe(const transfer::PayloadMeta& meta,
                                const bundle::Manifest& manifest);
  // Errors: kMalformed, also for a tombstone in a full.
  [[nodiscard]] Status Tombstone(ByteView encoded_key);
  [[nodiscard]] Status Take(ByteView encoded_record);

  [[nodiscard]] Digest256 digest() const;
  [[nodiscard]] std::uint64_t rows() const;
  [[nodiscard]] std::uint64_t tombstones() const;
  // Of a delta: how many rows more (or fewer) of each kind are stored now. Empty for a full.
  [[nodiscard]] std::map<std::string, std::int64_t> Balance() const;
  // By kind of row.
  [[nodiscard]] const std::map<std::string, policy::ReasonCounts>& refused() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// After the clearance was lowered: what is stored above it becomes refused. Within a transaction.
[[nodiscard]] Status RefuseAboveClearance(store::Store* store, const policy::CrossPolicy& policy);

}  // namespace gapferry::importer
