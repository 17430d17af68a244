#include "bundle/root.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "tests/bundle/oracle.h"
#include "tests/bundle/sample.h"

namespace gapferry::bundle {
namespace {

Result<Root> Step(const Root& now, const Root& next, const std::vector<const SecretKey*>& signers) {
  const SignedDocument document = SignRoot(next, signers);
  return NextRoot(now, document.bytes, document.signatures);
}

TEST(Root, RoundTrips) {
  Root root = SampleNextRoot();
  root.revoked = {TestKeys().root.public_key().id};
  auto parsed = ParseRoot(SerializeRoot(root));
  ASSERT_TRUE(parsed.ok()) << parsed.error().what;
  EXPECT_EQ(*parsed, root);
}

TEST(ParseRoot, RefusesOtherSpellings) {
  const std::string good = SerializeRoot(SampleRoot());
  for (const std::string& bytes :
       {DumpJson(*ParseJson(good)), good + " ",
        Replaced(good, "\"revoked\": []", "\"revoked\": [],\n  \"x\": 1"),
        Replaced(good, "\"threshold\": 1", "\"threshold\": 1.0")}) {
    EXPECT_EQ(ParseRoot(bytes).error().kind, Kind::kMalformed);
  }
  EXPECT_EQ(
      ParseRoot(Replaced(good, "\"format_version\": 1", "\"format_version\": 7")).error().kind,
      Kind::kUnsupported);
  EXPECT_EQ(ParseRoot(std::string(kMaxRootBytes + 1, ' ')).error().kind, Kind::kTooLarge);
}

TEST(ParseRoot, RefusesARootThatCannotWork) {
  const Keys& keys = TestKeys();
  const auto refuses = [](const Root& root) { return !ParseRoot(SerializeRoot(root)).ok(); };
  Root root = SampleRoot();
  root.root.threshold = 2;
  EXPECT_TRUE(refuses(root)) << "threshold above the number of keys";
  root = SampleRoot();
  root.root.keys = {keys.stranger.public_key().id};
  EXPECT_TRUE(refuses(root)) << "a key that is not given";
  root = SampleRoot();
  root.revoked = {keys.content.public_key().id};
  EXPECT_TRUE(refuses(root)) << "a revoked key in use";
  root = SampleRoot();
  root.streams[NewUuid()] = root.streams[kStreamUuid];
  EXPECT_TRUE(refuses(root)) << "a stream name given twice";
}

// A key id is no part of what a signature covers: one key under two ids would count as two signers.
TEST(ParseRoot, RefusesOneKeyUnderTwoIds) {
  Root root = SampleRoot();
  PublicKey twin = TestKeys().content.public_key();
  twin.id.bytes[0] ^= 1;
  root.keys[twin.id] = twin;
  EXPECT_EQ(ParseRoot(SerializeRoot(root)).error().kind, Kind::kMalformed);
}

TEST(Fingerprint, IsTheHeadOfB2sumAndParsesAsTyped) {
  NEEDS_TOOL("b2sum");
  const TemporaryFolder folder;
  const std::string bytes = SerializeRoot(SampleRoot());
  folder.Write("root-0001.json", bytes);
  const Fingerprint fingerprint(bytes);
  const std::string hex = folder.Run("b2sum -l 256 root-0001.json | cut -c1-32").output;
  EXPECT_EQ(ParseFingerprint(hex), fingerprint);
  EXPECT_EQ(fingerprint.ToString().size(), 8 * 4 + 7U);
  EXPECT_EQ(ParseFingerprint(fingerprint.ToString()), fingerprint);
  EXPECT_EQ(ParseFingerprint("ABCD-ef01:2345 6789\tabcd ef01 2345 6789"),
            ParseFingerprint("abcdef0123456789abcdef0123456789"));
  EXPECT_FALSE(ParseFingerprint(fingerprint.ToString().substr(1)));
  EXPECT_FALSE(ParseFingerprint(""));
  EXPECT_FALSE(ParseFingerprint("abcdef0123456789abcdef012345678g"));
}

TEST(PinRoot, WantsTheFingerprintAndItsOwnSignature) {
  const SignedDocument document = SignRoot(SampleRoot(), {&TestKeys().root});
  const Fingerprint fingerprint(document.bytes);
  EXPECT_TRUE(PinRoot(document.bytes, document.signatures, fingerprint).ok());
  EXPECT_EQ(PinRoot(document.bytes, document.signatures, Fingerprint("x")).error().kind,
            Kind::kUnknownSigner);
  const SignedDocument foreign = SignRoot(SampleRoot(), {&TestKeys().content});
  EXPECT_EQ(PinRoot(foreign.bytes, foreign.signatures, fingerprint).error().kind,
            Kind::kUnknownSigner);
}

TEST(NextRoot, NeedsTheOldAndTheNewThreshold) {
  const Keys& keys = TestKeys();
  const Root now = SampleRoot();
  EXPECT_EQ(*Step(now, SampleNextRoot(), {&keys.root, &keys.next_root}), SampleNextRoot());
  EXPECT_EQ(Step(now, SampleNextRoot(), {&keys.root}).error().kind, Kind::kUnknownSigner);
  EXPECT_EQ(Step(now, SampleNextRoot(), {&keys.next_root}).error().kind, Kind::kUnknownSigner);
  EXPECT_EQ(Step(now, SampleNextRoot(), {&keys.content, &keys.next_root}).error().kind,
            Kind::kUnknownSigner);

  Root two = SampleNextRoot();
  two.root = {{keys.next_root.public_key().id, keys.second.public_key().id}, 2};
  EXPECT_EQ(Step(now, two, {&keys.root, &keys.next_root}).error().kind, Kind::kThreshold);
  EXPECT_TRUE(Step(now, two, {&keys.root, &keys.next_root, &keys.second}).ok());
}

TEST(NextRoot, CountsKeysAndNotSignatures) {
  const Keys& keys = TestKeys();
  Root two = SampleNextRoot();
  two.root = {{keys.next_root.public_key().id, keys.second.public_key().id}, 2};
  EXPECT_EQ(Step(SampleRoot(), two, {&keys.root, &keys.next_root, &keys.next_root}).error().kind,
            Kind::kThreshold);
}

TEST(NextRoot, GoesOneStepOnly) {
  const Keys& keys = TestKeys();
  Root third = SampleNextRoot();
  third.version = 3;
  EXPECT_FALSE(Step(SampleRoot(), third, {&keys.root, &keys.next_root}).ok());
  EXPECT_FALSE(Step(SampleRoot(), SampleRoot(), {&keys.root}).ok());
  // Even if the comment claims the right number.
  const std::string bytes = SerializeRoot(third);
  const std::vector<std::string> signatures = {SignText(keys.root, bytes, "root:2"),
                                               SignText(keys.next_root, bytes, "root:2")};
  EXPECT_EQ(NextRoot(SampleRoot(), bytes, signatures).error().kind, Kind::kRootStep);
}

TEST(NextRoot, TakesNoRevocationBack) {
  const Keys& keys = TestKeys();
  const KeyId stolen = keys.content.public_key().id;
  Root now = SampleRoot();
  now.keys.erase(stolen);
  now.streams[kStreamUuid].content.keys = {keys.second.public_key().id};
  now.revoked = {stolen};
  Root next = now;
  ++next.version;
  EXPECT_TRUE(Step(now, next, {&keys.root}).ok());
  next.revoked.insert(keys.stranger.public_key().id);
  EXPECT_TRUE(Step(now, next, {&keys.root}).ok());

  next.revoked.erase(stolen);
  const Error dropped = Step(now, next, {&keys.root}).error();
  EXPECT_EQ(dropped.kind, Kind::kRevokedSigner);
  for (const std::string& name : {stolen.ToString(), std::string("root 1"), std::string("root 2")})
    EXPECT_NE(dropped.what.find(name), std::string::npos) << dropped.what;
  next.keys[stolen] = keys.content.public_key();
  const Error in_keys_only = Step(now, next, {&keys.root}).error();
  EXPECT_NE(in_keys_only.what.find("trusts again"), std::string::npos) << in_keys_only.what;
  next.streams[kStreamUuid].content.keys.insert(stolen);
  EXPECT_EQ(Step(now, next, {&keys.root}).error().kind, Kind::kRevokedSigner);
  next.streams[kStreamUuid].content.keys.erase(stolen);
  next.root.keys.insert(stolen);
  EXPECT_EQ(Step(now, next, {&keys.root}).error().kind, Kind::kRevokedSigner);
}

TEST(CheckRole, WhatLiesBesideGoodSignaturesTakesNothingFromThem) {
  const Keys& keys = TestKeys();
  const Root root = SampleRoot();
  const auto check = [&](const std::vector<std::string>& signatures) {
    return CheckRole(root.root, root.keys, "x", "root:2", signatures);
  };
  const std::string good = SignText(keys.root, "x", "root:2");
  const std::string unfitting = SignText(keys.root, "y", "root:2");
  EXPECT_TRUE(check({"junk", good}).ok());
  EXPECT_TRUE(check({good, unfitting}).ok());
  EXPECT_TRUE(check({unfitting, "junk", good}).ok());
  EXPECT_EQ(check({"junk"}).error().kind, Kind::kMalformed);
  EXPECT_EQ(check({"junk", unfitting}).error().kind, Kind::kBadSignature);
  EXPECT_EQ(check({"junk", SignText(keys.stranger, "x", "root:2")}).error().kind,
            Kind::kUnknownSigner);
}

TEST(CheckRole, RefusesASignatureThatSaysSomethingElse) {
  const Keys& keys = TestKeys();
  const Root root = SampleRoot();
  EXPECT_EQ(CheckRole(root.root, root.keys, "x", "root:2", {SignText(keys.root, "x", "root:3")})
                .error()
                .kind,
            Kind::kBadSignature);
  EXPECT_EQ(CheckRole(root.root, root.keys, "x", "root:2", {SignText(keys.root, "y", "root:2")})
                .error()
                .kind,
            Kind::kBadSignature);
  EXPECT_EQ(CheckRole(root.root, root.keys, "x", "root:2", {}).error().kind, Kind::kUnknownSigner);
}

TEST(CheckRole, StrangersAndJunkHideNoGoodSignature) {
  const Keys& keys = TestKeys();
  const Root root = SampleRoot();
  std::vector<std::string> many(kMaxSignatures + 1, SignText(keys.content, "x", "root:2"));
  many.resize(2 * many.size(), SignText(keys.root, "y", "root:2"));
  many.push_back(SignText(keys.root, "x", "root:2"));
  EXPECT_TRUE(CheckRole(root.root, root.keys, "x", "root:2", many).ok());
  const SortedSignatures sorted = SortSignatures(root.keys, "x", "root:2", many);
  EXPECT_EQ(sorted.fitting.size(), 2U);
  EXPECT_EQ(sorted.others.size(), kMaxSignatures + 1);
}

}  // namespace
}  // namespace gapferry::bundle
