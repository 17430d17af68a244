// bundle/head_reader.h: reads the members of a volume before its payload: names, order and caps, no
// content.
#pragma once

#include <cstdint>
#include <string>

#include "bundle/reader.h"

namespace gapferry::bundle {

// The version in "root-NNNN.json", if `name` is such a name.
[[nodiscard]] std::optional<std::uint64_t> RootVersionIn(std::string_view name);

class BundleReader::HeadReader {
 public:
  explicit HeadReader(ByteSource& source) : source_(source) {}
  // Fills members, payload_at and first_chunk of `volume`.
  [[nodiscard]] Status Read(Volume& volume);

 private:
  [[nodiscard]] Status ReadExactly(std::span<std::uint8_t> buffer);
  [[nodiscard]] Result<std::string> ReadContent(const Member& member, std::size_t max_bytes);
  // The largest content that a member of this name may have at this place; an error if it has no
  // place here.
  [[nodiscard]] Result<std::size_t> Expect(const std::string& name);
  [[nodiscard]] bool TakesSignature(const std::string& name);
  [[nodiscard]] Error Foreign(const std::string& name) const;

  ByteSource& source_;
  std::uint64_t offset_ = 0;
  std::size_t total_ = 0;
  std::string document_;         // the last document; its signatures follow it
  std::size_t signatures_ = 0;   // of that document
  std::string last_key_;         // of the last signature that names its key
  std::uint64_t next_root_ = 0;  // 0: any from 2 on
  std::size_t roots_ = 0;
};

}  // namespace gapferry::bundle
