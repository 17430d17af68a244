#include "detect/ids_problem.h"

#include "base/bytes.h"
#include "detect/ids_bits.h"
#include "detect/ids_looks.h"

namespace gapferry::detect {
namespace {

constexpr std::size_t kShownKeyword = 40;

std::string HeaderProblem(const IdsRule& rule) {
  for (std::size_t at = rule.header.find('$'); at != std::string::npos;
       at = rule.header.find('$', at + 1)) {
    std::size_t end = at + 1;
    while (end < rule.header.size() && (IsAsciiAlnum(rule.header[end]) || rule.header[end] == '_'))
      ++end;
    if (!IsIdsVariable(std::string_view(rule.header).substr(at + 1, end - at - 1)))
      return "unknown variable";
  }
  return "";
}

}  // namespace

std::string IdsRuleProblem(const IdsRule& rule, Sensor sensor) {
  if (rule.action() == "pass") return "pass rule";
  for (const IdsOption& option : rule.options) {
    if (!IsIdsKeyword(sensor, option.key))
      return "keyword " + option.key.substr(0, kShownKeyword) + " is not allowed";
  }
  if (std::string problem = HeaderProblem(rule); !problem.empty()) return problem;
  if (std::string problem = BitProblem(rule); !problem.empty()) return problem;
  if (sensor == Sensor::kSuricata && TakesPrecedence(rule))
    return "a flowbit that is set beside other bits or variables";
  return LooksForSomething(rule) ? "" : "looks for too little";
}

}  // namespace gapferry::detect
