#include "importer/alert_values.h"

#include <gtest/gtest.h>

#include "importer/eve_line.h"

namespace gapferry::importer {
namespace {

std::vector<std::string> Values(const char* event, std::string_view set) {
  std::vector<std::string> values;
  for (const SeenValue& one : ValuesSeen(Json::parse(event), set))
    values.push_back(one.indicator.value);
  return values;
}
using List = std::vector<std::string>;

TEST(AlertValues, TakeAsManyLabelsAsTheSetHas) {
  constexpr char kEvent[] = R"({"dns":{"query":[{"rrname":"A.b.Evil.example."}]}})";
  EXPECT_EQ(Values(kEvent, "domain-2"), List{"evil.example"});
  EXPECT_EQ(Values(kEvent, "domain-3-s12"), List{"b.evil.example"});
  EXPECT_EQ(Values(kEvent, "domain-4"), List{"a.b.evil.example"});
  EXPECT_EQ(Values(kEvent, "domain-5"), List{});
  EXPECT_EQ(Values(kEvent, "hostname"), List{"a.b.evil.example"});
}

TEST(AlertValues, LookBothWaysOnlyForNetworksOfBoth) {
  constexpr char kEvent[] = R"({"src_ip":"192.0.2.1","dest_ip":"2001:db8:0:0::1"})";
  EXPECT_EQ(Values(kEvent, "ip-from-v4"), List{"192.0.2.1"});
  EXPECT_EQ(Values(kEvent, "ip-to-v6"), List{"2001:db8::1"});
  EXPECT_EQ(Values(kEvent, "networks-both"), (List{"192.0.2.1", "2001:db8::1"}));
  EXPECT_EQ(Values(kEvent, "iprep-source"), List{"192.0.2.1"});
}

TEST(AlertValues, TryThePortsThatAUrlMayHaveHad) {
  EXPECT_EQ(Values(R"({"dest_port":8080,"http":{"hostname":"h.example","url":"/a"}})", "url-host"),
            (List{"http://h.example/a", "http://h.example:8080/a"}));
  EXPECT_EQ(Values(R"({"dest_port":3128,"http":{"hostname":"h.example","http_port":80,)"
                   R"("url":"http://h.example/a?u=http://x/"}})",
                   "url-host"),
            (List{"http://h.example/a?u=http://x/", "http://h.example:3128/a?u=http://x/"}));
}

TEST(AlertValues, PassOverWhatIsOfAnotherType) {
  for (const char* event :
       {"[]", "1", R"({"dns":1,"tls":[],"http":"x","quic":null,"files":{"sha256":1}})",
        R"({"dns":{"query":[1,null,{"rrname":7}]},"tls":{"sni":{}},"src_ip":1})"}) {
    for (const char* set : {"domain-2", "hostname", "url-host", "sha256", "ja3", "ip-from-v4", "x"})
      EXPECT_EQ(Values(event, set), List{}) << event << set;
  }
}

TEST(EveLine, KeepsEveryByteOfAnAlert) {
  constexpr std::string_view kLine = "{ \"alert\" : {\"x\":1.50}, \"a\":\"\\u0041\" } \r\n";
  ASSERT_EQ(ReadEveLine(kLine).kind, EveLine::Kind::kAlert);
  const std::string told = WithMember(kLine, {{"v", 1}});
  EXPECT_EQ(told, "{ \"alert\" : {\"x\":1.50}, \"a\":\"\\u0041\" ,\"gapferry\":{\"v\":1}} \r\n");
  EXPECT_EQ(ReadEveLine(told).kind, EveLine::Kind::kOther);
  EXPECT_EQ(ReadEveLine(R"({"alert":{"gid":1},"x":{"k":1,"k":2}})").kind, EveLine::Kind::kAlert);
}

}  // namespace
}  // namespace gapferry::importer
