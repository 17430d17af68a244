// bundle/manifest.h: the signed description of one bundle.
// Format: docs/bundle-format.md §3. Unknown keys are refused: a reader that guesses is a reader
// that can be fooled.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "base/result.h"
#include "base/uuid.h"

namespace gapferry::bundle {

constexpr std::size_t kMaxManifestBytes = 1 << 20;
constexpr std::uint32_t kChunkBytes = 4 << 20;
constexpr std::uint64_t kManifestVersion = 1;
// What fits into kMaxManifestBytes at 137 bytes a chunk, rounded down: about 27 GiB of payload.
constexpr std::size_t kMaxChunks = 7000;
constexpr std::size_t kMaxCountEntries = 2000;
constexpr std::size_t kMaxRecipients = 64;
// What a bundle may carry at most, from the widest circle to the narrowest.
constexpr std::array<std::string_view, 5> kTlpCeilings{"clear", "green", "amber", "amber+strict",
                                                       "red"};

// A full replaces the state, a delta changes it, a heartbeat says that it is still current.
enum class BundleKind { kFull, kDelta, kHeartbeat };
[[nodiscard]] std::string_view KindName(BundleKind kind);
[[nodiscard]] std::optional<BundleKind> ParseKindName(std::string_view name);

struct Chunk {
  std::uint32_t size = 0;  // stored bytes; kChunkBytes, except for the last one: 1 … kChunkBytes
  Digest512 digest{};      // BLAKE2b-512 of the stored bytes

  friend bool operator==(const Chunk&, const Chunk&) = default;
};

// The stored payload: what the chunks hold when they are joined. "zstd" is the only compression of
// version 1, "none" and "age" are its encryptions.
struct Payload {
  std::uint64_t stored_size = 0;
  std::uint64_t plain_size = 0;
  std::optional<Digest512> plain_digest;  // absent: hidden
  std::vector<Chunk> chunks;
  // Whom age encrypted to, as "age1…", sorted, no two the same; none: it is not encrypted. Signed
  // here, because age itself does not say who can read.
  std::vector<std::string> recipients;

  friend bool operator==(const Payload&, const Payload&) = default;
};

// A state by its number.
struct StateNumber {
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;

  friend bool operator==(const StateNumber&, const StateNumber&) = default;
  friend auto operator<=>(const StateNumber&, const StateNumber&) = default;
};

// The state that a delta starts from.
struct Base {
  std::uint64_t seq = 0;
  Digest256 state_digest{};

  friend bool operator==(const Base&, const Base&) = default;
};

// Rows of the state after this bundle, for the person at the desk. Names are printable, at most 256
// bytes.
struct RowCounts {
  std::map<std::string, std::uint64_t> kind;
  std::map<std::string, std::uint64_t> type;
  std::map<std::string, std::uint64_t> tlp;
  std::map<std::string, std::uint64_t> source;

  friend bool operator==(const RowCounts&, const RowCounts&) = default;
};

struct Manifest {
  std::string stream;  // IsStreamName
  Uuid stream_uuid;
  std::uint64_t epoch = 1;  // from 1
  std::uint64_t seq = 1;    // from 1
  BundleKind kind = BundleKind::kFull;
  std::optional<Base> base;  // a delta has one, others do not
  Digest256 state_digest{};  // after this bundle
  // States up to this one, which is before this bundle, hold what should never have crossed.
  std::optional<StateNumber> recalled;
  Time created = 0;
  Time expires = 0;                   // after created
  Time next_due = 0;                  // not before created
  std::string tlp_ceiling = "amber";  // of kTlpCeilings
  std::uint64_t root_version = 1;     // the newest root the exporter knew
  std::string min_importer = "0.1.0";
  std::string producer;            // printable, at most 128 bytes
  std::optional<Payload> payload;  // a heartbeat has none, others have one
  RowCounts counts;                // empty if hidden
  bool content_hidden = false;     // no counts and no plain hash; only where there is encryption

  friend bool operator==(const Manifest&, const Manifest&) = default;
};

// Cuts the table for `digests`, in order, of a payload of `stored_size` bytes.
// Errors: kTooLarge, kMalformed if the number of digests does not fit the size.
[[nodiscard]] Result<std::vector<Chunk>> MakeChunkTable(std::uint64_t stored_size,
                                                        const std::vector<Digest512>& digests);

// Takes out what tells readers of the medium about an encrypted content: counts, the names of
// sources, and the plain hash, by which a guess could be checked.
void HideContent(Manifest* manifest);

// The bytes to sign. What it writes, ParseManifest takes, if the fields keep the limits above.
[[nodiscard]] std::string SerializeManifest(const Manifest& manifest);

// Parses exactly one manifest. Accepts only what SerializeManifest would write back byte for byte.
// Errors: kTooLarge; kMalformed with the place; kUnsupported, naming the version, compression or
// encryption needed.
[[nodiscard]] Result<Manifest> ParseManifest(std::string_view signed_bytes);

// "stream:ot-plant epoch:1 seq:42 kind:full": what the trusted comment of every signature of this
// manifest says.
[[nodiscard]] std::string TrustedComment(const Manifest& manifest);

}  // namespace gapferry::bundle
