// Oracles: the test vectors of CCTV, of which each names its outcome, and the tool `age`.
#include "bundle/age.h"

#include <gtest/gtest.h>

#include <sodium.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "tests/bundle/oracle.h"

namespace gapferry::bundle {
namespace {

AgeIdentities Copy(const AgeIdentity& identity) {
  return ParseAgeKeyFile(identity.ToFile(0).view()).value();
}

std::string Plain(std::size_t size) {
  std::mt19937 random(static_cast<unsigned>(size));
  std::string plain(size, '\0');
  for (char& c : plain)
    c = static_cast<char>(random());
  return plain;
}

std::string Encrypt(std::string_view plain, const std::vector<AgeRecipient>& recipients,
                    std::size_t piece = 100000) {
  std::string stored;
  auto encryptor = AgeEncryptor::Start(recipients, [&](ByteView bytes) {
    stored.append(AsText(bytes));
    return Ok();
  });
  EXPECT_TRUE(encryptor.ok());
  for (; !plain.empty(); plain.remove_prefix(std::min(piece, plain.size())))
    EXPECT_TRUE(encryptor->Write(AsBytes(plain.substr(0, piece))).ok());
  EXPECT_TRUE(encryptor->Finish().ok());
  return stored;
}

struct Decrypted {
  std::string plain;  // what the sink got
  std::optional<Error> error;
};

Decrypted Decrypt(std::string_view stored, AgeIdentities identities, std::size_t piece = 50000) {
  Decrypted result;
  AgeDecryptor decryptor(std::move(identities), [&](ByteView bytes) {
    result.plain.append(AsText(bytes));
    return Ok();
  });
  Status status = Ok();
  for (; status.ok() && !stored.empty(); stored.remove_prefix(std::min(piece, stored.size())))
    status = decryptor.Write(AsBytes(stored.substr(0, piece)));
  if (status.ok()) status = decryptor.Finish();
  if (!status.ok()) result.error = status.error();
  return result;
}

Kind KindOf(const Decrypted& result) {
  EXPECT_TRUE(result.error);
  return result.error ? result.error->kind : Kind::kInternal;
}

// --- the vectors

struct Vector {
  std::map<std::string, std::string> said;
  std::vector<std::string> identities;
  std::string file;
};

// Lines "key: value", an empty line, the age file.
Vector ReadVector(const std::filesystem::path& path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  Vector vector;
  std::istringstream stream(content.str());
  for (std::string line; std::getline(stream, line) && !line.empty();) {
    const std::size_t colon = line.find(": ");
    if (line.substr(0, colon) == "identity") vector.identities.push_back(line.substr(colon + 2));
    vector.said[line.substr(0, colon)] = line.substr(colon + 2);
  }
  vector.file = content.str().substr(content.str().find("\n\n") + 2);
  return vector;
}

// The compressed ones are inflated by Python.
std::string Inflated(const TemporaryFolder& folder, const std::string& compressed) {
  folder.Write("compressed", compressed);
  const Ran ran = folder.Run(
      "python3 -c \"import zlib; open('plain','wb').write(zlib.decompress(open('compressed','rb')"
      ".read()))\"");
  EXPECT_EQ(ran.exit_code, 0) << ran.output;
  return folder.Read("plain");
}

// What gapferry must say of a vector, from what the vector says of itself; nothing: it decrypts it.
// Kinds of encryption that are not ours are "unsupported", unless the header as such is no header,
// and armor is never looked into.
std::set<Kind> Expected(const Vector& vector) {
  const std::string& expect = vector.said.at("expect");
  if (vector.said.contains("armored")) {
    return expect == "success" ? std::set{Kind::kUnsupported}
                               : std::set{Kind::kUnsupported, Kind::kMalformed};
  }
  if (vector.file.starts_with("age-encryption.org/v1234")) return {Kind::kUnsupported};
  const bool foreign = vector.file.find("\n-> scrypt ") != std::string::npos ||
                       vector.file.find("\n-> mlkem768x25519 ") != std::string::npos;
  if (foreign) {
    return expect == "header failure" ? std::set{Kind::kUnsupported, Kind::kMalformed}
                                      : std::set{Kind::kUnsupported};
  }
  if (expect == "success") return {};
  if (expect == "header failure") return {Kind::kMalformed};
  if (expect == "HMAC failure") return {Kind::kDamaged};
  if (expect == "payload failure") return {Kind::kDamaged, Kind::kIncomplete};
  EXPECT_EQ(expect, "no match");
  return {Kind::kWrongRecipient};
}

TEST(Age, GivesEveryVectorTheOutcomeItNames) {
  const std::filesystem::path folder = Corpus() / "hostile/age-cctv";
  if (Corpus().empty() || !std::filesystem::exists(folder))
    GTEST_SKIP() << "no corpus at " << folder;
  NEEDS_TOOL("python3");
  const TemporaryFolder scratch;
  std::map<std::string, int> outcomes;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    Vector vector = ReadVector(entry.path());
    SCOPED_TRACE(entry.path().filename().string());
    if (vector.said.contains("compressed")) vector.file = Inflated(scratch, vector.file);
    ++outcomes[vector.said.at("expect")];
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{1} << 20}) {
      AgeIdentities identities;
      for (const std::string& text : vector.identities) {
        if (auto identity = AgeIdentity::Parse(text); identity.ok())
          identities.push_back(std::move(identity).value());
      }
      const Decrypted result = Decrypt(vector.file, std::move(identities), piece);
      const std::set<Kind> expected = Expected(vector);
      if (expected.empty()) {
        EXPECT_FALSE(result.error) << result.error->what;
        // The vector holds the SHA-256 of the plain text.
        std::array<std::uint8_t, 32> digest;
        crypto_hash_sha256(digest.data(), AsBytes(result.plain).data(), result.plain.size());
        EXPECT_EQ(HexEncode(digest), vector.said.at("payload"));
        continue;
      }
      EXPECT_TRUE(expected.contains(KindOf(result))) << result.error->what;
    }
  }
  EXPECT_GT(outcomes["success"], 9);
  EXPECT_GT(outcomes["header failure"], 20);
  EXPECT_GT(outcomes["payload failure"], 10);
  EXPECT_GT(outcomes["no match"], 3);
}

