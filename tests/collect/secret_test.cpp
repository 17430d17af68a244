#include "collect/secret.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

namespace gapferry::collect {
namespace {

class SecretPlace : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "gapferry-secret-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text, mode_t mode = 0600) {
    std::ofstream(folder_ / name) << text;
    ASSERT_EQ(::chmod((folder_ / name).c_str(), mode), 0);
  }

  std::filesystem::path folder_;
};

TEST_F(SecretPlace, IsAFileOfItsOwner) {
  Write("key", "s3cret\n");
  const auto secret = LoadSecret("file:key", folder_);
  ASSERT_TRUE(secret.ok());
  EXPECT_EQ(secret->view(), "s3cret");
  Write("crlf", "s3cret\r\n");
  ASSERT_TRUE(LoadSecret("file:crlf", folder_).ok());
  for (const mode_t mode : {0640U, 0604U, 0644U}) {
    Write("open", "s3cret", mode);
    const auto open = LoadSecret("file:open", folder_);
    ASSERT_FALSE(open.ok()) << mode;
    EXPECT_EQ(open.error().kind, Kind::kConfig);
    EXPECT_EQ(open.error().what.find("s3cret"), std::string::npos);
  }
}

TEST_F(SecretPlace, IsAVariableOrACredential) {
  ASSERT_EQ(::setenv("GAPFERRY_TEST_KEY", "from-env", 1), 0);
  EXPECT_EQ(LoadSecret("env:GAPFERRY_TEST_KEY", folder_).value().view(), "from-env");
  ASSERT_EQ(::unsetenv("GAPFERRY_TEST_KEY"), 0);
  EXPECT_FALSE(LoadSecret("env:GAPFERRY_TEST_KEY", folder_).ok());
  Write("misp", "from-systemd\n", 0400);
  ASSERT_EQ(::setenv("CREDENTIALS_DIRECTORY", folder_.c_str(), 1), 0);
  EXPECT_EQ(LoadSecret("credential:misp", folder_).value().view(), "from-systemd");
  EXPECT_FALSE(LoadSecret("credential:../misp", folder_).ok());
  EXPECT_FALSE(LoadSecret("credential:other", folder_).ok());
  ASSERT_EQ(::unsetenv("CREDENTIALS_DIRECTORY"), 0);
  EXPECT_FALSE(LoadSecret("credential:misp", folder_).ok());
}

TEST_F(SecretPlace, HoldsSomethingThatCanBeAHeader) {
  for (const std::string& wrong : {std::string(), std::string("\n"), std::string("a\nb"),
                                   std::string("a\tb"), std::string(kMaxSecretBytes + 1, 'a')}) {
    Write("key", wrong);
    EXPECT_FALSE(LoadSecret("file:key", folder_).ok()) << wrong.size();
  }
  EXPECT_FALSE(LoadSecret("file:gone", folder_).ok());
  EXPECT_FALSE(LoadSecret("file:.", folder_).ok());
}

TEST(CheckSecretPlace, NeverRepeatsWhatMayBeTheSecret) {
  for (const char* right : {"file:/etc/key", "env:KEY", "credential:misp"})
    EXPECT_EQ(CheckSecretPlace(right), "") << right;
  for (const char* wrong : {"", "s3cretKey0123456789", "file:", "env:", "credential:", "vault:x"}) {
    const std::string_view said = CheckSecretPlace(wrong);
    EXPECT_FALSE(said.empty()) << wrong;
    EXPECT_EQ(said.find("s3cret"), std::string_view::npos);
  }
}

TEST(Secret, IsRedactedWhereverItStands) {
  const Secret secret("k3y");
  EXPECT_EQ(secret.Redact("k3y and k3yk3y."), "*** and ******.");
  EXPECT_EQ(secret.Redact("nothing"), "nothing");
  EXPECT_EQ(Secret().Redact("nothing"), "nothing");
  EXPECT_EQ(Secret("Bearer t0kenOf8").Redact("Bearer t0kenOf8, t0kenOf8"), "Bearer ***, ***");
  EXPECT_EQ(Secret("t0kenOf8").Redact("T0KENOF8 and T0kenof8"), "*** and ***");
  EXPECT_EQ(Secret("Basic b3BlcmF0b3I6czNjcmV0VzByZA==").Redact("no operator:s3cretW0rd"),
            "no operator:***");
}

TEST(Secret, IsRedactedWhereAnUrlSpellsIt) {
  const Secret secret("a/b+c %41=Z");
  EXPECT_EQ(secret.token(), "a/b+c %41=Z");
  for (const char* spelled : {"a/b+c %41=Z", "a%2Fb%2Bc%20%2541%3DZ", "a%2fb%2bc+%2541%3dz",
                              "a/b%2Bc%20%41=Z", "%61%2F%62%2B%63%20%25%34%31%3D%5A"}) {
    EXPECT_EQ(secret.Redact(fmt::format("see ?key={}&x", spelled)), "see ?key=***&x") << spelled;
  }
  EXPECT_EQ(secret.Redact("a%2Fb%2Bc%2541%3DZ %2 %"), "a%2Fb%2Bc%2541%3DZ %2 %");
}

TEST(Secret, IsTheTokenWithoutItsScheme) {
  EXPECT_EQ(Secret("Bearer t0kenOf8").token(), "t0kenOf8");
  EXPECT_EQ(Secret("Bearer 7bytes.").token(), "Bearer 7bytes.") << "too short to stand alone";
  EXPECT_EQ(Secret("k3y").token(), "k3y");
  EXPECT_EQ(Secret().token(), "");
}

}  // namespace
}  // namespace gapferry::collect
