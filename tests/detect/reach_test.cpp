#include "detect/reach.h"

#include <gtest/gtest.h>

#include "detect/format.h"

namespace gapferry::detect {
namespace {

TEST(Reach, IsKnownForEveryFormat) {
  for (const Format& format : AllFormats())
    EXPECT_TRUE(KnowsReach(format.name)) << format.name;
}

TEST(Reach, OfPlainListsIsWhatTheFirewallIsSaidToDo) {
  Destination destination;
  destination.format = "edl";
  for (const auto& [below, reaches] :
       {std::pair{"none", false}, {"wildcard", true}, {"implied", true}}) {
    destination.net.edl.below = below;
    EXPECT_EQ(ReachOf(destination).below, reaches) << below;
    EXPECT_TRUE(ReachOf(destination).within);
  }
}

}  // namespace
}  // namespace gapferry::detect
