#include "collect/echo_watch.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace gapferry::collect {
namespace {

constexpr std::string_view kKey = "k/3y+Ü\"😀==";

// In pieces of each size, because a server decides where one ends.
void ExpectSeen(std::string_view text, bool expected) {
  for (std::size_t size = 1; size <= text.size(); ++size) {
    EchoWatch watch(kKey);
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
  EXPECT_FALSE(EchoWatch("").Seen("anything"));
}

}  // namespace
}  // namespace gapferry::collect
