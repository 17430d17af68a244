#include "collect/feed_manifest.h"

namespace gapferry::collect {
namespace {

class ManifestReader : public StrictSax {
 public:
  ManifestReader(std::string_view file, FeedManifest* manifest)
      : file_(file), manifest_(manifest) {}

 protected:
  bool OnKey(const std::string& key) override {
    if (depth() != 1) return true;
    constexpr std::size_t kShown = 100;
    const std::optional<Uuid> uuid = ParseUuid(key);
    if (uuid) {
      manifest_->events.push_back(*uuid);
    } else {
      manifest_->refused.push_back({Kind::kMalformed, file_, Line(),
                                    fmt::format("\"{}\" is no UUID", key.substr(0, kShown))});
    }
    return true;
  }
  bool OnScalar(const Scalar&) override {
    return depth() > 1 || Refuse(Kind::kMalformed, "not a manifest: an event must be an object");
  }
  bool OnOpen(bool object) override {
    return depth() > 2 || object ||
           Refuse(Kind::kMalformed, "not a manifest: a list where an object must be");
  }
  bool OnClose() override { return true; }

 private:
  std::string file_;
  FeedManifest* manifest_;
};

}  // namespace

Result<FeedManifest> ReadFeedManifest(ByteSource source, std::string_view file,
                                      std::uint64_t max_bytes) {
  FeedManifest manifest;
  ByteStream stream(std::move(source), max_bytes, max_bytes);
  ManifestReader reader(file, &manifest);
  GF_TRY(const std::optional<Refusal> refused, reader.Run(stream, file));
  if (refused) return refused->ToError();
  return manifest;
}

}  // namespace gapferry::collect
