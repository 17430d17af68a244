#include "bundle/receipt.h"

#include <algorithm>

#include "bundle/fields.h"
#include "bundle/text.h"

namespace gapferry::bundle {
namespace {

constexpr std::string_view kReceiptFormat = "gapferry-receipt";
constexpr std::uint64_t kReceiptVersion = 1;
constexpr std::size_t kMaxCode = 32;
constexpr std::string_view kDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void AppendNumber(std::uint64_t number, Bytes* bytes) {
  for (int shift = 56; shift >= 0; shift -= 8)
    bytes->push_back(static_cast<std::uint8_t>(number >> shift));
}

}  // namespace

std::string SerializeReceipt(const Receipt& receipt) {
  const Json json = {{"format", kReceiptFormat},
                     {"format_version", kReceiptVersion},
                     {"stream", receipt.stream},
                     {"stream_uuid", receipt.stream_uuid.ToString()},
                     {"epoch", receipt.epoch},
                     {"seq", receipt.seq},
                     {"state_digest", HexEncode(receipt.state_digest)},
                     {"manifest_digest", HexEncode(receipt.manifest_digest)},
                     {"counter", receipt.counter},
                     {"root_version", receipt.root_version},
                     {"floor", FormatTime(receipt.floor)},
                     {"issued", FormatTime(receipt.issued)},
                     {"code", receipt.code}};
  return DumpJsonPretty(json);
}

Result<Receipt> ParseReceipt(std::string_view bytes) {
  GF_TRY(const Json json, ParseDocument(bytes, kMaxReceiptBytes, kReceiptFormat, kReceiptVersion));
  Fields fields(json, "");
  (void)fields.Text("format", kReceiptFormat.size());
  (void)fields.Number("format_version", kReceiptVersion, kReceiptVersion);
  Receipt receipt;
  receipt.stream = fields.TextWhere("stream", IsStreamName, "a stream name");
  receipt.stream_uuid = fields.UuidOf("stream_uuid");
  receipt.epoch = fields.Number("epoch", 1);
  receipt.seq = fields.Number("seq", 1);
  receipt.state_digest = fields.Hex<32>("state_digest");
  receipt.manifest_digest = fields.Hex<32>("manifest_digest");
  receipt.counter = fields.Number("counter", 1);
  receipt.root_version = fields.Number("root_version", 1);
  receipt.floor = fields.TimeOf("floor");
  receipt.issued = fields.TimeOf("issued");
  receipt.code = fields.Text("code", kMaxCode);
  GF_CHECK(fields.Finish());
  GF_CHECK(CheckCanonical(bytes, SerializeReceipt(receipt)));
  return receipt;
}

std::string ReceiptTrustedComment(const Receipt& receipt) {
  return fmt::format("receipt stream:{} epoch:{} seq:{} counter:{}", receipt.stream, receipt.epoch,
                     receipt.seq, receipt.counter);
}

std::string PhoneCode(std::uint64_t epoch, std::uint64_t seq, const Digest256& state_digest,
                      ByteView digest_key) {
  Bytes bytes;
  AppendNumber(epoch, &bytes);
  AppendNumber(seq, &bytes);
  bytes.insert(bytes.end(), state_digest.begin(), state_digest.end());
  const Digest256 hash = Hash256(bytes, digest_key);
  std::uint64_t bits = 0;
  constexpr std::size_t kCheckBytes = 5;
  for (std::size_t i = 0; i < kCheckBytes; ++i)
    bits = bits << 8 | hash[i];
  std::string check;
  for (int shift = 35; shift >= 0; shift -= 5)
    check.push_back(kDigits[(bits >> shift) & 31]);
  return fmt::format("{}-{}-{}", seq, check.substr(0, 4), check.substr(4));
}

bool IsPhoneCode(std::string_view normalised) {
  constexpr std::size_t kTail = 10;        // -XXXX-XXXX
  constexpr std::size_t kMostNumber = 20;  // digits
  if (normalised.size() <= kTail || normalised.size() > kMostNumber + kTail) return false;
  const std::string_view number = normalised.substr(0, normalised.size() - kTail);
  const std::string_view tail = normalised.substr(number.size());
  const auto is_digit = [](char c) { return kDigits.find(c) != std::string_view::npos; };
  return std::all_of(number.begin(), number.end(), IsAsciiDigit) && tail[0] == '-' &&
         tail[5] == '-' && std::all_of(tail.begin() + 1, tail.begin() + 5, is_digit) &&
         std::all_of(tail.begin() + 6, tail.end(), is_digit);
}

std::string NormalisePhoneCode(std::string_view heard) {
  std::string digits;
  for (const char given : heard) {
    const char c = given >= 'a' && given <= 'z' ? static_cast<char>(given - 'a' + 'A') : given;
    if (c == ' ' || c == '-') continue;
    digits.push_back(c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c);
  }
  constexpr std::size_t kCheckDigits = 8;
  if (digits.size() <= kCheckDigits) return digits;
  const std::size_t number = digits.size() - kCheckDigits;
  return fmt::format("{}-{}-{}", digits.substr(0, number), digits.substr(number, 4),
                     digits.substr(number + 4));
}

}  // namespace gapferry::bundle
