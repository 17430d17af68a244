#include "collect/feed_manifest.h"

#include "collect/misp_fields.h"

namespace gapferry::collect {
namespace {

class ManifestReader : public StrictSax {
 public:
  ManifestReader(std::string_view file, FeedManifest* manifest)
      : file_(file), manifest_(manifest) {}

 protected:
  bool OnKey(const std::string& key) override {
    in_timestamp_ = depth() == 2 && key == "timestamp" && wanted_;
    if (depth() != 1) return true;
    wanted_ = false;
    constexpr std::size_t kShown = 100;
    const std::optional<Uuid> uuid = ParseUuid(key);
    if (uuid) {
      wanted_ = true;
      manifest_->events.push_back(*uuid);
      manifest_->timestamps.push_back(0);
    } else {
      manifest_->refused.push_back({Kind::kMalformed, file_, Line(),
                                    fmt::format("\"{}\" is no UUID", key.substr(0, kShown))});
    }
    return true;
  }
  bool OnScalar(const Scalar& value) override {
    if (in_timestamp_) (void)ReadInteger(value, 0, INT64_MAX, &manifest_->timestamps.back());
    in_timestamp_ = false;
    return depth() > 1 || Refuse(Kind::kMalformed, "not a manifest: an event must be an object");
  }
  bool OnOpen(bool object) override {
    return depth() > 2 || object ||
           Refuse(Kind::kMalformed, "not a manifest: a list where an object must be");
  }
  bool OnClose() override { return true; }

 private:
  bool wanted_ = false;  // the event under this key is in the list
  bool in_timestamp_ = false;
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
