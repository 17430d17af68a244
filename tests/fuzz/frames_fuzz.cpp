// rooms: transfer
// The pipe between the confined reader and the importer, as a reader that has been taken over would
// write it. Property: what is read, written again, gives the same bytes; an error from there can
// only be one that a payload may cause, and its text is safe to show.
#include "transfer/frames.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/console.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/records.h"

using namespace gapferry;
using namespace gapferry::transfer;

namespace {

std::string Stream(const std::vector<std::pair<FrameType, std::string>>& frames) {
  const Fd file = fuzz::MemoryFile("");
  FrameWriter writer(file.get());
  for (const auto& [type, body] : frames)
    FUZZ_CHECK(writer.Put(type, body).ok());
  FUZZ_CHECK(writer.Flush().ok());
  return fuzz::ContentOf(file);
}

void CheckError(const Error& error) {
  for (const Kind kind : {Kind::kMalformed, Kind::kTooLarge, Kind::kUnsupported, Kind::kIo,
                          Kind::kNoSpace, Kind::kWrongRecipient, Kind::kSandbox}) {
    if (error.kind == kind) {
      FUZZ_CHECK(Printable(error.what) == error.what);
      return;
    }
  }
  FUZZ_CHECK(false);
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  const PayloadMeta meta{*ParseUuid("aaaaaaaa-1111-4111-8111-111111111111"), 1, 42, Bytes(32, 7)};
  std::vector<std::pair<FrameType, std::string>> frames = {{FrameType::kMeta, EncodeMeta(meta)}};
  for (const store::Record& record : fuzz::OneOfEachKind()) {
    std::string body;
    store::EncodeRecord(record, &body);
    frames.emplace_back(FrameType::kTombstone, store::EncodeKey(record));
    frames.emplace_back(FrameType::kRecord, body);
  }
  frames.emplace_back(FrameType::kEnd, std::string(8, '\0'));
  return {Stream(frames),
          Stream({{FrameType::kError, EncodeError(Error::Make(Kind::kTooLarge, "too much"))}})};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = AsText({data, size});
  const Fd file = fuzz::MemoryFile(text);
  FrameReader reader(file.get());
  std::vector<std::pair<FrameType, std::string>> frames;
  for (;;) {
    auto frame = reader.Next();
    if (!frame.ok()) {
      FUZZ_CHECK(frame.error().kind == Kind::kSandbox);
      break;
    }
    FUZZ_CHECK(frame->body.size() <= store::kMaxRecordBytes);
    frames.emplace_back(frame->type, AsText(frame->body));
    CheckError(DecodeError(frame->body));
    if (auto meta = DecodeMeta(frame->body); meta.ok())
      FUZZ_CHECK(EncodeMeta(*meta) == AsText(frame->body));
  }
  FUZZ_CHECK(text.starts_with(Stream(frames)));
  return 0;
}
