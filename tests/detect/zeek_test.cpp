#include <gmock/gmock.h>

#include <map>
#include <set>

#include "tests/detect/fixture.h"

namespace gapferry::detect {
namespace {

using ::testing::HasSubstr;

// Zeek's own reading of a line (ASCII reader of the input framework): tabs, then \xHH undone.
std::vector<std::string> ReadRow(const std::string& line) {
  std::vector<std::string> fields(1);
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\t') {
      fields.emplace_back();
    } else if (line.compare(i, 2, "\\x") == 0) {
      fields.back() += static_cast<char>(std::stoi(line.substr(i + 2, 2), nullptr, 16));
      i += 3;
    } else {
      fields.back() += line[i];
    }
  }
  return fields;
}

class ZeekTest : public fixtures::DetectTest {
 protected:
  GenerateSummary Generate(const std::vector<Value>& values, Time days = 0) {
    Put(1, {"tlp:clear"}, values);
    Site site = MakeSite({Make("sensor", "zeek")});
    site.accept_change = true;
    site.created += days * 86400;
    return Run(site);
  }
  // Indicator and type of the rows, with whether they are removed.
  std::map<std::string, std::string> Rows() {
    std::map<std::string, std::string> rows;
    for (const std::string& line : Lines("sensor", "misp.intel")) {
      if (line.starts_with('#')) continue;
      const auto fields = ReadRow(line);
      EXPECT_EQ(fields.size(), 5U) << line;
      EXPECT_EQ(fields[2], "MISP-" + fixtures::NumberedUuid(1).ToString());
      EXPECT_TRUE(rows.emplace(fields[0] + " " + fields[1], fields[4]).second) << line;
    }
    return rows;
  }
};

TEST_F(ZeekTest, TypesAreThoseOfTheFramework) {
  Generate({{"ip-dst", "45.66.77.88"},
            {"ip-dst", "45.66.0.0/16"},
            {"hostname", "host.com"},
            {"domain", "host.com"},
            {"url", "http://host.com:8080/a?b"},
            {"url", "https://host.com/secret"},
            {"email-src", "a@host.com"},
            {"sha256", std::string(64, 'a')},
            {"filename", "bad.exe"},
            {"x509-fingerprint-sha1", std::string(40, 'b')},
            {"user-agent", "Bad/1"}});
  EXPECT_EQ(Lines("sensor", "misp.intel").at(0),
            "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.remove");
  const auto rows = Rows();
  EXPECT_EQ(rows.size(), 9U);
  for (const std::string row :
       {"45.66.77.88 Intel::ADDR", "45.66.0.0/16 Intel::SUBNET", "host.com Intel::DOMAIN",
        "host.com:8080/a?b Intel::URL", "a@host.com Intel::EMAIL", "bad.exe Intel::FILE_NAME",
        "Bad/1 Intel::SOFTWARE"})
    EXPECT_EQ(rows.count(row), 1U) << row;
}

TEST_F(ZeekTest, EveryByteComesBack) {
  std::vector<Value> values = {{"user-agent", "-"},
                               {"user-agent", "(empty)"},
                               {"user-agent", "#begins"},
                               {"user-agent", "\\x41"}};
  std::size_t expected = values.size();
  for (int byte = 0x20; byte < 256; ++byte) {
    const std::string value = std::string("a") + static_cast<char>(byte) + "b";
    if (!intel::Normalise("user-agent", value).ok()) continue;
    values.push_back({"user-agent", value});
    ++expected;
  }
  Generate(values);
  const auto rows = Rows();
  EXPECT_EQ(rows.size(), expected);
  for (const Value& value : values)
    EXPECT_EQ(rows.count(value.value + " Intel::SOFTWARE"), 1U) << value.value;
}

