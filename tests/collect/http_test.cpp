#include "collect/http.h"

#include <gtest/gtest.h>

namespace gapferry::collect {
namespace {

TEST(ShownUrl, LeavesOutUserPasswordAndQuery) {
  for (const char* url :
       {"https://h.example/f", "https://h.example/f?key=x", "https://h.example/f#part",
        "https://u:p@h.example/f?key=x", "https://u:p/w@h.example/f", "https://u:p#w@h.example/f",
        "https://u@x:p@w@h.example/f"}) {
    EXPECT_EQ(ShownUrl(url), "https://h.example/f") << url;
  }
  EXPECT_EQ(ShownUrl("u:pw@h.example/f?k=1"), "h.example/f");
  EXPECT_EQ(ShownUrl("h.example/f"), "h.example/f");
  EXPECT_EQ(ShownUrl("https://[2001:db8::1]:8443/f"), "https://[2001:db8::1]:8443/f");
  EXPECT_EQ(ShownUrl(""), "");
}

}  // namespace
}  // namespace gapferry::collect
