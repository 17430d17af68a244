// Suricata 7 and 8: a rule for each value while there are few, datasets when there are many.
// 200,000 rules take a minute to load and 1 GB; a dataset of a million takes two seconds.
#include <algorithm>
#include <map>

#include "detect/alert_rate.h"
#include "detect/format.h"
#include "detect/suricata_match.h"
#include "detect/suricata_ports.h"
#include "detect/suricata_reputation.h"
#include "detect/suricata_rule.h"
#include "detect/tarball.h"

namespace gapferry::detect {
namespace {

using intel::IndicatorKind;

constexpr std::size_t kMostInSet = 1'000'000;  // beyond that the time to load grows out of hand
constexpr std::size_t kNetworksInRule = 250;   // of at most 23 bytes for IPv4, 44 for IPv6
constexpr std::size_t kMaxHeader = 6500;
// Nobody asks for this bit. Of the alerts of one packet Suricata keeps 15 (`packet-alert-max`), and
// rules that set a bit come before all others: without it a few rules of strangers that do would
// push these out.
constexpr std::string_view kPrecedence = "flowbits:set,gapferry.alert; ";

struct ListFile {
  OutputFile file;
  std::string last;  // to leave out repeated lines that follow each other
};

// A kind that is in sets goes back to literal rules only well below the limit, so that a few values
// more or less do not change all of its rules again and again.
constexpr std::size_t kBackPercent = 80;

// The values of one kind.
struct Pile {
  std::size_t limit = 0;  // of literal rules
  std::vector<Candidate> few;
  bool many = false;
  std::uint64_t listed = 0;
  intel::Tlp tlp = intel::Tlp::kClear;
};

class SuricataWriter : public Writer {
 public:
  explicit SuricataWriter(const WriterContext& context)
      : context_(context),
        options_(context.destination.suricata),
        port_sets_(options_, &context.output),
        reputation_(options_, &context.output) {}

  Status Add(EventNumber, const Candidate& candidate) override {
    if (!piles_.contains(candidate.kind)) GF_CHECK(Begin(candidate.kind));
    Pile& pile = piles_[candidate.kind];
    if (pile.many) return List(candidate, &pile);
    if (pile.few.size() < pile.limit) {
      pile.few.push_back(candidate);
      return Ok();
    }
    if (!HasListForm(candidate.kind)) {
      late_refusals_.Add("too-many-for-literal-rules", candidate.mention_count,
                         AttributesOf(candidate.mentions));
      return Ok();
    }
    pile.many = true;
    for (const Candidate& earlier : pile.few)
      GF_CHECK(List(earlier, &pile));
    pile.few.clear();
    pile.few.shrink_to_fit();
    return List(candidate, &pile);
  }

  Status Finish() override {
    for (auto& [list, open] : lists_)
      GF_CHECK(open.file.Close());
    GF_TRY(const auto port_lists,
           port_sets_.Finish(&context_.registry, context_.destination.name + "/port-sets",
                             &late_refusals_));
    list_tlp_.insert(port_lists.begin(), port_lists.end());
    GF_CHECK(RememberForms());
    GF_TRY(rules_, context_.output.Open(options_.prefix + ".rules"));
    GF_CHECK(rules_->Write(fmt::format("# gapferry: {}, up to tlp:{}\n", context_.destination.name,
                                       intel::TlpName(context_.destination.use.clearance))));
    for (const auto& [list, open] : lists_)
      GF_CHECK(WriteListRules(list));
    for (const auto& [list, tlp] : port_lists)
      GF_CHECK(WriteListRules(list));
    for (const auto& [kind, pile] : piles_) {
      for (const Candidate& candidate : pile.few)
        GF_CHECK(WriteLiteralRules(candidate));
    }
    GF_CHECK(WriteNetworkRules());
    GF_CHECK(WriteReputationRules());
    GF_CHECK(rules_->Close());
    return options_.archive ? WriteArchive() : Ok();
  }

 private:
  [[nodiscard]] std::string FormSpace() const { return context_.destination.name + "/in-sets"; }

  Status Begin(IndicatorKind kind) {
    Pile& pile = piles_[kind];
    pile.many = AlwaysListed(kind);
    pile.limit = options_.literal_limit;
    if (!HasListForm(kind)) return Ok();
    GF_TRY(const std::int64_t in_sets,
           context_.registry.Recall(FormSpace(), std::string(IndicatorKindName(kind))));
    if (in_sets != 0) pile.limit = pile.limit * kBackPercent / 100;
    return Ok();
  }

