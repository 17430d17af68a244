#include "store/object_versions.h"

#include <algorithm>

namespace gapferry::store {
namespace {

constexpr std::size_t kObjectBytes = 16 + 16 + 4 + 8;

template <typename Number>
std::uint8_t* PutNumber(Number number, std::uint8_t* out) {
  for (std::size_t i = sizeof(Number); i > 0; --i)
    *out++ = static_cast<std::uint8_t>(static_cast<std::uint64_t>(number) >> (8 * (i - 1)));
  return out;
}

template <typename Number>
Number TakeNumber(const std::uint8_t* bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i)
    number = number << 8 | bytes[i];
  return static_cast<Number>(number);
}

}  // namespace

ObjectVersion::Content ContentOf(const Digest256& digest) {
  ObjectVersion::Content content{};
  std::copy_n(digest.begin(), content.size(), content.begin());
  return content;
}

Bytes EncodeObjectVersions(std::span<const ObjectVersion> objects) {
  Bytes blob(objects.size() * kObjectBytes);
  std::uint8_t* out = blob.data();
  for (const ObjectVersion& object : objects) {
    out = std::copy(object.id.bytes.begin(), object.id.bytes.end(), out);
    out = std::copy(object.content.begin(), object.content.end(), out);
    out = PutNumber(object.rev, out);
    out = PutNumber(object.changed, out);
  }
  return blob;
}

std::optional<std::vector<ObjectVersion>> DecodeObjectVersions(ByteView blob) {
  if (blob.size() % kObjectBytes != 0) return std::nullopt;
  std::vector<ObjectVersion> objects(blob.size() / kObjectBytes);
  const std::uint8_t* in = blob.data();
  const Uuid* before = nullptr;
  for (ObjectVersion& object : objects) {
    std::copy_n(in, 16, object.id.bytes.begin());
    std::copy_n(in + 16, 16, object.content.begin());
    object.rev = TakeNumber<std::uint32_t>(in + 32);
    object.changed = TakeNumber<Time>(in + 36);
    if (before != nullptr && *before >= object.id) return std::nullopt;
    before = &object.id;
    in += kObjectBytes;
  }
  return objects;
}

}  // namespace gapferry::store
