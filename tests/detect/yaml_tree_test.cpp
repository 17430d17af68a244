// YAML of Sigma rules. Oracle: yaml-cpp finds in what is written the tree that was read.
#include "detect/yaml_tree.h"

#include <gmock/gmock.h>
#include <yaml-cpp/yaml.h>

namespace gapferry::detect {
namespace {

std::string YamlProblem(const std::string& text) {
  const auto read = ReadYaml(text);
  return read.ok() ? "" : read.error().what;
}

// The text of one value.
std::string ReadOne(const std::string& value) {
  const auto map = ReadYaml("k:" + value);
  return map.ok() ? map->items[0].text : map.error().what;
}

bool IsSame(const YamlNode& node, const YAML::Node& other) {
  if (node.kind == YamlNode::Kind::kNull) return other.IsNull();
  if (node.IsScalar()) return other.IsScalar() && other.Scalar() == node.text;
  if (other.size() != node.items.size()) return false;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const YAML::Node item = node.kind == YamlNode::Kind::kMap ? other[node.keys[i]] : other[i];
    if (!IsSame(node.items[i], item)) return false;
  }
  return true;
}

TEST(YamlTree, ReadsWhatItWrites) {
  for (const char* text :
       {"a: b\nc:\n  d: 'e'\n  f:\n  - g\n  - 'h: i'\n", "a:\n- b: c\n  d:\n    - e\n-\n",
        "a:\n    - b: 1\n      c: null\n    - d\nx: []\n", "'a b|c': \"\\u2028\\n\\\\\"\n",
        "---\n# c\na: 0x1F # d\nb: 2024-01-02\nc: TRUE\nd: ~\n"}) {
    const auto map = ReadYaml(text);
    ASSERT_TRUE(map.ok()) << text << map.error().what;
    const std::string written = WriteYaml(*map);
    const auto again = ReadYaml(written);
    ASSERT_TRUE(again.ok()) << written << again.error().what;
    EXPECT_EQ(WriteYaml(*again), written);
    EXPECT_TRUE(IsSame(*map, YAML::Load(written))) << written;
  }
  EXPECT_EQ(WriteYaml(*ReadYaml("a:\n- b: it's\n  c: [1, x]\nd:\n")),
            "a:\n    - b: 'it''s'\n      c:\n          - 1\n          - 'x'\nd: null\n");
}

TEST(YamlTree, FoldsAsYamlDoes) {
  EXPECT_EQ(ReadOne(" a\n  b\n\n  c"), "a b\nc");
  EXPECT_EQ(ReadOne(" 'a\n  it''s\n\n\n  c '"), "a it's\n\nc ");
  EXPECT_EQ(ReadOne(" \"a\\n\n  \\x41\""), "a\n A");
  EXPECT_EQ(ReadOne("\n  a\n  b # c"), "a b");
  EXPECT_EQ(ReadOne(" |\n  a\n   b\n  # c\n\n  d\n"), "a\n b\n# c\n\nd\n");
  EXPECT_EQ(ReadOne(" |-\n\n  a\n"), "\na");
  EXPECT_EQ(ReadOne(" >+\n  a\n  b\n\n  c\n   d\n\n"), "a b\nc\n d\n\n");
  EXPECT_EQ(ReadOne(" |\n  a"), "a");
}

TEST(YamlTree, RefusesWithLineAndReason) {
  EXPECT_EQ(YamlProblem("a: b\nc: &x d\n"), "line 2: an anchor or alias");
  EXPECT_EQ(YamlProblem("a: *x\n"), "line 1: an anchor or alias");
  EXPECT_EQ(YamlProblem("a: !!str b\n"), "line 1: a tag");
  EXPECT_EQ(YamlProblem("a: {b: c}\n"), "line 1: a map in braces");
  EXPECT_EQ(YamlProblem("a: b\na: c\n"), "line 2: a key that is there twice");
  EXPECT_EQ(YamlProblem("a: b\n---\nc: d\n"), "line 2: no key");
  EXPECT_EQ(YamlProblem("--- a: b\n"), "line 1: a key that is no text");
  EXPECT_EQ(YamlProblem("%YAML 1.1\n---\na: b\n"), "line 1: no key");
  EXPECT_EQ(YamlProblem("a:\n\t- b\n"), "line 2: a tab");
  EXPECT_EQ(YamlProblem("a: b # x\xE2\x80\xA8  c: d\n"), "line 1: the character U+2028");
  EXPECT_EQ(YamlProblem("a: b # x\xC2\x85  c: d\n"), "line 1: the character U+0085");
  EXPECT_EQ(YamlProblem("a: b\rc: d\n"), "line 1: the character U+000D");
  EXPECT_EQ(YamlProblem("a: \xFF\n"), "line 1: no UTF-8");
  EXPECT_EQ(YamlProblem("a: b: c\n"), "line 1: a text with a colon must be in quotes");
  EXPECT_EQ(YamlProblem("a: 'b' c\n"), "line 1: text behind the value");
  EXPECT_EQ(YamlProblem("a: 'b\nc'\n"), "line 1: quotes that do not end");
  EXPECT_EQ(YamlProblem("a: \"\\q\"\n"), "line 1: an escape that is not understood");
  EXPECT_EQ(YamlProblem("a: \"\\0\"\n"), "line 1: an escape that is not understood");
  EXPECT_EQ(YamlProblem("a: [b\n"), "line 1: brackets that do not end on their line");
  EXPECT_EQ(YamlProblem("a: @b\n"), "line 1: a text that begins with @ must be in quotes");
  EXPECT_EQ(YamlProblem("a: |2\n  b\n"), "line 1: a head of a text that is not understood");
  EXPECT_EQ(YamlProblem("a:\n  - b\n - c\n"), "line 3: an indentation that fits nothing");
  EXPECT_EQ(YamlProblem("a:\n  - - b\n"), "line 2: a list within a list");
  EXPECT_EQ(YamlProblem("- a\n"), "line 1: no key");
  EXPECT_EQ(YamlProblem("a: b\n  - c\n"), "line 2: a list in the midst of a text");
  EXPECT_EQ(YamlProblem(""), "line 1: nothing");
  EXPECT_EQ(YamlProblem("a: " + std::string(kMaxYamlBytes, 'b')), "line 1: more than 65535 bytes");
  std::string deep;
  for (std::string margin; margin.size() < 20; margin += ' ')
    deep += margin + "a:\n";
  EXPECT_EQ(YamlProblem(deep + std::string(20, ' ') + "b: c\n"), "line 10: too deep");
}

TEST(YamlTree, RefusesWhatReadersDifferAbout) {
  for (const char* value : {"on", "No", "012", "0b1", "1_000", "1:30", "1e5", "-.5", ".inf", "=",
                            "<<", "2024-02-30", "2024-01-02 10:00:00", "1234567890123456789"})
    EXPECT_EQ(YamlProblem(std::string("a: ") + value),
              std::string("line 1: ") + value + " must be in quotes: readers of YAML differ");
  for (const char* key : {"1", "on", "null", "<<", "2024-01-02"})
    EXPECT_EQ(YamlProblem(std::string(key) + ": a"), "line 1: a key that is no text") << key;
}

}  // namespace
}  // namespace gapferry::detect
