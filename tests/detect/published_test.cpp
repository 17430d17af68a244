#include "detect/published.h"

#include <SQLiteCpp/Database.h>

#include <gtest/gtest.h>

#include <filesystem>

namespace gapferry::detect {
namespace {

constexpr Time kMonday = 1'793'577'600;
constexpr Time kTuesday = kMonday + kSecondsPerDay;

class PublishedTest : public testing::Test {
 protected:
  PublishedTest() : folder_(std::filesystem::path(testing::TempDir()) / NewUuid().ToString()) {
    std::filesystem::create_directories(folder_);
    store_ = store::Store::Open(folder_ / "store.db");
  }
  ~PublishedTest() override { std::filesystem::remove_all(folder_); }

  // What a generation publishes of one family, in order.
  std::vector<store::ObjectVersion> Publish(
      Time now, const std::string& family,
      const std::vector<std::pair<Uuid, std::string>>& objects) {
    Registry registry(*store_, now);
    PublishedObjects published(registry, "siem/stix", now);
    EXPECT_TRUE(published.Open(family).ok());
    std::vector<store::ObjectVersion> versions;
    for (const auto& [id, content] : objects)
      versions.push_back(published.Publish(id, content));
    EXPECT_TRUE(published.Close().ok());
    return versions;
  }

  const Uuid low_ = *ParseUuid("00000000-0000-4000-8000-000000000001");
  const Uuid high_ = *ParseUuid("f0000000-0000-4000-8000-000000000002");
  std::filesystem::path folder_;
  Result<store::Store> store_ = Error::Make(Kind::kInternal, "not opened");
};

TEST_F(PublishedTest, CountsChangesOfEachObject) {
  auto versions = Publish(kMonday, "a", {{high_, "one"}, {low_, "two"}});
  EXPECT_EQ(versions[0].rev, 1U);
  EXPECT_EQ(versions[0].changed, kMonday);
  versions = Publish(kTuesday, "a", {{high_, "one"}, {low_, "other"}});
  EXPECT_EQ(versions[0].rev, 1U);
  EXPECT_EQ(versions[0].changed, kMonday);
  EXPECT_EQ(versions[1].rev, 2U);
  EXPECT_EQ(versions[1].changed, kTuesday);
}

TEST_F(PublishedTest, KnowsWhatWasGoneAndComesBack) {
  Publish(kMonday, "a", {{high_, "one"}, {low_, "two"}});
  Publish(kTuesday, "a", {{low_, "two"}});
  Publish(kTuesday, "a", {});
  const auto versions = Publish(kTuesday, "a", {{low_, "two"}, {high_, "changed"}});
  EXPECT_EQ(versions[0].rev, 1U);
  EXPECT_EQ(versions[1].rev, 2U);
}

TEST_F(PublishedTest, NeverGoesBackWithAnOlderBundle) {
  Publish(kTuesday, "a", {{low_, "new"}});
  const auto versions = Publish(kMonday, "a", {{low_, "old"}});
  EXPECT_EQ(versions[0].rev, 2U);
  EXPECT_EQ(versions[0].changed, kTuesday);
}

TEST_F(PublishedTest, KeepsFamiliesApart) {
  Publish(kMonday, "a", {{low_, "one"}});
  EXPECT_EQ(Publish(kMonday, "b", {{low_, "other"}})[0].rev, 1U);
  EXPECT_EQ(Publish(kMonday, "a", {{low_, "one"}})[0].rev, 1U);
}

TEST_F(PublishedTest, RemembersTheLastOfTwoWithOneId) {
  Publish(kMonday, "a", {{low_, "first"}, {low_, "second"}});
  EXPECT_EQ(Publish(kMonday, "a", {{low_, "second"}})[0].rev, 1U);
}

TEST_F(PublishedTest, KnowsWhatWasRememberedByItsDigest) {
  const auto before = [&](const Uuid& id, std::string_view content) {
    return store::ObjectVersion{id, store::ContentOf(Hash256(AsBytes(content))), 3, kMonday};
  };
  Registry registry(*store_, kMonday);
  ASSERT_TRUE(
      registry.PutObjects("siem/stix", "a", {{before(low_, "one"), before(high_, "two")}}).ok());
  for (int generation = 0; generation < 2; ++generation) {
    const auto versions = Publish(kTuesday, "a", {{low_, "one"}, {high_, "other"}});
    EXPECT_EQ(versions[0].rev, 3U);
    EXPECT_EQ(versions[0].changed, kMonday);
    EXPECT_EQ(versions[0].content, FingerprintOf(AsBytes("one")));
    EXPECT_EQ(versions[1].rev, 4U);
    EXPECT_EQ(versions[1].changed, kTuesday);
  }
}

TEST_F(PublishedTest, SaysSoWhereWhatItRemembersIsDamaged) {
  Publish(kMonday, "a", {{low_, "one"}});
  store_->database().exec("UPDATE published_object SET versions = x'00'");
  Registry registry(*store_, kMonday);
  PublishedObjects published(registry, "siem/stix", kMonday);
  EXPECT_EQ(published.Open("a").error().kind, Kind::kDamaged);
}

}  // namespace
}  // namespace gapferry::detect