  Status RememberForms() {
    for (const auto& [kind, pile] : piles_) {
      if (!AlwaysListed(kind) && HasListForm(kind)) {
        GF_CHECK(context_.registry.Remember(FormSpace(), std::string(IndicatorKindName(kind)),
                                            pile.many ? 1 : 0));
      }
    }
    return Ok();
  }

  // A reputation knows no ports, so that addresses at some go into sets.
  Status AddToReputation(const Candidate& candidate) {
    Candidate whole = candidate;
    whole.from = candidate.from && candidate.from_ports.any;
    whole.to = candidate.to && candidate.to_ports.any;
    return whole.from || whole.to ? reputation_.Add(whole) : Ok();
  }

  void Raise(const std::string& list, intel::Tlp tlp) {
    const auto [found, added] = list_tlp_.try_emplace(list, tlp);
    found->second = std::max(found->second, tlp);
  }

  Status List(const Candidate& candidate, Pile* pile) {
    pile->tlp = std::max(pile->tlp, candidate.tlp);
    const bool reputed = reputation_.Takes(candidate.kind);
    if (reputed) GF_CHECK(AddToReputation(candidate));
    if (candidate.kind == IndicatorKind::kNetwork) {
      if (!reputed) networks_.push_back({candidate.value, candidate.from, candidate.to});
      return Ok();
    }
    // Host and path of a URL must lie in the same shard.
    const std::uint64_t shard = pile->listed++ / kMostInSet;
    std::vector<ListEntry> entries = ListEntries(options_, candidate);
    std::vector<ListEntry> at_ports;
    for (ListEntry& entry : entries) {
      if (entry.port != 0) {
        at_ports.push_back(std::move(entry));
        continue;
      }
      if (reputed) continue;
      const std::string name = shard == 0 ? entry.list : fmt::format("{}-s{}", entry.list, shard);
      auto open = lists_.find(name);
      if (open == lists_.end()) {
        const std::string file_name = options_.prefix + '-' + name;
        GF_TRY(OutputFile file,
               context_.output.Open(file_name + std::string(ListEnding(options_, entry.list))));
        open = lists_.emplace(name, ListFile{std::move(file), {}}).first;
      }
      Raise(name, candidate.tlp);
      if (open->second.last == entry.line) continue;
      GF_CHECK(open->second.file.Write(entry.line));
      open->second.last = entry.line;
    }
    if (at_ports.empty()) return Ok();
    return port_sets_.Add(candidate, at_ports, at_ports.size() < entries.size());
  }

  Status Write(const std::string& key, SuricataRule rule) {
    if (rule.match.find("flowbits:set,") == std::string::npos) rule.match += kPrecedence;
    rule.match += SuricataThreshold(context_.destination);
    const IdBlock block{options_.sid_base, options_.sid_base + options_.sid_count - 1};
    GF_TRY(const StableId id, context_.registry.Assign(context_.destination.name + "/sid", key,
                                                       rule.Content(), block));
    const std::string line = rule.Line(id);
    if (line.size() > kMaxSuricataLine) {
      return Error::Make(Kind::kInternal, "a rule has {} bytes, more than {}: sid {}", line.size(),
                         kMaxSuricataLine, id.id);
    }
    return rules_->Write(line);
  }

  Status WriteLiteralRules(const Candidate& candidate) {
    GF_TRY(const EventHead event, context_.events.FindEvent(candidate.mentions[0].event,
                                                            context_.destination.use.clearance));
    SuricataRule rule = RuleOf(candidate, event);
    for (SuricataMatch& match : LiteralMatches(options_, candidate)) {
      rule.header = std::move(match.header);
      rule.match = std::move(match.options);
      GF_CHECK(Write(fmt::format("{}|{}|{}", IndicatorKindName(candidate.kind), candidate.value,
                                 match.protocol),
                     rule));
    }
    return Ok();
  }

