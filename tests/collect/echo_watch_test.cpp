#include "collect/echo_watch.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace gapferry::collect {
namespace {

constexpr std::string_view kKey = "k/3y+Ü\"😀==";

// In pieces of each size, because a server decides where one ends.
void ExpectSeen(std::string_view text, bool expected) {
  for (std::size_t size = 1; size <= text.size(); ++size) {
    EchoWatch watch((Secret(std::string(kKey))));
    bool seen = false;
    for (std::size_t at = 0; at < text.size(); at += size)
      seen = watch.Seen(text.substr(at, size)) || seen;
    ASSERT_EQ(seen, expected) << text << " in pieces of " << size;
  }
}

TEST(EchoWatch, FindsTheKeyHoweverJsonWritesIt) {
  ExpectSeen("see k/3y+Ü\"😀== there", true);
  for (const char* written : {R"(see k\/3y+Ü\"😀== there)",
                              R"(\u006b\u002F\u0033\u0079\u002b\u00dc\u0022\ud83d\uDE00\u003d=)",
                              R"(\\u006b/3y+Ü\"😀==)", R"(\\\/ \u00 \uk\/3y+Ü\"😀==)"}) {
    ExpectSeen(written, true);
  }
  // The writer of JSON that the rest of the program uses is the oracle.
  const Json once = {{"comment", "a\\" + std::string(kKey) + "\n"}};
  ExpectSeen(once.dump(), true);
  ExpectSeen(once.dump(-1, ' ', true), true);
  ExpectSeen(Json({{"parameters", once.dump(-1, ' ', true)}}).dump(), true);
}

TEST(EchoWatch, FindsNothingElse) {
  for (const char* other :
       {"", R"(k\\\\/3y+Ü\"😀==)", "k/3y+Ü\"😀=", R"(\ud83d\ude00 k/3y)", R"(\)", R"(\u00)"})
    ExpectSeen(other, false);
  EXPECT_FALSE(EchoWatch(Secret()).Seen("anything"));
}

TEST(EchoWatch, FindsTheKeyInTheOtherCase) {
  ExpectSeen("see K/3Y+Ü\"😀== there", true);
  ExpectSeen(R"(\u004b\/3\u0059+Ü\"😀==)", true);
}

TEST(EchoWatch, FindsTheKeyAsAnUrlSpellsIt) {
  for (const char* written :
       {"?key=k%2F3y%2B%C3%9C%22%F0%9F%98%80%3D%3D&", "?key=k/3y%2b%c3%9c%22%f0%9f%98%80==&",
        "%%6B%2f3y+%C3%9C\"😀==", "%4b%2F%33%59%2B%C3%9C%22%F0%9F%98%80%3D%3D"}) {
    ExpectSeen(written, true);
  }
  for (const char* other : {"k%2F3y%2B%C3%9C%22%F0%9F%98%80%3D%3", "k%2F%3y+Ü\"😀=="})
    ExpectSeen(other, false);
  EXPECT_TRUE(EchoWatch(Secret("a key with blanks")).Seen("a+key+with+blanks"));
}

TEST(EchoWatch, FindsThePasswordOfABasicKey) {
  // "operator:s3cretW0rd" and "operator:short"
  const Secret whole("Basic b3BlcmF0b3I6czNjcmV0VzByZA==");
  for (const char* text : {"is s3cretW0rd here", "S3CRETW0RD", "b3BlcmF0b3I6czNjcmV0VzByZA=="})
    EXPECT_TRUE(EchoWatch(whole).Seen(text)) << text;
  const Secret brief("Basic b3BlcmF0b3I6c2hvcnQ=");
  EXPECT_TRUE(EchoWatch(brief).Seen("https://operator:short@h.example/"));
  EXPECT_FALSE(EchoWatch(brief).Seen("a short text"));
}

}  // namespace
}  // namespace gapferry::collect
