// detect/registry.h: ids that stay (schema/store.sql, table artifact_id). What once had an id keeps
// it, also when it is gone and comes back; no id is given twice within its space.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "base/result.h"
#include "detect/destination.h"
#include "store/object_versions.h"
#include "store/store.h"

namespace gapferry::detect {

struct StableId {
  std::int64_t id = 0;
  std::int64_t rev = 1;  // rises only when the content changes
  Time first = 0;        // when it was given
  Time changed = 0;      // when rev last rose; never goes back
};

struct KnownId {
  std::string key;
  StableId id;
  Digest256 content{};  // Hash256 of what was published under it last
};

// Works within the store's open transaction.
class Registry {
 public:
  // `now` is the bundle's time of creation: the same bundle gives the same dates on any day.
  Registry(store::Store& store, Time now);
  Registry(Registry&&) noexcept;
  ~Registry();

  // The id of `key` in `space`, whose content now is `content`. Ids are given in sequence; a key
  // whose id lies outside a block that was moved gets a new one.
  // Errors: kTooLarge if the block is used up, kIo.
  [[nodiscard]] Result<StableId> Assign(const std::string& space, const std::string& key,
                                        std::string_view content, IdBlock block);
  // What was given in `space`, by id. Error: kIo.
  [[nodiscard]] Result<std::vector<KnownId>> Known(const std::string& space);
  // A number that only grows: the greater of `least` and what was remembered.
  [[nodiscard]] Result<std::int64_t> Grow(const std::string& space, const std::string& key,
                                          std::int64_t least);
  // A number that may go both ways; 0: none was remembered.
  [[nodiscard]] Result<std::int64_t> Recall(const std::string& space, const std::string& key);
  [[nodiscard]] Status Remember(const std::string& space, const std::string& key,
                                std::int64_t number);
  // Objects without an id of ours, by their own; see detect/published.h. Errors: kIo, kDamaged.
  [[nodiscard]] Result<std::vector<store::ObjectVersion>> Objects(const std::string& space,
                                                                  const std::string& family);
  [[nodiscard]] Status PutObjects(const std::string& space, const std::string& family,
                                  std::span<const store::ObjectVersion> objects);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct GivenId {
  std::string space;
  std::string key;
  StableId id;
};
// Every id that was ever given, by space and key. Error: kIo.
[[nodiscard]] Status ForEachId(store::Store& store,
                               const std::function<void(const GivenId&)>& visit);

// Distributes values over buckets of about `capacity` values so that a new value moves no other:
// the number of buckets is a power of two that only grows.
[[nodiscard]] std::int64_t BucketsFor(std::size_t values, std::size_t capacity);
[[nodiscard]] std::size_t BucketOf(std::string_view value, std::int64_t buckets);

}  // namespace gapferry::detect
