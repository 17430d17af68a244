// rooms: transfer
// A payload that is signed and hostile, read in this very process: zstd, the header, the schema,
// quick_check, every column. Properties: the frames that come out end as frames.h says, and each
// record in them is one that the importer would take.
//
// An input is one of
//   a zstd frame (by its magic)         read as it is, with a signed size that allows it
//   'P', then patches of a good payload each is offset (3 bytes), length (1), that many bytes
//   anything else                       a whole database
// Patches reach the cells of a page in few mutations, where whole databases would need luck.
#include "transfer/payload_reader.h"

#include <zstd.h>

#include <cstring>
#include <filesystem>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/records.h"
#include "transfer/frames.h"
#include "transfer/payload_writer.h"

using namespace gapferry;
using namespace gapferry::transfer;

namespace {

constexpr std::string_view kZstdMagic = "\x28\xb5\x2f\xfd";
// What a bomb may become here: the parent's limits are for the sandbox, this is for speed.
constexpr std::uint64_t kMostPlain = 4 << 20;

std::string GoodDatabase() {
  const auto folder =
      std::filesystem::temp_directory_path() / ("gapferry-fuzz-" + NewUuid().ToString());
  std::filesystem::create_directories(folder);
  auto writer = PayloadWriter::Create(
      folder / "payload",
      {*ParseUuid("aaaaaaaa-1111-4111-8111-111111111111"), 1, 42, Bytes(32, 7)});
  for (const store::Record& record : fuzz::OneOfEachKind())
    FUZZ_CHECK(writer->Put(record, Digest256{}).ok() && writer->PutTombstone(record).ok());
  FUZZ_CHECK(writer->Finish().ok());
  std::string bytes = ReadFile(folder / "payload", 1 << 20).value();
  std::filesystem::remove_all(folder);
  return bytes;
}

const std::string& TheDatabase() {
  static const std::string database = GoodDatabase();
  return database;
}

std::string Compressed(std::string_view plain) {
  std::string stored(ZSTD_compressBound(plain.size()), '\0');
  stored.resize(ZSTD_compress(stored.data(), stored.size(), plain.data(), plain.size(), 1));
  return stored;
}

std::string Patched(std::string_view patches) {
  std::string database = TheDatabase();
  while (patches.size() > 4) {
    const auto byte = [&](std::size_t i) {
      return static_cast<std::size_t>(static_cast<unsigned char>(patches[i]));
    };
    const std::size_t at = (byte(0) << 16 | byte(1) << 8 | byte(2)) % database.size();
    const std::string_view bytes = patches.substr(4, byte(3));
    const std::size_t length = std::min(bytes.size(), database.size() - at);
    database.replace(at, length, bytes.substr(0, length));
    patches.remove_prefix(4 + bytes.size());
  }
  return database;
}

// One place of a payload replaced, in the form above.
std::string Patch(std::string_view find, std::string_view bytes) {
  const std::size_t at = TheDatabase().find(find);
  FUZZ_CHECK(at != std::string::npos);
  return std::string("P") + static_cast<char>(at >> 16) + static_cast<char>(at >> 8) +
         static_cast<char>(at) + static_cast<char>(bytes.size()) + std::string(bytes);
}

void CheckFrames(const std::string& output, bool read) {
  const Fd file = fuzz::MemoryFile(output);
  FrameReader frames(file.get());
  store::Record record;
  bool described = false;
  bool rows = false;
  for (;;) {
    auto frame = frames.Next();
    FUZZ_CHECK(frame.ok());
    switch (frame->type) {
      case FrameType::kMeta:
        FUZZ_CHECK(!described && DecodeMeta(frame->body).ok());
        described = true;
        break;
      case FrameType::kTombstone:
        FUZZ_CHECK(described && !rows && store::DecodeKey(frame->body, &record).ok());
        break;
      case FrameType::kRecord:
        rows = true;
        FUZZ_CHECK(described && store::DecodeRecord(frame->body, &record).ok());
        break;
      case FrameType::kError:
        FUZZ_CHECK(!read && DecodeError(frame->body).kind != Kind::kSandbox);
        break;
      case FrameType::kEnd:
        FUZZ_CHECK(read);
        break;
    }
    if (frame->type == FrameType::kError || frame->type == FrameType::kEnd) break;
  }
  FUZZ_CHECK(!frames.Next().ok());
}

void Read(std::string_view stored, const Expected& expected) {
  const Fd input = fuzz::MemoryFile(stored);
  const Fd output = fuzz::MemoryFile("");
  const Fd scratch = fuzz::MemoryFile("");
  const int code = ReadPayload({input.get(), output.get(), scratch.get()}, expected);
  CheckFrames(fuzz::ContentOf(output), code == 0);
}

// What the frame becomes, as far as it goes; the signer says so truthfully.
Expected TruthAbout(std::string_view stored) {
  std::string plain(kMostPlain, '\0');
  ZSTD_DCtx* zstd = ZSTD_createDCtx();
  ZSTD_inBuffer in{stored.data(), stored.size(), 0};
  ZSTD_outBuffer out{plain.data(), plain.size(), 0};
  std::size_t wanted = 1;
  while (in.pos < in.size && out.pos < out.size && wanted != 0 && ZSTD_isError(wanted) == 0)
    wanted = ZSTD_decompressStream(zstd, &out, &in);
  ZSTD_freeDCtx(zstd);
  plain.resize(out.pos);
  return {plain.size(), Hash512(AsBytes(plain))};
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  return {TheDatabase(),
          Compressed(TheDatabase()),
          "P",
          Patch("an event", "an\xff\xfe"),
          Patch("CREATE TABLE meta", "CREATE VIEW  meta"),
          Patch("feed", std::string_view("\0\0\0\0", 4)),
          Patch(std::string_view("SQLite format 3\0\x10", 17),
                std::string_view("SQLite format 3\0\x20\0\2\2", 20))};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = AsText({data, size});
  if (text.starts_with(kZstdMagic)) {
    Read(text, TruthAbout(text));
    return 0;
  }
  const std::string plain = text.starts_with('P') ? Patched(text.substr(1)) : std::string(text);
  Read(Compressed(plain), {plain.size(), Hash512(AsBytes(plain))});
  return 0;
}
