// The table of docs/formats.md is what the formats themselves say: every type of MISP with a sample
// of its values, asked of each format as a destination with the default options would.
#include <gtest/gtest.h>

#include "base/file.h"
#include "detect/format.h"
#include "intel/types.h"
#include "intel/value.h"

namespace gapferry::detect {
namespace {

using intel::Shape;
using intel::TypeInfo;

struct Sample {
  std::string note;  // which values of the type it stands for
  std::string value;
};

std::string Digest(const TypeInfo& type) {
  std::string digits = type.hex_length == 0 ? "t1ab" : "";
  while (digits.size() < type.hex_length)
    digits += "a1";
  return digits.substr(0, type.hex_length == 0 ? 4 : type.hex_length);
}

std::vector<Sample> SamplesOf(const TypeInfo& type) {
  switch (type.shape) {
    case Shape::kAddress:
      return {{"", "192.0.2.1"},
              {"IPv4 network", "198.51.100.0/24"},
              {"IPv6 network", "2001:db8:1::/48"}};
    case Shape::kAddressPort:
      return {{"", "192.0.2.1|443"}};
    case Shape::kDomain:
    case Shape::kHostname:
      return {{"", "evil.example"}};
    case Shape::kHostPort:
      return {{"", "evil.example|8080"}};
    case Shape::kDomainIp:
      return {{"", "evil.example|192.0.2.1"}};
    case Shape::kUrl:
      return {{"http", "http://evil.example/a"},
              {"https", "https://evil.example/a"},
              {"other schemes", "ftp://evil.example/a"}};
    case Shape::kEmail:
      return {{"", "someone@evil.example"}};
    case Shape::kFilenameHash:
      return {{"", "a.exe|" + Digest(type)}};
    case Shape::kOnion:
      return {{"", std::string(56, 'a') + ".onion"}};
    case Shape::kMac:
      return {{"", "00:00:5e:00:53:01"}};
    case Shape::kAutonomousSystem:
      return {{"", "AS64496"}};
    case Shape::kPort:
      return {{"", "443"}};
    case Shape::kHex:
    case Shape::kLower:
      return {{"", Digest(type)}};
    case Shape::kText:
    case Shape::kUpper:
      return {{"", "sample"}};
  }
  return {};
}

// Copies of whole events and plain CSV take every type, so a column would say nothing.
std::vector<const Format*> Columns() {
  std::vector<const Format*> columns;
  for (const Format& format : AllFormats()) {
    if (format.make_for_events == nullptr && format.name != "csv") columns.push_back(&format);
  }
  return columns;
}

struct Cell {
  std::string taken;    // kinds of the parts that the format looks for
  std::string refused;  // why the rest is left out
};

void Append(std::string_view word, std::string* list) {
  if (list->find(word) == std::string::npos)
    *list += (list->empty() ? "" : ", ") + std::string(word);
}

Cell Ask(const Format& format, const TypeInfo& type, const std::string& value) {
  Destination destination;
  destination.name = "table";
  destination.format = format.name;
  const intel::Normalised normalised = intel::Normalise(type.name, value);
  EXPECT_TRUE(normalised.ok()) << type.name << ' ' << value;
  Cell cell;
  for (std::size_t part = 0; part < normalised.count; ++part) {
    const intel::Indicator& indicator = normalised.indicators[part];
    const policy::Decision decision = format.express(destination, indicator, type.name);
    if (decision.allowed) {
      Append(IndicatorKindName(indicator.kind), &cell.taken);
    } else if (decision.reason != policy::Reason::kTypeNotDetectable) {
      Append(decision.detail.empty() ? policy::ReasonCode(decision.reason) : decision.detail,
             &cell.refused);
    }
  }
  return cell;
}

std::string Row(const TypeInfo& type, const Sample& sample, bool* any) {
  std::string name(type.name);
  for (std::size_t at = name.find('|'); at != std::string::npos; at = name.find('|', at + 2))
    name.replace(at, 1, "\\|");
  std::string row = "| `" + name + "`" + (sample.note.empty() ? "" : ", " + sample.note) + " |";
  *any = false;
  for (const Format* format : Columns()) {
    const Cell cell = Ask(*format, type, sample.value);
    *any = *any || !cell.taken.empty();
    row += ' ' + (cell.taken.empty() ? "–" : cell.taken);
    if (!cell.refused.empty()) row += " (" + cell.refused + ")";
    row += " |";
  }
  return row + '\n';
}

std::string Table() {
  std::string head = "| type |";
  std::string rule = "|---|";
  for (const Format* format : Columns()) {
    head += fmt::format(" {} |", format->name);
    rule += "---|";
  }
  std::string rows;
  std::string others;
  for (const TypeInfo& type : intel::AllTypes()) {
    bool taken = false;
    std::string of_type;
    for (const Sample& sample : SamplesOf(type)) {
      bool any = false;
      of_type += Row(type, sample, &any);
      taken = taken || any;
    }
    if (taken) {
      rows += of_type;
    } else {
      others += fmt::format("{}`{}`", others.empty() ? "" : ", ", type.name);
    }
  }
  return head + '\n' + rule + '\n' + rows + "\nNo format looks for: " + others + ".\n";
}

TEST(FormatsPage, HoldsTheTableOfFormatsAndTypes) {
  const auto page = ReadFile(GAPFERRY_SOURCE_DIR "/docs/formats.md", 1 << 20);
  ASSERT_TRUE(page.ok());
  const std::string expected = "<!-- table: begin -->\n" + Table() + "<!-- table: end -->\n";
  EXPECT_NE(page->find(expected), std::string::npos) << "paste into docs/formats.md:\n" << expected;
}

}  // namespace
}  // namespace gapferry::detect