// --- the tool

constexpr std::array<std::size_t, 11> kSizes{0,      1,      15,     65535,  65536,  65537,
                                             131071, 131072, 131073, 300000, 4 << 20};

TEST(Age, IsOpenedByTheToolForEachOfSeveralRecipients) {
  NEEDS_TOOL("age");
  const TemporaryFolder folder;
  std::vector<AgeRecipient> recipients;
  for (int i = 0; i < 3; ++i) {
    const AgeIdentity identity = AgeIdentity::Generate();
    folder.Write(fmt::format("{}.age", i), identity.ToFile(1790000000).view());
    recipients.push_back(identity.recipient());
  }
  for (const std::size_t size : kSizes) {
    const std::string plain = Plain(size);
    folder.Write("stored", Encrypt(plain, recipients));
    for (int i = 0; i < 3; ++i) {
      const Ran ran = folder.Run(fmt::format("age -d -i {}.age -o plain stored", i));
      EXPECT_EQ(ran.exit_code, 0) << size << ran.output;
      EXPECT_EQ(folder.Read("plain"), plain) << size;
    }
  }
}

TEST(Age, OpensWhatTheToolWrites) {
  NEEDS_TOOL("age");
  NEEDS_TOOL("age-keygen");
  const TemporaryFolder folder;
  ASSERT_EQ(folder.Run("age-keygen -o one.age && age-keygen -o two.age").exit_code, 0);
  ASSERT_EQ(folder.Run("age-keygen -y one.age > r && age-keygen -y two.age >> r").exit_code, 0);
  for (const std::size_t size : kSizes) {
    const std::string plain = Plain(size);
    folder.Write("plain", plain);
    ASSERT_EQ(folder.Run("age -R r -o stored plain").exit_code, 0);
    for (const char* name : {"one.age", "two.age"}) {
      const Decrypted result =
          Decrypt(folder.Read("stored"), ParseAgeKeyFile(folder.Read(name)).value());
      EXPECT_FALSE(result.error) << size << result.error->what;
      EXPECT_EQ(result.plain, plain) << size;
    }
  }
}

