// rooms: collect
// Any bytes as an archive: what is handed on stays within the limits, and reading ends.
#include "collect/archive.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"

std::vector<std::string> FuzzSeeds() {
  using namespace std::string_literals;
  // A gzip file with "hi\n", and the start of a zip's member.
  return {"\x1F\x8B\x08\0\0\0\0\0\0\x03\xCB\xC8\xE4\x02\0\x7A\x7A\x6F\xED\x03\0\0\0"s,
          "PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\x03\0\0\0\x03\0\0\0\x01\0\0\0ahi\n"s,
          "PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"s};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gapferry;
  const Fd fd = fuzz::MemoryFile(AsText(ByteView(data, size)));
  constexpr collect::ArchiveLimits kLimits{
      .max_bytes = 1 << 20, .max_ratio = 300, .max_members = 50};
  std::size_t bytes = 0;
  std::size_t members = 0;
  const auto archive = collect::IsArchive(fd);
  FUZZ_CHECK(archive.ok());
  (void)collect::ForEachMember(
      fd, "x", kLimits, [&](const std::string&, const collect::ByteSource& source) -> Status {
        FUZZ_CHECK(++members <= kLimits.max_members);
        std::vector<std::uint8_t> buffer(4096);
        while (true) {
          GF_TRY(const std::size_t got, source(buffer));
          if (got == 0) return Ok();
          bytes += got;
          FUZZ_CHECK(bytes <= kLimits.max_bytes);
        }
      });
  return 0;
}
