// rooms: bundle
#include "bundle/root.h"

#include "base/bytes.h"
#include "tests/fuzz/fuzz.h"

using namespace gapferry;

std::vector<std::string> FuzzSeeds() {
  bundle::Root root;
  const bundle::PublicKey key = bundle::SecretKey::Generate().public_key();
  const bundle::PublicKey content = bundle::SecretKey::Generate().public_key();
  root.keys = {{key.id, key}, {content.id, content}};
  root.root = {{key.id}, 1};
  root.streams[NewUuid()] = {"ot-plant", {{content.id}, 1}, 1, 30};
  root.streams[NewUuid()] = {"lab", {{key.id, content.id}, 2}, 3, 7};
  root.revoked = {bundle::SecretKey::Generate().public_key().id};
  return {bundle::SerializeRoot(root)};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = AsText({data, size});
  auto parsed = bundle::ParseRoot(text);
  if (!parsed.ok()) return 0;
  FUZZ_CHECK(bundle::SerializeRoot(*parsed) == text);
  for (const auto& [uuid, stream] : parsed->streams) {
    FUZZ_CHECK(stream.content.threshold >= 1 &&
               stream.content.threshold <= stream.content.keys.size());
  }
  return 0;
}
