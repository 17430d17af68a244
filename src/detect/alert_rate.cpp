#include "detect/alert_rate.h"

namespace gapferry::detect {
namespace {

constexpr std::string_view kSnort2Filters = "misp-event-filter.conf";
constexpr std::string_view kSnort3Filters = "misp-event-filter.lua";

std::string_view HowOf(RateLimits limits) {
  switch (limits) {
    case RateLimits::kOfRules:
      return "threshold in each rule";
    case RateLimits::kOfSuricataRules:
      return "threshold in each rule for Suricata that has no limit of its own; not expressible in "
             "the others: limit their alerts where they are raised";
    case RateLimits::kBesideRules:
      return "event filters in a file of their own, to be included in the configuration";
    case RateLimits::kIgnore:
      return "ignore in each rule";
    case RateLimits::kElsewhere:
      return "not expressible in this format: limit the alerts where they are raised";
    case RateLimits::kNone:
      break;
  }
  return "";
}

Error BadRate(const Destination& destination, std::string_view why) {
  return Error::Make(Kind::kConfig, "destination {}: alert_rate: {}", destination.name, why);
}

}  // namespace

Status CheckAlertRate(const Destination& destination, const Format& format) {
  if (!destination.alert_rate) return Ok();
  const AlertRate& rate = *destination.alert_rate;
  if (rate.count < 1 || rate.seconds < 1)
    return BadRate(destination, "count and seconds begin at 1");
  switch (format.rate_limits) {
    case RateLimits::kNone:
      return BadRate(destination, fmt::format("{} raises no alerts of its own", format.name));
    case RateLimits::kBesideRules:
      if (!rate.by_host) return BadRate(destination, "Snort counts by host only: per: host");
      break;
    case RateLimits::kIgnore:
      if (rate.by_host || rate.count > 1) {
        return BadRate(
            destination,
            "Wazuh can only ignore a rule for a time after it fired: per: rule, count: 1");
      }
      break;
    case RateLimits::kOfRules:
    case RateLimits::kOfSuricataRules:
    case RateLimits::kElsewhere:
      break;
  }
  return Ok();
}

std::string SuricataThreshold(const Destination& destination) {
  if (!destination.alert_rate) return "";
  const AlertRate& rate = *destination.alert_rate;
  // The source of a rule that looks at an answer is the server that all victims have in common, so
  // pairs of hosts are counted.
  return fmt::format("threshold:type limit, track {}, seconds {}, count {}; ",
                     rate.by_host ? "by_both" : "by_rule", rate.seconds, rate.count);
}

std::string WazuhIgnore(const Destination& destination) {
  if (!destination.alert_rate) return "";
  return fmt::format(" ignore=\"{}\"", destination.alert_rate->seconds);
}

EventFilterFile SnortEventFilters(const Destination& destination, bool snort3,
                                  const std::vector<std::int64_t>& sids) {
  const AlertRate rate = destination.alert_rate.value_or(AlertRate{});
  EventFilterFile file;
  if (!snort3) {
    file.name = kSnort2Filters;
    for (const std::int64_t sid : sids) {
      file.text += fmt::format(
          "event_filter gen_id 1, sig_id {}, type limit, track by_src, count {}, seconds {}\n", sid,
          rate.count, rate.seconds);
    }
    return file;
  }
  file.name = kSnort3Filters;
  file.text = "event_filter =\n{\n";
  for (const std::int64_t sid : sids) {
    file.text += fmt::format(
        "  {{ gid = 1, sid = {}, type = 'limit', track = 'by_src', count = {}, seconds = {} }},\n",
        sid, rate.count, rate.seconds);
  }
  file.text += "}\n";
  return file;
}

Json DescribeAlertRate(const Destination& destination, const Format& format) {
  const AlertRate rate = destination.alert_rate.value_or(AlertRate{});
  return {{"per", rate.by_host ? "host" : "rule"},
          {"count", rate.count},
          {"seconds", rate.seconds},
          {"how", HowOf(format.rate_limits)}};
}

}  // namespace gapferry::detect
