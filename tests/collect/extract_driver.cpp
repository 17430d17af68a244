// extract_driver freetext FILE [FIRST LAST]
// extract_driver csv FILE COLUMNS [--delimiter C] [--encoding NAME] [--header yes|no|auto]: the
// values of one file, one JSON object a line, for tests/e2e/test_extraction.py.
#include <cstdio>
#include <fstream>
#include <sstream>

#include "base/json.h"
#include "collect/csv_feed.h"
#include "collect/freetext.h"

namespace gapferry::collect {
namespace {

Status Print(const FormedValue& value, std::uint64_t line) {
  std::puts(DumpJson({{"type", value.type}, {"value", value.value}, {"line", line}}).c_str());
  return Ok();
}

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);)
    parts.push_back(part);
  return parts;
}

Status Freetext(const std::vector<std::string>& arguments, ByteSource source, ValueReport* report) {
  const std::uint64_t first = arguments.size() > 3 ? std::stoull(arguments[2]) : 0;
  const std::uint64_t last = arguments.size() > 3 ? std::stoull(arguments[3]) : UINT64_MAX;
  const TakeValue within = [&](const FormedValue& value, std::uint64_t line) {
    return line >= first && line <= last ? Print(value, line) : Ok();
  };
  return ReadFreetext(std::move(source), arguments[1], {}, within, report);
}

Status Csv(const std::vector<std::string>& arguments, ByteSource source, ValueReport* report) {
  CsvOptions options;
  std::vector<std::string> names = Split(arguments[2], ',');
  for (const std::string& name : names) {
    if (name == "all") continue;
    GF_TRY(CsvColumn column, CsvColumn::Parse(name));
    options.columns.push_back(std::move(column));
  }
  for (std::size_t i = 3; i + 1 < arguments.size(); i += 2) {
    const std::string& value = arguments[i + 1];
    if (arguments[i] == "--delimiter") options.format.delimiter = value[0];
    if (arguments[i] == "--encoding") options.encoding = FindEncoding(value).value();
    if (arguments[i] == "--header")
      options.header = value == "yes"  ? CsvHeader::kYes
                       : value == "no" ? CsvHeader::kNo
                                       : CsvHeader::kAuto;
  }
  return ReadCsv(std::move(source), arguments[1], options, Print, report);
}

int Run(const std::vector<std::string>& arguments) {
  auto file = OpenRegular(arguments[1]);
  ValueReport report;
  Status done = Ok();
  if (!file.ok()) {
    done = std::move(file).error();
  } else if (arguments[0] == "csv") {
    done = Csv(arguments, FileSource(std::move(file).value()), &report);
  } else {
    done = Freetext(arguments, FileSource(std::move(file).value()), &report);
  }
  for (const auto* list : {&report.refused, &report.examples}) {
    for (const Refusal& refusal : *list)
      std::fprintf(stderr, "%s\n", refusal.ToError().what.c_str());
  }
  if (!done.ok()) std::fprintf(stderr, "%s\n", done.error().what.c_str());
  return done.ok() ? 0 : 1;
}

}  // namespace
}  // namespace gapferry::collect

int main(int count, char** arguments) {
  if (count < 3) return 2;
  return gapferry::collect::Run({arguments + 1, arguments + count});
}