TEST_F(ZeekTest, WhatGoesAwayIsNamedAsRemovedForSomeWeeks) {
  const Value stays{"domain", "stays.com"};
  const Value goes{"domain", "goes.com"};
  Generate({stays, goes});
  EXPECT_EQ(Rows().at("goes.com Intel::DOMAIN"), "F");
  Generate({stays}, 1);
  EXPECT_EQ(Rows().at("goes.com Intel::DOMAIN"), "T");
  EXPECT_EQ(Rows().at("stays.com Intel::DOMAIN"), "F");
  EXPECT_THAT(Read("sensor", "misp.intel"), HasSubstr("\tremoved 2026-08-02\tT\n"));
  // A Zeek that missed a day still learns of it, and the date does not move.
  EXPECT_EQ(Generate({stays}, 20).destinations[0].outcome, Outcome::kUnchanged);
  Generate({stays, goes}, 21);
  EXPECT_EQ(Rows().at("goes.com Intel::DOMAIN"), "F");
  Generate({stays}, 22);
  Generate({stays}, 51);
  EXPECT_EQ(Rows().at("goes.com Intel::DOMAIN"), "T");
  Generate({stays}, 53);
  EXPECT_EQ(Rows().count("goes.com Intel::DOMAIN"), 0U);
}

// Removed rows keep their places, so that a state which stays leads to the same bytes.
TEST_F(ZeekTest, RemovedRowsStandInTheOrderOfTheEarlierFile) {
  Generate(
      {{"domain", "a.com"}, {"domain", "b.com"}, {"domain", "c.com"}, {"ip-dst", "45.66.7.8"}});
  Generate({{"domain", "b.com"}}, 1);
  const std::string before = Read("sensor", "misp.intel");
  const auto place = [&](const std::string& row) { return before.find('\n' + row + '\t'); };
  EXPECT_LT(place("b.com"), place("45.66.7.8"));
  EXPECT_LT(place("45.66.7.8"), place("a.com"));
  EXPECT_LT(place("a.com"), place("c.com"));
  EXPECT_EQ(Generate({{"domain", "b.com"}}, 2).destinations[0].outcome, Outcome::kUnchanged);
  // What returns is named once.
  Generate({{"domain", "b.com"}, {"domain", "c.com"}}, 3);
  EXPECT_EQ(Rows().at("c.com Intel::DOMAIN"), "F");
  EXPECT_EQ(Rows().at("a.com Intel::DOMAIN"), "T");
}

// Zeek compares without case: one row would take out the other.
TEST_F(ZeekTest, NothingIsRemovedOfWhichAnotherSpellingStays) {
  const Value url{"url", "http://h.com/gate.php"};
  const Value agent{"user-agent", "Evil/1.0"};
  Generate({url, {"url", "http://h.com/Gate.php"}, agent, {"user-agent", "evil/1.0"}});
  EXPECT_EQ(Rows().at("h.com/Gate.php Intel::URL"), "F");
  Generate({url, agent}, 1);
  EXPECT_EQ(Rows(), (std::map<std::string, std::string>{{"h.com/gate.php Intel::URL", "F"},
                                                        {"Evil/1.0 Intel::SOFTWARE", "F"}}));
  Generate({{"domain", "x.com"}}, 2);
  EXPECT_EQ(Rows().at("h.com/gate.php Intel::URL"), "T");
}

// Two sources name the event; another one lies between them. Zeek tells items by value and event.
TEST_F(ZeekTest, AnEventIsNamedOnceAValue) {
  Put(1, {"tlp:clear"}, {{"domain", "twice.com"}, {"hostname", "twice.com"}}, "a");
  Put(2, {"tlp:clear"}, {{"domain", "twice.com"}}, "a");
  Put(1, {"tlp:clear"}, {{"domain", "twice.com"}}, "b");
  Site site = MakeSite({Make("sensor", "zeek")});
  site.accept_change = true;
  Run(site);
  std::multiset<std::string> sources;
  for (const std::string& line : Lines("sensor", "misp.intel")) {
    if (!line.starts_with('#')) sources.insert(ReadRow(line).at(2));
  }
  EXPECT_THAT(sources,
              ::testing::UnorderedElementsAre("MISP-" + fixtures::NumberedUuid(1).ToString(),
                                              "MISP-" + fixtures::NumberedUuid(2).ToString()));
}

}  // namespace
}  // namespace gapferry::detect
