#include "bundle/minisign.h"

#include <gtest/gtest.h>

#include <map>

#include "base/file.h"
#include "base/json.h"
#include "tests/bundle/oracle.h"

namespace gapferry::bundle {
namespace {

Digest512 DigestOf(std::string_view text) {
  return Hash512(AsBytes(text));
}

Status Check(std::string_view public_key, std::string_view message, std::string_view signature) {
  GF_TRY(const PublicKey key, ParsePublicKey(public_key));
  GF_TRY(const SignatureFile file, ParseSignatureFile(signature));
  return Verify(key, DigestOf(message), file);
}

// What minisign 0.11 accepts and gapferry refuses, and why.
const std::map<std::string, std::pair<Kind, std::string>> kStricter = {
    {"crlf.txt.legacy.minisig",
     {Kind::kUnsupported, "legacy: two algorithms for one key invite a downgrade"}},
    {"empty.bin.legacy.minisig", {Kind::kUnsupported, "legacy"}},
    {"payload.bin.legacy.minisig", {Kind::kUnsupported, "legacy"}},
    {"payload.bin.crlf.minisig", {Kind::kMalformed, "one text per signature: no other line end"}},
    {"payload.bin.extra-line.minisig", {Kind::kMalformed, "unsigned bytes after the end"}},
    {"payload.bin.no-final-newline.minisig", {Kind::kMalformed, "one text per signature: cut"}},
    {"payload.bin.two-signatures.minisig",
     {Kind::kMalformed, "the second would never be looked at"}},
};

// Oracle: the recorded verdicts of minisign 0.11.
TEST(MinisignCorpus, AgreesWithMinisignExceptWhereItIsStricterOnPurpose) {
  const auto folder = Corpus() / "signing/minisign-made";
  if (Corpus().empty() || !std::filesystem::exists(folder))
    GTEST_SKIP() << "no corpus; set GAPFERRY_CORPUS";
  const auto read = [&](const Json& name) {
    return ReadFile(folder / name.get<std::string>(), 1 << 20).value();
  };
  const Json cases = ParseJson(read("expect.json")).value();
  ASSERT_GT(cases.size(), 30U);
  for (const Json& one : cases) {
    const auto name = one["signature"].get<std::string>();
    SCOPED_TRACE(name + " of " + one["message"].get<std::string>());
    const Status found = Check(read(one["pub"]), read(one["message"]), read(one["signature"]));
    const auto stricter = kStricter.find(name);
    if (stricter != kStricter.end()) {
      ASSERT_FALSE(found.ok());
      EXPECT_EQ(found.error().kind, stricter->second.first);
    } else {
      EXPECT_EQ(found.ok(), one["minisign_0_11_accepts"].get<bool>())
          << (found.ok() ? "" : found.error().what);
    }
    if (auto parsed = ParseSignatureFile(read(one["signature"])); parsed.ok()) {
      EXPECT_EQ(parsed->Serialize(), read(one["signature"]));
    }
  }
}

TEST(Minisign, OurSignaturesVerifyWithMinisign) {
  NEEDS_TOOL("minisign");
  const TemporaryFolder folder;
  const SecretKey key = SecretKey::Generate();
  folder.Write("m", "the message");
  folder.Write("k.pub", key.public_key().ToFile());
  for (const std::string& comment :
       {std::string("stream:ot-plant epoch:1 seq:42 kind:full"), std::string("tab\there"),
        std::string("Größe"), std::string(), std::string(kMaxTrustedComment, 'x')}) {
    folder.Write("m.minisig", Sign(key, DigestOf("the message"), comment)->Serialize());
    const Ran ran = folder.Run("minisign -Q -V -m m -p k.pub && minisign -V -m m -P " +
                               key.public_key().ToBase64());
    EXPECT_EQ(ran.exit_code, 0) << comment.size() << ran.output;
    EXPECT_NE(ran.output.find(comment), std::string::npos);
  }
}

TEST(Minisign, TakesKeysAndSignaturesOfMinisign) {
  NEEDS_TOOL("minisign");
  const TemporaryFolder folder;
  folder.Write("m", "the message");
  ASSERT_EQ(folder.Run("minisign -G -W -p k.pub -s k.key && minisign -S -s k.key -m m -t hello")
                .exit_code,
            0);
  EXPECT_TRUE(Check(folder.Read("k.pub"), "the message", folder.Read("m.minisig")).ok());
  EXPECT_EQ(Check(folder.Read("k.pub"), "another message", folder.Read("m.minisig")).error().kind,
            Kind::kBadSignature);
  auto key = SecretKey::Parse(folder.Read("k.key"));
  ASSERT_TRUE(key.ok()) << key.error().what;
  // Not the comment: minisign writes a key's number there without leading zeros.
  const std::string theirs = folder.Read("k.pub");
  EXPECT_EQ(key->public_key().ToBase64() + "\n", theirs.substr(theirs.find('\n') + 1));
  EXPECT_EQ(key->ToFile().view(), folder.Read("k.key"));
  EXPECT_FALSE(*SecretKey::IsEncrypted(folder.Read("k.key")));
}

TEST(Minisign, MinisignOpensOurEncryptedKey) {
  NEEDS_TOOL("minisign");
  const TemporaryFolder folder;
  const SecretKey key = SecretKey::Generate();
  folder.Write("m", "the message");
  folder.Write("k.key", key.ToEncryptedFile("correct horse", kScryptInteractive)->view());
  const Ran ran = folder.Run("printf 'correct horse\\n' | minisign -S -s k.key -m m -t hello");
  ASSERT_EQ(ran.exit_code, 0) << ran.output;
  EXPECT_TRUE(Check(key.public_key().ToBase64(), "the message", folder.Read("m.minisig")).ok());
}

// minisign always asks scrypt for 1 GiB.
TEST(Minisign, OpensTheEncryptedKeyOfMinisign) {
  NEEDS_TOOL("minisign");
  const TemporaryFolder folder;
  const Ran ran = folder.Run("printf 'secret\\nsecret\\n' | minisign -G -p k.pub -s k.key");
  ASSERT_EQ(ran.exit_code, 0) << ran.output;
  EXPECT_TRUE(*SecretKey::IsEncrypted(folder.Read("k.key")));
  EXPECT_EQ(SecretKey::Parse(folder.Read("k.key")).error().kind, Kind::kPassphrase);
  auto key = SecretKey::Parse(folder.Read("k.key"), "secret");
  ASSERT_TRUE(key.ok()) << key.error().what;
  // Not the comment: minisign writes a key's number there without leading zeros.
  const std::string theirs = folder.Read("k.pub");
  EXPECT_EQ(key->public_key().ToBase64() + "\n", theirs.substr(theirs.find('\n') + 1));
}

TEST(SecretKey, NeedsTheRightPassphrase) {
  const SecretKey key = SecretKey::Generate();
  const auto file = key.ToEncryptedFile("right", kScryptInteractive);
  EXPECT_EQ(SecretKey::Parse(file->view(), "right")->public_key(), key.public_key());
  EXPECT_EQ(SecretKey::Parse(file->view(), "wrong").error().kind, Kind::kPassphrase);
  EXPECT_EQ(SecretKey::Parse(file->view()).error().kind, Kind::kPassphrase);
}

TEST(SecretKey, RefusesAFileThatAsksForTooMuchMemory) {
  const SecretKey key = SecretKey::Generate();
  const auto file = key.ToEncryptedFile("right", kScryptInteractive);
  const std::size_t line = file->view().find('\n') + 1;
  Bytes bytes = *Base64Decode(file->view().substr(line, file->view().size() - line - 1));
  bytes[46 + 5] = 1;  // memory: 1 TiB
  const std::string hostile =
      std::string(file->view().substr(0, line)) + Base64Encode(bytes) + "\n";
  EXPECT_EQ(SecretKey::Parse(hostile, "right").error().kind, Kind::kTooLarge);
}

TEST(SecretKey, RefusesHalvesThatDoNotBelongTogether) {
  const SecretKey key = SecretKey::Generate();
  const SecretText file = key.ToFile();
  const std::size_t line = file.view().find('\n') + 1;
  Bytes bytes = *Base64Decode(file.view().substr(line, file.view().size() - line - 1));
  bytes[54 + 8 + 32] ^= 1;
  const std::string altered = std::string(file.view().substr(0, line)) + Base64Encode(bytes) + "\n";
  EXPECT_EQ(SecretKey::Parse(altered).error().kind, Kind::kMalformed);
}

TEST(PublicKey, ParsesFileAndLineAndRefusesPointsNobodyHas) {
  const PublicKey key = SecretKey::Generate().public_key();
  EXPECT_EQ(*ParsePublicKey(key.ToFile()), key);
  EXPECT_EQ(*ParsePublicKey(key.ToBase64()), key);
  EXPECT_EQ(*ParsePublicKey(key.ToBase64() + "\n"), key);
  EXPECT_FALSE(ParsePublicKey(key.ToBase64() + " ").ok());
  EXPECT_FALSE(ParsePublicKey("untrusted comment: x").ok());
  EXPECT_FALSE(ParsePublicKey("").ok());
  PublicKey identity{key.id, {1}};
  EXPECT_FALSE(ParsePublicKey(identity.ToBase64()).ok());
  EXPECT_EQ(*ParseKeyId(key.id.ToString()), key.id);
  EXPECT_FALSE(ParseKeyId("00000000000000aa"));
}

TEST(Sign, RefusesACommentThatIsNoPrintableLine) {
  const SecretKey key = SecretKey::Generate();
  for (const std::string& comment : {std::string("two\nlines"), std::string("\x1b[2J"),
                                     std::string("\xff"), std::string(8193, 'x')}) {
    EXPECT_EQ(Sign(key, DigestOf(""), comment).error().kind, Kind::kMalformed);
  }
}

TEST(Verify, CoversTheTrustedCommentAndTheKeyId) {
  const SecretKey key = SecretKey::Generate();
  const std::string text = Sign(key, DigestOf("m"), "seq:1")->Serialize();
  std::string altered = text;
  altered.replace(altered.find("seq:1"), 5, "seq:2");
  EXPECT_EQ(Check(key.public_key().ToBase64(), "m", altered).error().kind, Kind::kBadSignature);
  EXPECT_EQ(Check(SecretKey::Generate().public_key().ToBase64(), "m", text).error().kind,
            Kind::kUnknownSigner);
}

}  // namespace
}  // namespace gapferry::bundle
