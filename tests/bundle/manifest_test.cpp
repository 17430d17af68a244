#include "bundle/manifest.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "tests/bundle/sample.h"

namespace gapferry::bundle {
namespace {

Kind KindOfManifest(std::string_view bytes) {
  auto parsed = ParseManifest(bytes);
  EXPECT_FALSE(parsed.ok()) << bytes;
  return parsed.ok() ? Kind::kInternal : parsed.error().kind;
}

Manifest Delta() {
  Manifest manifest = SampleManifest();
  manifest.kind = BundleKind::kDelta;
  manifest.base = Base{40, Hash256(AsBytes("state 40"))};
  return manifest;
}
Manifest Heartbeat() {
  Manifest manifest = SampleManifest();
  manifest.kind = BundleKind::kHeartbeat;
  manifest.payload.reset();
  return manifest;
}

// Recipients of the test vectors of age; their secrets are public.
constexpr std::string_view kFirst =
    "age1f3ygt5e2d2h7d6dae2tnwgy4y6f0kwhvpa64cre0k2gprv2r8qnst4j00y";
constexpr std::string_view kSecond =
    "age1xmwwc06ly3ee5rytxm9mflaz2u56jjj36s0mypdrwsvlul66mv4q47ryef";

Manifest Encrypted() {
  Manifest manifest = SampleManifest();
  manifest.payload->recipients = {std::string(kFirst), std::string(kSecond)};
  return manifest;
}
Manifest Hidden(Manifest manifest) {
  HideContent(&manifest);
  return manifest;
}

Manifest Recalling() {
  Manifest manifest = SampleManifest();
  manifest.recalled = StateNumber{1, 41};
  return manifest;
}

TEST(Manifest, RoundTripsEveryKind) {
  for (const Manifest& manifest : {SampleManifest(), Delta(), Heartbeat(), Encrypted(),
                                   Hidden(Encrypted()), Hidden(Heartbeat()), Recalling()}) {
    const std::string bytes = SerializeManifest(manifest);
    auto parsed = ParseManifest(bytes);
    ASSERT_TRUE(parsed.ok()) << parsed.error().what;
    EXPECT_EQ(*parsed, manifest);
    EXPECT_EQ(SerializeManifest(*parsed), bytes);
  }
}

TEST(Manifest, SaysItsTrustedComment) {
  EXPECT_EQ(TrustedComment(SampleManifest()), "stream:ot-plant epoch:1 seq:42 kind:full");
}

// One meaning, one text: every other spelling of the same JSON is refused.
TEST(ParseManifest, RefusesOtherSpellingsOfTheSameContent) {
  const std::string good = SerializeManifest(SampleManifest());
  const std::vector<std::string> spellings = {
      DumpJson(*ParseJson(good)),
      good + "\n",
      " " + good,
      good.substr(0, good.size() - 1),
      "\xEF\xBB\xBF" + good,
      Replaced(good, "\"seq\": 42", "\"seq\": 42.0"),
      Replaced(good, "\"seq\": 42", "\"seq\": 4.2e1"),
      Replaced(good, "\"seq\": 42", "\"seq\": \"42\""),
      Replaced(good, "ot-plant", "ot-pl\\u0061nt"),
      Replaced(good, "\"epoch\": 1,\n  \"seq\": 42", "\"seq\": 42,\n  \"epoch\": 1"),
      Replaced(good, "\n", "\r\n"),
      Replaced(good, "0b0c2f3c", "0B0C2F3C"),
      Replaced(good, "06:00:00Z", "06:00:00+00:00"),
      Replaced(good, "\"seq\": 42", "\"seq\": 42,\n  \"seq\": 42"),
      Replaced(good, "\"seq\": 42", "\"seq\": 42,\n  \"note\": 1"),
      Replaced(good, "\"base\": null,\n", ""),
      Replaced(good, "\"domain\": 7,\n      \"sha256\": 5", "\"sha256\": 5,\n      \"domain\": 7"),
  };
  for (const std::string& bytes : spellings) {
    EXPECT_EQ(KindOfManifest(bytes), Kind::kMalformed);
  }
}

TEST(ParseManifest, RefusesValuesOutOfRange) {
  const std::string good = SerializeManifest(SampleManifest());
  const std::vector<std::string> wrong = {
      Replaced(good, "\"seq\": 42", "\"seq\": 0"),
      Replaced(good, "\"seq\": 42", "\"seq\": -1"),
      Replaced(good, "\"seq\": 42", "\"seq\": 9007199254740992"),
      Replaced(good, "\"seq\": 42", "\"seq\": 99999999999999999999999"),
      Replaced(good, "\"epoch\": 1", "\"epoch\": 0"),
      Replaced(good, "\"full\"", "\"partial\""),
      Replaced(good, "\"full\"", "\"delta\""),
      Replaced(good, "\"full\"", "\"heartbeat\""),
      Replaced(good, "\"amber\"", "\"AMBER\""),
      Replaced(good, "\"ot-plant\"", "\"../etc\""),
      Replaced(good, "\"ot-plant\"", "\"\""),
      Replaced(good, "gapferry 0.1.0", "gapferry \\u001b[2J"),
      Replaced(good, "2026-03-22T06:00:00Z", "2026-03-01T06:00:00Z"),
      Replaced(good, "\"stored_size\": 27", "\"stored_size\": 0"),
      Replaced(good, "\"stored_size\": 27", "\"stored_size\": 4194305"),
      Replaced(good, "\"chunk_size\": 4194304", "\"chunk_size\": 65536"),
      Replaced(good, "\"recipients\": []", "\"recipients\": [\n      \"x\"\n    ]"),
      Replaced(good, "\"0.1.0\"", "\"0.01.0\""),
      Replaced(good, "\"counts\": {", "\"counts\": 3,\n  \"x\": {"),
  };
  for (const std::string& bytes : wrong) {
    EXPECT_EQ(KindOfManifest(bytes), Kind::kMalformed);
  }
  const std::string recalling = SerializeManifest(Recalling());
  for (const std::string& bytes :
       {Replaced(recalling, "\"seq\": 41", "\"seq\": 42"),
        Replaced(recalling, "\"seq\": 41", "\"seq\": 0"),
        Replaced(recalling, "\"seq\": 41", "\"seq\": null"),
        Replaced(good, "\"created\"", "\"recalled\": null,\n  \"created\"")}) {
    EXPECT_EQ(KindOfManifest(bytes), Kind::kMalformed) << bytes;
  }
  EXPECT_EQ(KindOfManifest(std::string(kMaxManifestBytes + 1, ' ')), Kind::kTooLarge);
}

TEST(Manifest, HidesWhatTellsOfTheContent) {
  const std::string bytes = SerializeManifest(Hidden(Encrypted()));
  for (const char* told : {"domain", "sha256", "Quelle", "attribute"})
    EXPECT_EQ(bytes.find(told), std::string::npos) << told;
  EXPECT_EQ(bytes.find(HexEncode(*SampleManifest().payload->plain_digest)), std::string::npos);
  EXPECT_NE(bytes.find("\"counts\": null"), std::string::npos);
  EXPECT_NE(bytes.find("\"plain_size\": 11"), std::string::npos);
}

TEST(ParseManifest, TakesEncryptionOnlyWithProperRecipients) {
  const std::string good = SerializeManifest(Encrypted());
  const std::string hidden = SerializeManifest(Hidden(Encrypted()));
  const std::string first = "\"" + std::string(kFirst) + "\"";
  const std::string second = "\"" + std::string(kSecond) + "\"";
  const std::string plain = SerializeManifest(SampleManifest());
  const std::string digest = "\"" + HexEncode(*SampleManifest().payload->plain_digest) + "\"";
  const std::size_t counts = good.find("\"counts\": {");
  const std::string table = good.substr(counts, good.find("\n  }", counts) + 4 - counts);
  const std::vector<std::string> wrong = {
      Replaced(good, "\"age\"", "\"none\""),
      Replaced(plain, "\"none\"", "\"age\""),
      Replaced(good, first, second),
      Replaced(Replaced(Replaced(good, first, "\"x\""), second, first), "\"x\"", second),
      Replaced(good, kFirst, "age1" + std::string(58, 'q')),
      Replaced(good, first, "1"),
      // Hidden in part, or where everyone can read the content.
      Replaced(hidden, "\"counts\": null", table),
      Replaced(good, digest, "null"),
      Replaced(good, table, "\"counts\": null"),
      Replaced(Replaced(plain, table, "\"counts\": null"), digest, "null"),
  };
  for (const std::string& bytes : wrong)
    EXPECT_EQ(KindOfManifest(bytes), Kind::kMalformed);
}

TEST(ParseManifest, NamesWhatAnOlderProgramCannotRead) {
  const std::string good = SerializeManifest(SampleManifest());
  auto newer = ParseManifest(Replaced(good, "\"format_version\": 1", "\"format_version\": 2"));
  EXPECT_EQ(newer.error().kind, Kind::kUnsupported);
  EXPECT_NE(newer.error().what.find("version 2"), std::string::npos);
  EXPECT_EQ(KindOfManifest(Replaced(good, "\"none\"", "\"gpg\"")), Kind::kUnsupported);
  EXPECT_EQ(KindOfManifest(Replaced(good, "\"zstd\"", "\"xz\"")), Kind::kUnsupported);
}

// Property: no single bit can change without being noticed, even before the signature.
TEST(ParseManifest, AcceptsNoBitFlipThatMeansTheSame) {
  const std::string good = SerializeManifest(SampleManifest());
  const Manifest manifest = *ParseManifest(good);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
    auto parsed = ParseManifest(bad);
    EXPECT_FALSE(parsed.ok() && *parsed == manifest) << "bit " << bit;
  }
}

TEST(ParseManifest, HoldsTheLargestChunkTable) {
  Manifest manifest = SampleManifest();
  manifest.payload->stored_size = std::uint64_t{kMaxChunks} * kChunkBytes;
  manifest.payload->chunks =
      *MakeChunkTable(manifest.payload->stored_size, std::vector<Digest512>(kMaxChunks));
  const std::string bytes = SerializeManifest(manifest);
  EXPECT_LE(bytes.size(), kMaxManifestBytes);
  EXPECT_TRUE(ParseManifest(bytes).ok());
  EXPECT_EQ(MakeChunkTable(manifest.payload->stored_size + 1, {}).error().kind, Kind::kTooLarge);
  EXPECT_EQ(MakeChunkTable(1, std::vector<Digest512>(2)).error().kind, Kind::kMalformed);
}

}  // namespace
}  // namespace gapferry::bundle
