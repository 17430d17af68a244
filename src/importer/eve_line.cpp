#include "importer/eve_line.h"

namespace gapferry::importer {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

}  // namespace

EveLine ReadEveLine(std::string_view line) {
  EveLine read;
  const std::size_t begin = line.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return read;
  const std::size_t end = line.find_last_not_of(kBlanks);
  if (line[begin] != '{' || line[end] != '}') {
    read.kind = EveLine::Kind::kMalformed;
    read.problem = "not an object on one line";
    return read;
  }
  if (line.find("\"alert\"") == std::string_view::npos) return read;
  // Some protocols' loggers write a key of theirs twice; that leaves no alert without its name.
  Result<Json> event = ParseJson(line, {kMaxEveLine + 1, kMaxEveDepth, /*twice=*/true});
  if (!event.ok()) {
    read.kind = EveLine::Kind::kMalformed;
    read.problem = event.error().what;
    return read;
  }
  read.event = std::move(event).value();
  const auto alert = read.event.find("alert");
  if (alert != read.event.end() && alert->is_object() && !read.event.contains(kEveKey))
    read.kind = EveLine::Kind::kAlert;
  return read;
}

std::string WithMember(std::string_view line, const Json& value) {
  const std::size_t end = line.rfind('}');
  std::string told(line.substr(0, end));
  told += fmt::format(",\"{}\":", kEveKey);
  told += DumpJson(value);
  told += line.substr(end);
  return told;
}

}  // namespace gapferry::importer
