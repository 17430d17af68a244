// detect/generation.h: the generations of one destination on disk.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "detect/output.h"
#include "detect/rights.h"

namespace gapferry::detect {

constexpr std::string_view kManifestName = "manifest.json";

class Generations {
 public:
  // Reads what is there; a name that this program would not give is left alone.
  // Errors: kIo; kMalformed if `current` is no link.
  [[nodiscard]] static Result<Generations> Open(std::filesystem::path folder);

  // The one in use; empty if there is none.
  [[nodiscard]] const std::filesystem::path& current() const { return current_; }
  // Its manifest; null if there is none or it cannot be read.
  [[nodiscard]] const Json& manifest() const { return manifest_; }
  // The path for the next one. What a crash left half written is removed first.
  [[nodiscard]] Result<std::filesystem::path> Next(std::string_view state_digest) const;

  // All of them with their numbers, the oldest first; also what a crash left half written.
  [[nodiscard]] Result<std::vector<std::pair<std::uint64_t, std::filesystem::path>>> All() const;

  // Points `current` at the generation, by renaming a link over it. Errors: kIo.
  [[nodiscard]] Status Switch(const std::filesystem::path& generation);
  // Opens the way to `current` for those who may read a generation. Error: kIo.
  [[nodiscard]] Status LetThrough(const Rights& rights) const;
  // Takes `current` away: nothing is in use. Errors: kIo.
  [[nodiscard]] Status Withdraw();
  // Whether the consumer has still to be told of the one in use, also after a crash.
  [[nodiscard]] bool reload_pending() const;
  [[nodiscard]] Status SetReloadPending(bool pending) const;
  // Why the last attempt to make a generation came to nothing; empty: it did not.
  [[nodiscard]] Status SetRefusal(const std::string& why) const;
  [[nodiscard]] static std::string RefusalIn(const std::filesystem::path& folder);
  [[nodiscard]] std::filesystem::path current_link() const { return folder_ / "current"; }
  // Removes what was not made from one of these states (digests in hexadecimal), or does not say;
  // never the one in use.
  [[nodiscard]] Status PurgeOthers(const std::set<std::string>& states) const;
  // Removes the oldest but `keep`; never the one in use.
  [[nodiscard]] Status Prune(std::size_t keep) const;

 private:
  explicit Generations(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path folder_;
  std::filesystem::path current_;
  Json manifest_;
};

// A generation is complete when it has its manifest, which is written last.
[[nodiscard]] bool IsComplete(const std::filesystem::path& generation);

}  // namespace gapferry::detect
