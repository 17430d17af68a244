// rooms: store
// A record from the pipe of the confined reader. Property: what decodes is encoded to the same
// bytes, and its key is how those bytes begin.
#include "store/record.h"

#include "base/bytes.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/records.h"

using namespace gapferry;

std::vector<std::string> FuzzSeeds() {
  std::vector<std::string> seeds;
  for (const store::Record& record : fuzz::OneOfEachKind()) {
    store::EncodeRecord(record, &seeds.emplace_back());
    seeds.push_back(store::EncodeKey(record));
  }
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  // Reused as the importer does: nothing of the last record may shine through.
  static store::Record record;
  if (store::DecodeRecord(bytes, &record).ok()) {
    std::string again;
    store::EncodeRecord(record, &again);
    FUZZ_CHECK(again == AsText(bytes));
    FUZZ_CHECK(again.starts_with(store::EncodeKey(record)));
  }
  if (store::DecodeKey(bytes, &record).ok()) FUZZ_CHECK(store::EncodeKey(record) == AsText(bytes));
  std::vector<intel::Tag> tags;
  if (store::DecodeTags(bytes, &tags)) {
    std::string again;
    store::EncodeTags(tags, &again);
    FUZZ_CHECK(again == AsText(bytes));
  }
  return 0;
}
