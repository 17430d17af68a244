#include "detect/name_list.h"

#include <algorithm>

namespace gapferry::detect {
namespace {

// A row is the labels from the root down, each ended by a byte below all letters of names, so that
// a subtree lies together; then a zero, "below" before "exact", and the event.
constexpr char kLabelEnd = '\x01';
constexpr char kBelow = '0';
constexpr char kExact = '1';
constexpr std::size_t kTail = 2 + 16;

std::string PathOf(std::string_view name) {
  std::string path;
  while (!name.empty()) {
    const std::size_t dot = name.rfind('.');
    path += dot == std::string_view::npos ? name : name.substr(dot + 1);
    path += kLabelEnd;
    name = dot == std::string_view::npos ? "" : name.substr(0, dot);
  }
  return path;
}

std::string NameOf(std::string_view path) {
  std::string name;
  while (!path.empty()) {
    path.remove_suffix(1);
    const std::size_t end = path.rfind(kLabelEnd);
    const std::size_t start = end == std::string_view::npos ? 0 : end + 1;
    name += (name.empty() ? "" : ".") + std::string(path.substr(start));
    path = path.substr(0, start);
  }
  return name;
}

}  // namespace

bool NameList::Takes(intel::IndicatorKind kind) {
  return kind == intel::IndicatorKind::kDomain || kind == intel::IndicatorKind::kHostname;
}

Status NameList::Add(const Candidate& candidate) {
  row_ = PathOf(candidate.value);
  row_ += '\0';
  row_ += candidate.kind == intel::IndicatorKind::kDomain ? kBelow : kExact;
  row_ += AsText(candidate.mentions[0].event_uuid.bytes);
  return rows_.Add(row_);
}

Status NameList::ForEach(const Visit& visit) {
  // The last name that stands for all below it. No path is empty, so "" covers nothing at first.
  std::string covering;
  return rows_.ForEach([&](std::string_view row) -> Status {
    const std::string_view path = row.substr(0, row.size() - kTail);
    if (!covering.empty() && path.starts_with(covering) &&
        (covered_ == Covered::kLeftOut || path == covering))
      return Ok();
    ListedName name;
    name.name = NameOf(path);
    name.below = row[path.size() + 1] == kBelow;
    const ByteView event = AsBytes(row.substr(path.size() + 2));
    std::copy(event.begin(), event.end(), name.event.bytes.begin());
    if (name.below) covering = path;
    return visit(name);
  });
}

}  // namespace gapferry::detect
