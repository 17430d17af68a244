#include "policy/confidence.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <set>

#include "base/file.h"
#include "base/json.h"

namespace gapferry::policy {
namespace {

std::optional<int> Read(const std::vector<std::string>& names) {
  std::vector<intel::Tag> tags;
  for (const std::string& name : names)
    tags.push_back({name, "", "", false, true});
  const auto confidence = ReadConfidence(tags);
  return confidence ? std::optional<int>(*confidence) : std::nullopt;
}

TEST(Confidence, IsWhatTheTagSays) {
  EXPECT_EQ(Read({R"(admiralty-scale:source-reliability="b")"}), 75);
  EXPECT_EQ(Read({R"(estimative-language:likelihood-probability="very-likely")"}), 80);
  EXPECT_EQ(Read({R"(misp:confidence-level="unconfident")"}), 0);
  EXPECT_EQ(Read({R"(osint:certainty="93")"}), 93);
}

TEST(Confidence, IsTheLowestOfSeveral) {
  EXPECT_EQ(Read({R"(osint:certainty="93")", R"(admiralty-scale:information-credibility="4")",
                  R"(misp:confidence-level="usually-confident")"}),
            25);
}

TEST(Confidence, IsReadWithoutCaseAndQuotes) {
  EXPECT_EQ(Read({" Admiralty-Scale:Source-Reliability=\"B\" "}), 75);
  EXPECT_EQ(Read({"osint:certainty=50"}), 50);
}

TEST(Confidence, IsUnknownWithoutATagThatSaysIt) {
  EXPECT_EQ(Read({}), std::nullopt);
  for (const char* tag :
       {"tlp:green", "osint:certainty", "osint:certainty=", R"(osint:certainty="42")",
        R"(osint:certainty="9)", R"(osint:lifetime="100")", R"(misp:threat-level="high-risk")",
        R"(xosint:certainty="93")", R"(osint:certainty="93"x)", "=", ""})
    EXPECT_EQ(Read({tag}), std::nullopt) << tag;
}

// The taxonomies themselves, as the corpus has them.
TEST(Confidence, HasTheNumbersOfTheTaxonomies) {
  const char* corpus = std::getenv("GAPFERRY_CORPUS");
  if (corpus == nullptr) GTEST_SKIP() << "GAPFERRY_CORPUS is not set";
  std::map<std::string, int> ours;
  std::set<std::string> predicates;
  std::set<std::string> taxonomies;
  for (const ConfidenceTag& tag : AllConfidenceTags()) {
    const std::string predicate(tag.predicate);
    ours[predicate + "=" + std::string(tag.value)] = tag.confidence;
    predicates.insert(predicate);
    taxonomies.insert(predicate.substr(0, predicate.find(':')));
  }
  std::map<std::string, int> theirs;
  for (const std::string& taxonomy : taxonomies) {
    const auto file = std::filesystem::path(corpus) / "taxonomies" / taxonomy / "machinetag.json";
    const auto text = ReadFile(file, 1 << 24);
    ASSERT_TRUE(text.ok()) << file;
    const auto json = ParseJson(*text, {.max_bytes = 1 << 24});
    ASSERT_TRUE(json.ok());
    for (const Json& group : (*json)["values"]) {
      const std::string predicate = taxonomy + ":" + group["predicate"].get<std::string>();
      if (!predicates.contains(predicate)) continue;
      for (const Json& entry : group["entry"])
        theirs[predicate + "=" + entry["value"].get<std::string>()] =
            entry["numerical_value"].get<int>();
    }
  }
  EXPECT_EQ(ours, theirs);
}

}  // namespace
}  // namespace gapferry::policy
