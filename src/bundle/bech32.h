// bundle/bech32.h: the text form of age's keys: Bech32 (BIP 173, without its limit of 90
// characters) of exactly 32 bytes. The prefix gives the case of the whole: "age" of a recipient,
// "AGE-SECRET-KEY-" of an identity.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gapferry::bundle {

using Bech32Bytes = std::span<const std::uint8_t, 32>;

// `prefix`, "1", 52 characters, 6 of checksum.
[[nodiscard]] std::string Bech32Encode(std::string_view prefix, Bech32Bytes bytes);

// Takes what Bech32Encode writes and nothing else, and fills `bytes`, which may hold anything after
// an error. Error: kMalformed with what is wrong, without the text, which may be a secret.
[[nodiscard]] Status Bech32Decode(std::string_view prefix, std::string_view text,
                                  std::span<std::uint8_t, 32> bytes);

}  // namespace gapferry::bundle
