// rooms: bundle
#include "bundle/manifest.h"

#include "base/bytes.h"
#include "bundle/age_key.h"
#include "tests/fuzz/fuzz.h"

using namespace gapferry;

std::vector<std::string> FuzzSeeds() {
  bundle::Manifest manifest;
  manifest.stream = "ot-plant";
  manifest.producer = "gapferry 0.1.0";
  manifest.expires = 86400;
  manifest.payload = bundle::Payload{bundle::kChunkBytes + 1, 99, Digest512{}, {}, {}};
  manifest.payload->chunks =
      bundle::MakeChunkTable(manifest.payload->stored_size, std::vector<Digest512>(2)).value();
  std::vector<std::string> seeds = {bundle::SerializeManifest(manifest)};
  manifest.kind = bundle::BundleKind::kDelta;
  manifest.seq = 7;
  manifest.base = bundle::Base{5, {}};
  manifest.counts.type = {{"domain", 7}, {"ip-dst", 5}};
  seeds.push_back(bundle::SerializeManifest(manifest));
  manifest.payload->recipients = {bundle::AgeIdentity::Generate().recipient().ToString()};
  seeds.push_back(bundle::SerializeManifest(manifest));
  bundle::HideContent(&manifest);
  seeds.push_back(bundle::SerializeManifest(manifest));
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = AsText({data, size});
  auto parsed = bundle::ParseManifest(text);
  if (!parsed.ok()) return 0;
  FUZZ_CHECK(bundle::SerializeManifest(*parsed) == text);
  FUZZ_CHECK(bundle::ParseManifest(text).value() == *parsed);
  return 0;
}
