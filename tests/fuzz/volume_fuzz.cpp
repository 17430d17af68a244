// rooms: bundle
// A whole volume, from the first header to the last zero. Properties: the head that was read,
// written again, gives the same bytes; whatever reaches the sink is what was signed.
#include "base/bytes.h"
#include "bundle/reader.h"
#include "tests/fuzz/fuzz.h"

using namespace gapferry;
using namespace gapferry::bundle;

namespace {

constexpr std::string_view kStored = "stored bytes of the payload";

struct Site {
  SecretKey key = SecretKey::Generate();
  Root root;
  std::string volume;

  Site() {
    const Uuid uuid = NewUuid();
    root.keys[key.public_key().id] = key.public_key();
    root.root = {{key.public_key().id}, 1};
    root.streams[uuid] = {"ot-plant", {{key.public_key().id}, 1}, 1, 30};
    Manifest manifest;
    manifest.stream = "ot-plant";
    manifest.stream_uuid = uuid;
    manifest.producer = "gapferry 0.1.0";
    manifest.expires = 86400;
    manifest.payload = Payload{kStored.size(), 1, {}, {}, {}};
    manifest.payload->chunks = MakeChunkTable(kStored.size(), {Hash512(AsBytes(kStored))}).value();
    Root next = root;
    next.version = 2;
    VolumeHead head{Signed(SerializeManifest(manifest), TrustedComment(manifest)),
                    {Signed(SerializeRoot(next), RootTrustedComment(2))}};
    const auto members = HeadMembers(head);
    for (const auto& [name, content] : members.value()) {
      volume += EncodeMember(name, content);
    }
    volume += EncodeMember(ChunkMemberName(0), kStored) + std::string(kEndBytes, '\0');
  }

  [[nodiscard]] SignedDocument Signed(const std::string& bytes, const std::string& comment) const {
    return {bytes, {Sign(key, Hash512(AsBytes(bytes)), comment)->Serialize()}};
  }
};

const Site& TheSite() {
  static const Site site;
  return site;
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  return {TheSite().volume};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(AsText({data, size}));
  std::vector<std::unique_ptr<ByteSource>> sources;
  sources.push_back(std::make_unique<MemorySource>("input", text));
  auto reader = BundleReader::Open(std::move(sources));
  if (!reader.ok()) return 0;
  std::string head;
  for (const auto& [name, content] : reader->members(0)) {
    head += EncodeMember(name, content);
  }
  FUZZ_CHECK(text.starts_with(head));

  Root root = TheSite().root;
  if (!reader->WalkRoots(root).ok() || !reader->CheckSignatures(root).ok()) return 0;
  std::string seen;
  const Status read = reader->ReadPayload([&](ByteView chunk) {
    seen += AsText(chunk);
    return Ok();
  });
  FUZZ_CHECK(seen.empty() || seen == kStored);
  FUZZ_CHECK(!read.ok() || seen == kStored);
  return 0;
}
