// rooms: bundle
#include "base/bytes.h"
#include "bundle/minisign.h"
#include "tests/fuzz/fuzz.h"

using namespace gapferry;

namespace {

const bundle::SecretKey& Key() {
  static const bundle::SecretKey key = bundle::SecretKey::Generate();
  return key;
}
constexpr std::string_view kMessage = "the message";
constexpr std::string_view kComment = "stream:ot-plant epoch:1 seq:42 kind:full";

}  // namespace

std::vector<std::string> FuzzSeeds() {
  return {bundle::Sign(Key(), Hash512(AsBytes(kMessage)), kComment)->Serialize(),
          Key().public_key().ToFile(), Key().public_key().ToBase64(),
          std::string(Key().ToFile().view())};
}

// One input is tried as a signature, as a public key and as a secret key file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = AsText({data, size});
  if (auto signature = bundle::ParseSignatureFile(text); signature.ok()) {
    FUZZ_CHECK(signature->Serialize() == text);
    const Status verified =
        bundle::Verify(Key().public_key(), Hash512(AsBytes(kMessage)), *signature);
    FUZZ_CHECK(!verified.ok() || signature->trusted_comment() == kComment);
  }
  if (auto key = bundle::ParsePublicKey(text); key.ok()) {
    FUZZ_CHECK(bundle::ParsePublicKey(key->ToFile()).value() == *key);
    FUZZ_CHECK(text.find(key->ToBase64()) != std::string_view::npos);
  }
  // Without a passphrase scrypt never runs.
  if (auto key = bundle::SecretKey::Parse(text); key.ok()) {
    FUZZ_CHECK(bundle::SecretKey::Parse(key->ToFile().view())->public_key() == key->public_key());
  }
  return 0;
}
