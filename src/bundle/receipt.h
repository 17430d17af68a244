// bundle/receipt.h: what a site says back, if anything may go back at all: which state it holds.
// Signed with the site's own key; readable; also as a short code for the telephone. It asks for the
// next delta by naming where that may start. Format: docs/bundle-format.md §8.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/hash.h"
#include "base/result.h"
#include "base/uuid.h"

namespace gapferry::bundle {

constexpr std::size_t kMaxReceiptBytes = 4 << 10;

struct Receipt {
  std::string stream;  // IsStreamName
  Uuid stream_uuid;
  std::uint64_t epoch = 1;
  std::uint64_t seq = 1;
  Digest256 state_digest{};
  Digest256 manifest_digest{};  // BLAKE2b-256 of the manifest's bytes
  std::uint64_t counter = 1;    // of this site's receipts; only rises
  std::uint64_t root_version = 1;
  Time floor = 0;   // the site's time floor
  Time issued = 0;  // by the site's clock
  std::string code;

  friend bool operator==(const Receipt&, const Receipt&) = default;
};

[[nodiscard]] std::string SerializeReceipt(const Receipt& receipt);
// Accepts only what SerializeReceipt would write back. Errors: kTooLarge, kMalformed, kUnsupported.
[[nodiscard]] Result<Receipt> ParseReceipt(std::string_view bytes);
// "receipt stream:ot-plant epoch:1 seq:42 counter:7": the trusted comment of its signature.
[[nodiscard]] std::string ReceiptTrustedComment(const Receipt& receipt);

// "42-7KQ3-9XWP": the number, and 40 bits of the BLAKE2b-256 of epoch, number and state, keyed with
// the stream's digest key, in Crockford's base 32, which has no I, L, O or U. Who never saw the
// stream's payload cannot make one up.
[[nodiscard]] std::string PhoneCode(std::uint64_t epoch, std::uint64_t seq,
                                    const Digest256& state_digest, ByteView digest_key);
// As it is heard: either case, any dashes and spaces, O for 0, I and L for 1.
[[nodiscard]] std::string NormalisePhoneCode(std::string_view heard);
// Whether that has the form of a code.
[[nodiscard]] bool IsPhoneCode(std::string_view normalised);

}  // namespace gapferry::bundle