TEST(AgeKey, IsTheToolsOwnFile) {
  NEEDS_TOOL("age-keygen");
  const TemporaryFolder folder;
  const AgeIdentity identity = AgeIdentity::Generate();
  folder.Write("site.age", identity.ToFile(1790000000).view());
  EXPECT_EQ(folder.Run("age-keygen -y site.age").output, identity.recipient().ToString() + "\n");
  ASSERT_EQ(folder.Run("age-keygen -o theirs.age").exit_code, 0);
  const std::string file = folder.Read("theirs.age");
  const AgeIdentities theirs = ParseAgeKeyFile(file).value();
  ASSERT_EQ(theirs.size(), 1U);
  EXPECT_NE(file.find("# public key: " + theirs[0].recipient().ToString() + "\n"),
            std::string::npos);
  EXPECT_NE(theirs[0].ToFile(0).view().find(file.substr(file.find("AGE-SECRET-KEY"))),
            std::string_view::npos);
}

TEST(AgeKey, SaysWhatIsWrongWithAKeyAndNotWhatItIs) {
  const std::string recipient = AgeIdentity::Generate().recipient().ToString();
  const std::string file(AgeIdentity::Generate().ToFile(0).view());
  const std::string secret = file.substr(file.find("AGE-SECRET-KEY"), 74);
  EXPECT_TRUE(ParseAgeRecipient(recipient).ok());
  EXPECT_TRUE(AgeIdentity::Parse(secret).ok());
  // Every single mistyped character is noticed: BIP 173 promises that for up to four.
  for (std::size_t i = 0; i < recipient.size(); ++i) {
    std::string typo = recipient;
    typo[i] = typo[i] == 'q' ? 'p' : 'q';
    EXPECT_FALSE(ParseAgeRecipient(typo).ok()) << typo;
  }
  for (std::size_t i = 0; i < secret.size(); ++i) {
    std::string typo = secret;
    typo[i] = typo[i] == 'Q' ? 'P' : 'Q';
    auto parsed = ParseAgeKeyFile("# a comment\n\n" + typo + "\n");
    ASSERT_FALSE(parsed.ok());
    EXPECT_EQ(parsed.error().what.find(typo.substr(20, 8)), std::string::npos);
    EXPECT_TRUE(parsed.error().what.starts_with("line 3: ")) << parsed.error().what;
  }
  EXPECT_EQ(ParseAgeRecipient(AsciiLower(secret)).error().kind, Kind::kMalformed);
  EXPECT_EQ(ParseAgeRecipient("").error().kind, Kind::kMalformed);
  EXPECT_EQ(AgeIdentity::Parse(AsciiLower(secret)).error().kind, Kind::kMalformed);
  for (const char* other : {"age1pq1abc", "age1yubikey1qwerty", "ssh-ed25519 AAAA"})
    EXPECT_EQ(ParseAgeRecipient(other).error().kind, Kind::kUnsupported) << other;
  EXPECT_EQ(AgeIdentity::Parse("AGE-PLUGIN-YUBIKEY-1ABC").error().kind, Kind::kUnsupported);
  EXPECT_EQ(AgeIdentity::Parse("AGE-SECRET-KEY-PQ-1ABC").error().kind, Kind::kUnsupported);
  EXPECT_EQ(ParseAgeKeyFile("# nothing\n").error().kind, Kind::kMalformed);
  EXPECT_EQ(ParseAgeKeyFile(std::string(5000, '#')).error().kind, Kind::kTooLarge);
  EXPECT_EQ(ParseAgeKeyFile("age-encryption.org/v1\n").error().kind, Kind::kUnsupported);
}

TEST(AgeKey, RefusesPointsOfLowOrder) {
  // The identity, and one of order 8.
  constexpr std::string_view kOrderEight =
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";
  for (const std::string& hex : {std::string(64, '0'), std::string(kOrderEight)}) {
    AgeRecipient recipient;
    const Bytes bytes = *HexDecode(hex);
    std::copy(bytes.begin(), bytes.end(), recipient.point.begin());
    EXPECT_EQ(ParseAgeRecipient(recipient.ToString()).error().kind, Kind::kMalformed);
    EXPECT_EQ(AgeEncryptor::Start({recipient}, [](ByteView) { return Ok(); }).error().kind,
              Kind::kMalformed);
  }
}

// --- properties

TEST(Age, GivesBackWhatItTookInWhateverPieces) {
  const AgeIdentity identity = AgeIdentity::Generate();
  std::mt19937 random(3);
  for (const std::size_t size : kSizes) {
    const std::string plain = Plain(size);
    const std::string stored = Encrypt(plain, {identity.recipient()}, 1 + random() % 100000);
    const Decrypted result = Decrypt(stored, Copy(identity), 1 + random() % 100000);
    EXPECT_FALSE(result.error) << size;
    EXPECT_EQ(result.plain, plain) << size;
  }
}

