// rooms: bundle
#include <algorithm>

#include "base/bytes.h"
#include "bundle/age.h"
#include "tests/fuzz/fuzz.h"

using namespace gapferry;

namespace {

// Always the same, so that a seed that was written to a file opens in the next process. It is the
// identity of age's own test vectors, and no secret.
const bundle::AgeIdentity& Identity() {
  static const bundle::AgeIdentity identity =
      bundle::AgeIdentity::Parse(
          "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0")
          .value();
  return identity;
}
const std::string& Plain() {
  static const std::string plain(bundle::kAgeChunkBytes + 300, 'p');
  return plain;
}

std::string Encrypt(std::string_view plain, std::vector<bundle::AgeRecipient> recipients) {
  std::string stored;
  auto encryptor = bundle::AgeEncryptor::Start(recipients, [&](ByteView bytes) {
    stored.append(AsText(bytes));
    return Ok();
  });
  FUZZ_CHECK(encryptor.ok() && encryptor->Write(AsBytes(plain)).ok() && encryptor->Finish().ok());
  return stored;
}

// Whoever holds the recipient may have written it; what comes out is then whatever went in. What
// must hold is that the same file gives the same in any pieces.
struct Outcome {
  std::string plain;
  std::string error;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};
Outcome Decrypt(ByteView stored, std::size_t piece) {
  Outcome outcome;
  bundle::AgeDecryptor decryptor(bundle::ParseAgeKeyFile(Identity().ToFile(0).view()).value(),
                                 [&](ByteView bytes) {
                                   outcome.plain.append(AsText(bytes));
                                   return Ok();
                                 });
  Status status = Ok();
  while (status.ok() && !stored.empty()) {
    const ByteView part = stored.first(std::min(piece, stored.size()));
    stored = stored.subspan(part.size());
    status = decryptor.Write(part);
  }
  if (status.ok()) status = decryptor.Finish();
  if (!status.ok()) outcome.error = status.error().what;
  return outcome;
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  const bundle::AgeIdentity other = bundle::AgeIdentity::Generate();
  return {Encrypt("", {Identity().recipient()}),
          Encrypt("short", {other.recipient(), Identity().recipient()}),
          Encrypt(Plain(), {Identity().recipient()}), std::string(Identity().ToFile(0).view()),
          Identity().recipient().ToString()};
}

// One input is tried as a file, as a header, as a recipient and as a key file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  const std::string_view text = AsText(bytes);
  const Outcome whole = Decrypt(bytes, size + 1);
  FUZZ_CHECK(Decrypt(bytes, 997) == whole);
  if (auto header = bundle::ParseAgeHeader(text); header.ok()) {
    FUZZ_CHECK(bundle::SerializeAgeHeader(*header) == text);
  }
  if (auto recipient = bundle::ParseAgeRecipient(text); recipient.ok()) {
    FUZZ_CHECK(recipient->ToString() == text);
  }
  if (auto identities = bundle::ParseAgeKeyFile(text); identities.ok()) {
    for (const bundle::AgeIdentity& identity : *identities) {
      auto again = bundle::ParseAgeKeyFile(identity.ToFile(0).view());
      FUZZ_CHECK(again.ok() && again->front().recipient() == identity.recipient());
    }
  }
  return 0;
}
