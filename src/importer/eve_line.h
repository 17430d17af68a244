// importer/eve_line.h: one line of Suricata's eve.json, as far as an alert in it may be told more.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

namespace gapferry::importer {

constexpr std::size_t kMaxEveLine = 4 << 20;
constexpr std::size_t kMaxEveDepth = 64;
constexpr const char* kEveKey = "gapferry";

struct EveLine {
  enum class Kind {
    kOther,      // whatever is no alert, or has been told already
    kAlert,      // `event` is filled
    kMalformed,  // `problem` says why
  };
  Kind kind = Kind::kOther;
  Json event;
  std::string problem;
};

// Reads whole only what can be an alert; of all else it is only seen that it is not cut short.
[[nodiscard]] EveLine ReadEveLine(std::string_view line);

// The line of an alert with one member more at its end. All bytes that it had stay.
[[nodiscard]] std::string WithMember(std::string_view line, const Json& value);

}  // namespace gapferry::importer
