#include "detect/format_table.h"

#include <vector>

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
  Cell cell;
  for (std::size_t part = 0; part < normalised.count; ++part) {
    const intel::Indicator& indicator = normalised.indicators[part];
    const policy::Decision decision =
        Express(destination, format, indicator, normalised.port, type.name);
    if (decision.allowed) {
      Append(IndicatorKindName(indicator.kind), &cell.taken);
    } else if (decision.reason != policy::Reason::kTypeNotDetectable) {
      Append(decision.detail.empty() ? policy::ReasonCode(decision.reason) : decision.detail,
             &cell.refused);
    }
  }
  return cell;
}

// Copies of whole events and plain CSV take every type, so a column would say nothing.
bool HasColumn(const Format& format) {
  return format.make_for_events == nullptr && format.name != "csv";
}

bool IsTaken(const TypeInfo& type, std::span<const Format> formats) {
  for (const Sample& sample : SamplesOf(type)) {
    for (const Format& format : formats) {
      if (HasColumn(format) && !Ask(format, type, sample.value).taken.empty()) return true;
    }
  }
  return false;
}

std::string Row(const TypeInfo& type, const Sample& sample, std::span<const Format> formats) {
  std::string name(type.name);
  for (std::size_t at = name.find('|'); at != std::string::npos; at = name.find('|', at + 2))
    name.replace(at, 1, "\\|");
  std::string row = "| `" + name + "`" + (sample.note.empty() ? "" : ", " + sample.note) + " |";
  for (const Format& format : formats) {
    const Cell cell = Ask(format, type, sample.value);
    row += ' ' + (cell.taken.empty() ? "–" : cell.taken);
    if (!cell.refused.empty()) row += " (" + cell.refused + ")";
    row += " |";
  }
  return row + '\n';
}

std::string TypeTable(std::span<const Format> formats) {
  std::string table = "| type |";
  for (const Format& format : formats)
    table += fmt::format(" {} |", format.name);
  table += "\n|---|";
  for (std::size_t i = 0; i < formats.size(); ++i)
    table += "---|";
  table += '\n';
  for (const TypeInfo& type : intel::AllTypes()) {
    if (!IsTaken(type, formats)) continue;
    for (const Sample& sample : SamplesOf(type))
      table += Row(type, sample, formats);
  }
  return table;
}

// Of one power, by name; more than a page is wide go into several tables.
constexpr std::size_t kColumns = 7;

std::string TypeTables(policy::Power power) {
  std::vector<Format> formats;
  for (const Format& format : AllFormats()) {
    if (HasColumn(format) && format.power == power) formats.push_back(format);
  }
  std::string tables;
  const std::size_t count = (formats.size() + kColumns - 1) / kColumns;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t first = i * formats.size() / count;
    const std::size_t last = (i + 1) * formats.size() / count;
    tables += '\n' + TypeTable(std::span(formats).subspan(first, last - first));
  }
  return tables;
}

std::string_view PowerName(policy::Power power) {
  switch (power) {
    case policy::Power::kReadsLogs:
      return "reads logs";
    case policy::Power::kDetects:
      return "detects";
    case policy::Power::kBlocks:
      return "blocks";
  }
  return "";
}

}  // namespace

std::string_view WhatItDoes(const Format& format) {
  return format.make_for_events != nullptr ? "copies events" : PowerName(format.power);
}

std::string FormatsMarkdown() {
  std::string text =
      "| format | what it is | power | its consumer's own check |\n|---|---|---|---|\n";
  for (const Format& format : AllFormats()) {
    text +=
        fmt::format("| `{}` | {} | {} | {} |\n", format.name, format.summary, WhatItDoes(format),
                    format.checker.empty() ? "–" : fmt::format("`{}`", format.checker));
  }
  for (const policy::Power power :
       {policy::Power::kReadsLogs, policy::Power::kDetects, policy::Power::kBlocks})
    text += TypeTables(power);
  std::string others;
  for (const TypeInfo& type : intel::AllTypes()) {
    if (!IsTaken(type, AllFormats()))
      others += fmt::format("{}`{}`", others.empty() ? "" : ", ", type.name);
  }
  return text + "\nNo format looks for: " + others + ".\n";
}

}  // namespace gapferry::detect
