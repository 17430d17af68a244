// importer/next_store.h: the store that an import makes aside. It takes the place of the present
// one by a rename, so that at any moment there is the old state or the new one, whole; the old one
// stays in states/ to go back to.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "importer/home.h"
#include "importer/trust_store.h"

namespace gapferry::importer {

class NextStore {
 public:
  // An empty store with what outlives a state (trust, ids of artifacts), or a copy of all.
  enum class Start { kEmpty, kCopy };
  // What an interrupted import left aside is removed first.
  [[nodiscard]] static Result<NextStore> Create(const Home& home, Start start);
  // A copy of a kept state, with what outlives a state from the present store.
  [[nodiscard]] static Result<NextStore> FromKept(const Home& home,
                                                  const std::filesystem::path& kept);
  NextStore(NextStore&&) noexcept = default;
  NextStore& operator=(NextStore&&) noexcept = default;
  ~NextStore();

  [[nodiscard]] store::Store& store() { return *store_; }

  // Writes it anew, without the bytes of rows that are gone: SQLite overwrites them where they
  // were deleted, but not where they lay before a page was split. Takes as much room again, and no
  // transaction may be open.
  [[nodiscard]] Status Compact();

  // Syncs it, keeps the present store under `replaced` (nothing: it holds no state) and takes its
  // place. No transaction may be open; the present store must not be used afterwards.
  [[nodiscard]] Status Adopt(const std::optional<bundle::StatePoint>& replaced,
                             std::size_t keep_states);

 private:
  NextStore(const Home& home, std::filesystem::path path) : home_(home), path_(std::move(path)) {}
  Home home_;
  std::filesystem::path path_;
  std::optional<store::Store> store_;
};

// Everything in work/: what an interrupted command left there. The caller holds the lock.
void RemoveLeftAside(const Home& home);

struct KeptState {
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;
  std::filesystem::path path;
};
// By number, the oldest first.
[[nodiscard]] Result<std::vector<KeptState>> KeptStates(const Home& home);
// What a crash left half kept.
void RemoveHalfKept(const Home& home);

}  // namespace gapferry::importer