  Status WriteListRules(const std::string& list) {
    const std::size_t shard = list.find("-s");
    const bool sharded =
        shard != std::string::npos && shard + 2 < list.size() && IsAsciiDigit(list[shard + 2]);
    SuricataRule rule;
    rule.message = "MISP " + list + " list";
    rule.classtype = "trojan-activity";
    rule.priority = 2;
    rule.metadata.emplace_back("tlp", intel::TlpName(list_tlp_[list]));
    for (SuricataMatch& match : ListMatches(options_, sharded ? list.substr(0, shard) : list,
                                            options_.prefix + '-' + list)) {
      rule.header = std::move(match.header);
      // Version 7 would stop at a rule with such a set; from 7.0.3 on it passes over this one.
      const bool context = match.options.find(",format ndjson") != std::string::npos;
      rule.match = (context ? "requires: version >= 8.0.0; " : "") + match.options;
      if (!context_.destination.alert_rate) rule.match += match.limit;
      GF_CHECK(Write(fmt::format("list|{}|{}", list, match.protocol), rule));
    }
    return Ok();
  }

  Status WriteReputationRules() {
    GF_CHECK(reputation_.Finish());
    for (const SuricataMatch& match : reputation_.Matches()) {
      SuricataRule rule;
      rule.message = "MISP reputation of the " + std::string(match.protocol);
      rule.classtype = "trojan-activity";
      rule.priority = 2;
      rule.metadata.emplace_back("tlp", intel::TlpName(reputation_.tlp()));
      rule.header = match.header;
      rule.match = match.options;
      GF_CHECK(Write(fmt::format("iprep|{}", match.protocol), rule));
    }
    return Ok();
  }

  // suricata-update takes rules and the lists beside them from one archive.
  Status WriteArchive() {
    std::vector<std::string> names;
    for (const auto& [name, facts] : context_.output.files())
      names.push_back(name);
    return WriteTarball(&context_.output, options_.prefix + ".tar.gz", options_.prefix, names);
  }

  struct ListedNetwork {
    std::string value;
    bool from;
    bool to;
  };

  // Datasets hold single addresses only, so many networks stand in headers.
  Status WriteNetworkRules() {
    if (networks_.empty()) return Ok();
    GF_TRY(const std::int64_t buckets,
           context_.registry.Grow(context_.destination.name + "/buckets", "network",
                                  BucketsFor(networks_.size(), kNetworksInRule)));
    std::map<std::pair<std::string_view, std::size_t>, std::vector<std::string_view>> parts;
    for (const ListedNetwork& network : networks_) {
      const std::string_view direction = network.from && network.to ? "both"
                                         : network.from             ? "from"
                                                                    : "to";
      parts[{direction, BucketOf(network.value, buckets)}].push_back(network.value);
    }
    for (const auto& [part, values] : parts)
      GF_CHECK(WriteNetworkPart(part.first, part.second, values));
    return Ok();
  }

  // A bucket that is fuller than a line allows goes on in a further rule.
  Status WriteNetworkPart(std::string_view direction, std::size_t bucket,
                          const std::vector<std::string_view>& values) {
    SuricataRule rule;
    rule.message = fmt::format("MISP network list {}", bucket + 1);
    rule.classtype = "trojan-activity";
    rule.priority = 2;
    rule.metadata.emplace_back("tlp", intel::TlpName(piles_[IndicatorKind::kNetwork].tlp));
    std::size_t next = 0;
    for (int piece = 0; next < values.size(); ++piece) {
      std::string list = "[";
      for (; next < values.size() && list.size() < kMaxHeader; ++next)
        list += (list.size() == 1 ? "" : ",") + std::string(values[next]);
      list += ']';
      rule.header = direction == "both"   ? "alert ip any any <> " + list + " any"
                    : direction == "from" ? "alert ip " + list + " any -> any any"
                                          : "alert ip any any -> " + list + " any";
      GF_CHECK(Write(fmt::format("networks|{}|{}|{}", direction, bucket, piece), rule));
    }
    return Ok();
  }

  WriterContext context_;
  const SuricataOptions& options_;
  std::map<IndicatorKind, Pile> piles_;
  std::map<std::string, ListFile> lists_;
  std::map<std::string, intel::Tlp> list_tlp_;
  std::vector<ListedNetwork> networks_;
  SuricataPortSets port_sets_;
  SuricataReputation reputation_;
  std::optional<OutputFile> rules_;
};

}  // namespace

constinit const Format kSuricata{
    .name = "suricata",
    .summary = "rules and datasets for Suricata 7 and 8",
    .by_event = false,
    .checker = "suricata -T -S {}/misp.rules -l /tmp",
    .express = SuricataExpress,
    .make = [](const WriterContext& context) -> std::unique_ptr<Writer> {
      return std::make_unique<SuricataWriter>(context);
    },
    .rate_limits = RateLimits::kOfRules,
    .says_ports = true,
};

}  // namespace gapferry::detect
