#include "detect/guard.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/console.h"
#include "detect/manifest.h"

namespace gapferry::detect {
namespace {

using policy::Reason;

constexpr std::size_t kMostNamed = 3;

Error Guard(const DestinationSummary& summary, std::string what) {
  return Error::Make(Kind::kGuard, "{}: {}", summary.name, what)
      .Hint("look at what changed, then repeat with --accept-change");
}

// Attributes that could have been used, and how many of them each list took away.
struct Suppressed {
  std::uint64_t used = 0;
  std::map<std::string, std::uint64_t> by_list;

  void Add(Reason reason, const std::string& detail, std::uint64_t count) {
    if (reason == Reason::kWarninglist) by_list[fmt::format("\"{}\"", detail)] += count;
    if (reason == Reason::kAllowlist) by_list[fmt::format("the allowlist's {}", detail)] += count;
  }
  [[nodiscard]] std::uint64_t Of(const std::string& list) const {
    const auto found = by_list.find(list);
    return found == by_list.end() ? 0 : found->second;
  }
  [[nodiscard]] std::uint64_t Total() const {
    std::uint64_t total = used;
    for (const auto& [list, count] : by_list)
      total += count;
    return total;
  }
};

Suppressed Read(const DestinationSummary& summary) {
  Suppressed now;
  now.used = summary.used;
  for (const auto& [key, count] : summary.reasons.map())
    now.Add(key.reason, key.detail, count);
  return now;
}

// Our own file, but a person may have had it in an editor.
std::string TextOf(const Json& entry, const char* key) {
  const auto found = entry.find(key);
  return found != entry.end() && found->is_string() ? found->get<std::string>() : "";
}
std::uint64_t CountOf(const Json& entry, const char* key) {
  const auto found = entry.find(key);
  return found != entry.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

Suppressed Read(const Json& manifest) {
  Suppressed before;
  before.used = CountOf(manifest, "used");
  const auto left_out = manifest.find("left_out");
  if (left_out == manifest.end() || !left_out->is_array()) return before;
  for (const Json& entry : *left_out) {
    if (!entry.is_object()) continue;
    const std::optional<Reason> reason = policy::FindReason(TextOf(entry, "reason"));
    if (reason) before.Add(*reason, TextOf(entry, "detail"), CountOf(entry, "attributes"));
  }
  return before;
}

// Each list's share now is compared with its share before, so that one list cannot hide behind
// another that was withdrawn, and a store that grew is no jump.
Status GuardSuppression(const Site& site, const DestinationSummary& summary, const Json& manifest) {
  const Suppressed before = Read(manifest);
  const Suppressed now = Read(summary);
  const auto share = [](std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  };
  std::vector<std::pair<double, std::string>> risen;
  double rise = 0;
  for (const auto& [list, count] : now.by_list) {
    const double more = share(count, now.Total()) - share(before.Of(list), before.Total());
    if (more <= 0) continue;
    rise += more;
    risen.emplace_back(more,
                       fmt::format("{} {} ({} before)", Printable(list), count, before.Of(list)));
  }
  if (rise <= site.suppress_percent) return Ok();
  std::sort(risen.rbegin(), risen.rend());
  std::string lists;
  for (std::size_t i = 0; i < risen.size() && i < kMostNamed; ++i)
    lists += (i == 0 ? "" : ", ") + risen[i].second;
  if (risen.size() > kMostNamed) lists += fmt::format(" and {} more", risen.size() - kMostNamed);
  return Guard(summary,
               fmt::format("lists would suppress {:.1f} % more of the attributes than before, and "
                           "{} % is the limit: {}",
                           rise, site.suppress_percent, lists));
}

}  // namespace

Status GuardChange(const Site& site, const DestinationSummary& summary, const Json& before) {
  const std::uint64_t old_values = ValuesOf(before);
  const std::uint64_t new_values = ValuesOf(summary);
  if (site.accept_change || old_values < kLeastGuarded) return Ok();
  // First: it says why the values shrink, if that is the reason.
  GF_CHECK(GuardSuppression(site, summary, before));
  if (new_values * 100 < old_values * (100 - std::min(site.shrink_percent, 100U))) {
    return Guard(summary, fmt::format("the values would shrink from {} to {}, by more than {} %",
                                      old_values, new_values, site.shrink_percent));
  }
  if (new_values * 100 > old_values * (100 + site.grow_percent)) {
    return Guard(summary, fmt::format("the values would grow from {} to {}, by more than {} %",
                                      old_values, new_values, site.grow_percent));
  }
  return Ok();
}

}  // namespace gapferry::detect