// Whatever is cut or changed: an error, and nothing in the sink but a beginning of whole chunks.
TEST(Age, NoticesEveryCutAndReleasesNoUnauthenticatedByte) {
  const AgeIdentity identity = AgeIdentity::Generate();
  const std::string plain = Plain(3 * kAgeChunkBytes);
  const std::string stored = Encrypt(plain, {identity.recipient()});
  const std::size_t first_chunk = stored.size() - 3 * (kAgeChunkBytes + kAgeTagBytes);
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    const std::string cut = stored.substr(0, random() % stored.size());
    const Decrypted result = Decrypt(cut, Copy(identity));
    ASSERT_TRUE(result.error) << cut.size();
    EXPECT_EQ(result.plain.size() % kAgeChunkBytes, 0U);
    EXPECT_TRUE(plain.starts_with(result.plain));
    std::string changed = stored;
    const std::size_t at = random() % stored.size();
    changed[at] = static_cast<char>(changed[at] ^ 1 << random() % 8);
    const Decrypted other = Decrypt(changed, Copy(identity));
    ASSERT_TRUE(other.error) << at;
    EXPECT_EQ(other.plain.size() % kAgeChunkBytes, 0U);
    EXPECT_TRUE(plain.starts_with(other.plain));
  }
  const auto kind_of_cut = [&](std::size_t size) {
    return KindOf(Decrypt(stored.substr(0, size), Copy(identity)));
  };
  EXPECT_EQ(kind_of_cut(first_chunk - 1), Kind::kMalformed);
  EXPECT_EQ(kind_of_cut(first_chunk), Kind::kIncomplete);
  EXPECT_EQ(kind_of_cut(first_chunk + kAgeChunkBytes + kAgeTagBytes), Kind::kIncomplete);
  EXPECT_EQ(kind_of_cut(first_chunk + 100), Kind::kDamaged);
  EXPECT_EQ(KindOf(Decrypt(stored + "x", Copy(identity))), Kind::kDamaged);
}

TEST(Age, IsOpenedByNoOtherIdentity) {
  const std::string stored = Encrypt("secret", {AgeIdentity::Generate().recipient()});
  AgeIdentities several = Copy(AgeIdentity::Generate());
  several.push_back(AgeIdentity::Generate());
  EXPECT_EQ(KindOf(Decrypt(stored, std::move(several))), Kind::kWrongRecipient);
  EXPECT_EQ(KindOf(Decrypt(stored, {})), Kind::kWrongRecipient);
}

TEST(Age, PassesOnWhatTheSinkSays) {
  const AgeIdentity identity = AgeIdentity::Generate();
  const std::string stored = Encrypt(Plain(200000), {identity.recipient()});
  AgeDecryptor decryptor(Copy(identity),
                         [](ByteView) -> Status { return Error::Make(Kind::kNoSpace, "full"); });
  EXPECT_EQ(decryptor.Write(AsBytes(stored)).error().kind, Kind::kNoSpace);
  auto encryptor = AgeEncryptor::Start({identity.recipient()}, [](ByteView) -> Status {
    return Error::Make(Kind::kNoSpace, "full");
  });
  EXPECT_EQ(encryptor.error().kind, Kind::kNoSpace);
}

TEST(AgeHeader, BoundsItsSizeAndItsStanzas) {
  AgeHeader header;
  header.stanzas.resize(kMaxAgeStanzas, {{"grease"}, Bytes(48)});
  const std::string good = SerializeAgeHeader(header);
  EXPECT_EQ(ParseAgeHeader(good).value(), header);
  header.stanzas.push_back({{"grease"}, {}});
  EXPECT_EQ(ParseAgeHeader(SerializeAgeHeader(header)).error().kind, Kind::kTooLarge);
  header.stanzas = {{{"grease"}, Bytes(kMaxAgeHeaderBytes)}};
  const std::string long_one = SerializeAgeHeader(header);
  EXPECT_EQ(KindOf(Decrypt(long_one, {})), Kind::kTooLarge);
  EXPECT_EQ(ParseAgeHeader(long_one).error().kind, Kind::kTooLarge);
  // A first line without an end is not waited for.
  AgeHeaderReader reader;
  EXPECT_EQ(reader.Take(AsBytes(std::string(1000, 'a'))).error().kind, Kind::kMalformed);
}

}  // namespace
}  // namespace gapferry::bundle
