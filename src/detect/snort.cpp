// Snort 2.9 and Snort 3: one rule a value. Neither has datasets, buffers for DNS or server names of
// TLS, so names are looked for as they stand on the wire; addresses in bulk are for
// snort-reputation.
#include "detect/alert_rate.h"
#include "detect/format.h"
#include "detect/snort_match.h"
#include "detect/suricata_rule.h"

namespace gapferry::detect {
namespace {

class SnortWriter : public Writer {
 public:
  SnortWriter(const WriterContext& context, SnortVersion version)
      : context_(context), options_(context.destination.net.snort), version_(version) {}

  Status Add(EventNumber, const Candidate& candidate) override {
    if (candidates_.size() == options_.rule_limit) {
      return Error::Make(Kind::kTooLarge, "more than {} values would need rules of their own",
                         options_.rule_limit)
          .Hint(
              "take fewer: types, max_age_days; addresses in bulk are for the format "
              "snort-reputation");
    }
    candidates_.push_back(candidate);
    return Ok();
  }

  Status Finish() override {
    GF_TRY(rules_, context_.output.Open("misp.rules"));
    GF_CHECK(rules_->Write(fmt::format("# gapferry: {}, up to tlp:{}\n", context_.destination.name,
                                       intel::TlpName(context_.destination.use.clearance))));
    for (const Candidate& candidate : candidates_)
      GF_CHECK(WriteRules(candidate));
    GF_CHECK(rules_->Close());
    if (!context_.destination.alert_rate) return Ok();
    const EventFilterFile filters =
        SnortEventFilters(context_.destination, version_ == SnortVersion::k3, sids_);
    return context_.output.WriteFile(filters.name, filters.text);
  }

 private:
  Status WriteRules(const Candidate& candidate) {
    GF_TRY(const EventHead event, context_.events.FindEvent(candidate.mentions[0].event,
                                                            context_.destination.use.clearance));
    SuricataRule rule = RuleOf(candidate, event);
    const IdBlock block{options_.sid_base, options_.sid_base + options_.sid_count - 1};
    for (SuricataMatch& match : SnortMatches(version_, options_, candidate)) {
      rule.header = std::move(match.header);
      rule.match = std::move(match.options);
      const std::string key = fmt::format("{}|{}|{}", IndicatorKindName(candidate.kind),
                                          candidate.value, match.protocol);
      GF_TRY(const StableId id, context_.registry.Assign(context_.destination.name + "/sid", key,
                                                         rule.Content(), block));
      const std::string line = rule.Line(id);
      if (line.size() > kMaxSuricataLine) {
        return Error::Make(Kind::kInternal, "a rule has {} bytes, more than {}: sid {}",
                           line.size(), kMaxSuricataLine, id.id);
      }
      GF_CHECK(rules_->Write(line));
      sids_.push_back(id.id);
    }
    return Ok();
  }

  WriterContext context_;
  const SnortOptions& options_;
  SnortVersion version_;
  std::vector<Candidate> candidates_;
  std::optional<OutputFile> rules_;
  std::vector<std::int64_t> sids_;  // of the rules, in their order
};

}  // namespace

constinit const Format kSnort2{
    .name = "snort2",
    .summary = "rules for Snort 2.9",
    .by_event = false,
    .checker = "",
    .express = SnortExpress,
    .make = [](const WriterContext& context) -> std::unique_ptr<Writer> {
      return std::make_unique<SnortWriter>(context, SnortVersion::k2);
    },
    .rate_limits = RateLimits::kBesideRules,
    .says_ports = true,
};

constinit const Format kSnort3{
    .name = "snort3",
    .summary = "rules for Snort 3",
    .by_event = false,
    .checker = "snort -c /etc/snort/snort.lua -R {}/misp.rules",
    .express = SnortExpress,
    .make = [](const WriterContext& context) -> std::unique_ptr<Writer> {
      return std::make_unique<SnortWriter>(context, SnortVersion::k3);
    },
    .rate_limits = RateLimits::kBesideRules,
    .says_ports = true,
};

}  // namespace gapferry::detect
