#include "store/record.h"

#include <gtest/gtest.h>

#include <random>

#include "store/value_code.h"

namespace gapferry::store {
namespace {

Record SomeRecord(RecordKind kind, std::mt19937* random) {
  const auto text = [&] {
    return std::string((*random)() % 20, static_cast<char>('a' + (*random)() % 26));
  };
  Record record;
  record.kind = kind;
  record.source = "feed-" + text();
  record.event_uuid = NewUuid();
  record.event.uuid = record.event_uuid;
  record.object_uuid = NewUuid();
  record.event.info = text();
  record.event.published = (*random)() % 2 == 0 ? std::nullopt : std::optional<bool>(true);
  record.event.tags = {{text(), text(), text(), (*random)() % 2 == 0, true}};
  record.object.uuid = NewUuid();
  record.object.description = text();
  record.object.distribution = 4;
  record.attribute.uuid = NewUuid();
  record.attribute.value = text();
  record.attribute.to_ids = true;
  record.attribute.timestamp = -5;
  record.attribute.tags = record.event.tags;
  record.attribute.sighting = {static_cast<std::int64_t>((*random)() % 5), 2, 1'780'000'000, 0, 7};
  record.reference.uuid = NewUuid();
  record.reference.comment = text();
  record.report.uuid = NewUuid();
  record.report.content = text();
  record.warninglist.name = text();
  record.warninglist.version = 20240101;
  record.entry = text();
  return record;
}

TEST(Record, WhatDecodesEncodesToTheSameBytesAndNothingShorterDecodes) {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    for (int kind = 1; kind <= kRecordKinds; ++kind) {
      std::string bytes;
      EncodeRecord(SomeRecord(static_cast<RecordKind>(kind), &random), &bytes);
      Record decoded;
      ASSERT_TRUE(DecodeRecord(AsBytes(bytes), &decoded).ok());
      std::string again;
      EncodeRecord(decoded, &again);
      EXPECT_EQ(bytes, again);
      EXPECT_TRUE(bytes.starts_with(EncodeKey(decoded)));
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(DecodeRecord(AsBytes(std::string_view(bytes).substr(0, size)), &decoded).ok());
      }
      EXPECT_FALSE(DecodeRecord(AsBytes(bytes + "x"), &decoded).ok());
    }
  }
}

TEST(Record, RefusesSightingsOfLessThanNothing) {
  Record record;
  record.kind = RecordKind::kSighting;
  record.source = "feed";
  for (std::int64_t intel::Sighting::*number :
       {&intel::Sighting::seen, &intel::Sighting::false_positives, &intel::Sighting::last_seen,
        &intel::Sighting::last_false_positive, &intel::Sighting::expires}) {
    record.attribute.sighting = {1, 1, 1, 1, 1};
    std::string bytes;
    EncodeRecord(record, &bytes);
    Record decoded;
    EXPECT_TRUE(DecodeRecord(AsBytes(bytes), &decoded).ok());
    record.attribute.sighting.*number = -1;
    bytes.clear();
    EncodeRecord(record, &bytes);
    EXPECT_FALSE(DecodeRecord(AsBytes(bytes), &decoded).ok());
  }
}

// The child that writes records to the pipe is not believed: what the page says of a row holds here
// too.
TEST(Record, RefusesTextThatIsNoUtf8AndNamesThatAreNone) {
  Record record;
  record.kind = RecordKind::kEvent;
  record.source = "feed";
  record.event.tags = {{"tlp:green", "", "", false, true}};
  const auto decodes = [&] {
    std::string bytes;
    EncodeRecord(record, &bytes);
    Record decoded;
    return DecodeRecord(AsBytes(bytes), &decoded).ok();
  };
  EXPECT_TRUE(decodes());
  record.event.info = "12345678\xc3\x28";
  EXPECT_FALSE(decodes());
  record.event.info = "12345678\xc3\xa4";
  EXPECT_TRUE(decodes());
  record.event.tags[0].name = "\xff";
  EXPECT_FALSE(decodes());
  record.event.tags[0].name = "";
  for (const std::string& name : {std::string(), std::string("../x"), std::string("A"),
                                  std::string("a\x1b"), std::string(41, 'a')}) {
    record.source = name;
    EXPECT_FALSE(decodes()) << name;
  }
  record.source = std::string(40, 'a');
  EXPECT_TRUE(decodes());
}

TEST(StateDigest, DoesNotDependOnOrderAndTakesRowsBack) {
  const Digest256 a = Hash256(AsBytes("a"));
  const Digest256 b = Hash256(AsBytes("b"));
  StateDigest one;
  one.Add(a);
  one.Add(b);
  StateDigest two;
  two.Add(b);
  two.Add(a);
  EXPECT_EQ(one.value(), two.value());
  two.Subtract(a);
  StateDigest only_b;
  only_b.Add(b);
  EXPECT_EQ(two.value(), only_b.value());
  EXPECT_EQ(only_b.value(), b);
  only_b.Subtract(b);
  EXPECT_EQ(only_b.value(), Digest256{});
}

TEST(StateDigest, CarriesAcrossTheWholeWidth) {
  Digest256 all_ones;
  all_ones.fill(0xFF);
  Digest256 one{};
  one.back() = 1;
  StateDigest digest;
  digest.Add(all_ones);
  digest.Add(one);
  EXPECT_EQ(digest.value(), Digest256{});
}

TEST(ValueCode, MakesABlobOnlyWhereTheTextComesBack) {
  const auto round_trip = [](const char* type, const std::string& value) {
    Bytes blob;
    if (!EncodeValue(intel::FindType(type), value, &blob)) return false;
    std::string back;
    EXPECT_TRUE(DecodeValue(intel::FindType(type), blob, &back));
    EXPECT_EQ(back, value);
    return true;
  };
  EXPECT_TRUE(round_trip("md5", "d41d8cd98f00b204e9800998ecf8427e"));
  EXPECT_TRUE(round_trip("ip-dst", "192.0.2.1"));
  EXPECT_TRUE(round_trip("ip-src", "2001:db8::1"));
  EXPECT_FALSE(round_trip("md5", "D41D8CD98F00B204E9800998ECF8427E"));
  EXPECT_FALSE(round_trip("md5", "d41d"));
  EXPECT_FALSE(round_trip("ip-dst", "192.0.2.0/24"));
  EXPECT_FALSE(round_trip("ip-dst", "2001:DB8::1"));
  EXPECT_FALSE(round_trip("ip-dst", " 192.0.2.1"));
  EXPECT_FALSE(round_trip("domain", "evil.example"));
}

}  // namespace
}  // namespace gapferry::store
