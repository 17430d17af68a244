// Suricata 7 and 8: a rule for each value while there are few, datasets when there are many.
// 200,000 rules take a minute to load and 1 GB; a dataset of a million takes two seconds.
#include <algorithm>
#include <array>
#include <map>

#include "detect/format.h"
#include "detect/suricata_match.h"
#include "detect/suricata_rule.h"

namespace gapferry::detect {
namespace {

using intel::IndicatorKind;

constexpr std::size_t kMostInSet = 1'000'000;  // beyond that the time to load grows out of hand
constexpr std::size_t kNetworksInRule = 250;   // of at most 23 bytes for IPv4, 44 for IPv6
constexpr std::size_t kMaxHeader = 6500;
constexpr std::size_t kMaxInfo = 80;

std::string_view ClassType(IndicatorKind kind) {
  switch (kind) {
    case IndicatorKind::kEmail:
    case IndicatorKind::kUserAgent:
      return "bad-unknown";
    default:
      return "trojan-activity";
  }
}

// Of ET's metadata schema.
std::string_view Severity(std::uint8_t threat_level) {
  constexpr std::array<std::string_view, 4> kNames = {"Critical", "Major", "Minor",
                                                      "Informational"};
  return kNames[threat_level >= 1 && threat_level <= 4 ? threat_level - 1 : 3];
}

struct ListFile {
  OutputFile file;
  std::string last;  // to leave out repeated lines that follow each other
};

// The values of one kind.
struct Pile {
  std::vector<Candidate> few;
  bool many = false;
  std::uint64_t listed = 0;
  intel::Tlp tlp = intel::Tlp::kClear;
};

class SuricataWriter : public Writer {
 public:
  explicit SuricataWriter(const WriterContext& context)
      : context_(context), options_(context.destination.suricata) {}

  Status Add(EventNumber, const Candidate& candidate) override {
    Pile& pile = piles_[candidate.kind];
    if (AlwaysListed(candidate.kind)) pile.many = true;
    if (pile.many) return List(candidate, &pile);
    if (pile.few.size() < options_.literal_limit) {
      pile.few.push_back(candidate);
      return Ok();
    }
    if (!HasListForm(candidate.kind)) {
      late_refusals_.Add(policy::Reason::kFormatCannotExpress, "too-many-for-literal-rules",
                         candidate.mention_count);
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
    GF_TRY(rules_, context_.output.Open(options_.prefix + ".rules"));
    GF_CHECK(rules_->Write(fmt::format("# gapferry: {}, up to tlp:{}\n", context_.destination.name,
                                       intel::TlpName(context_.destination.use.clearance))));
    for (const auto& [list, open] : lists_)
      GF_CHECK(WriteListRules(list));
    for (const auto& [kind, pile] : piles_) {
      for (const Candidate& candidate : pile.few)
        GF_CHECK(WriteLiteralRules(candidate));
    }
    GF_CHECK(WriteNetworkRules());
    return rules_->Close();
  }

 private:
  Status List(const Candidate& candidate, Pile* pile) {
    pile->tlp = std::max(pile->tlp, candidate.tlp);
    if (candidate.kind == IndicatorKind::kNetwork) {
      networks_.push_back({candidate.value, candidate.from, candidate.to});
      return Ok();
    }
    // Host and path of a URL must lie in the same shard.
    const std::uint64_t shard = pile->listed++ / kMostInSet;
    for (const ListEntry& entry : ListEntries(candidate)) {
      const std::string name = shard == 0 ? entry.list : fmt::format("{}-s{}", entry.list, shard);
      auto open = lists_.find(name);
      if (open == lists_.end()) {
        GF_TRY(OutputFile file, context_.output.Open(options_.prefix + '-' + name + ".lst"));
        open = lists_.emplace(name, ListFile{std::move(file), {}}).first;
        list_tlp_[name] = candidate.tlp;
      }
      list_tlp_[name] = std::max(list_tlp_[name], candidate.tlp);
      if (open->second.last == entry.line) continue;
      GF_CHECK(open->second.file.Write(entry.line));
      open->second.last = entry.line;
    }
    return Ok();
  }

  Status Write(const std::string& key, const SuricataRule& rule) {
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
    const std::string_view kind = IndicatorKindName(candidate.kind);
    SuricataRule rule;
    rule.message = fmt::format("MISP {} {}", kind, SuricataMessage(candidate.value, 100));
    const std::string info = SuricataMessage(AsciiTrim(event.info), kMaxInfo);
    if (!info.empty()) rule.message += ": " + info;
    rule.classtype = ClassType(candidate.kind);
    rule.priority = candidate.threat_level;
    std::vector<Uuid> named;
    for (const Mention& mention : candidate.mentions) {
      if (!named.empty() && named.back() == mention.event_uuid) continue;
      named.push_back(mention.event_uuid);
      rule.metadata.emplace_back("misp_event_uuid", mention.event_uuid.ToString());
    }
    rule.metadata.emplace_back("misp_attribute_uuid",
                               candidate.mentions[0].attribute_uuid.ToString());
    rule.metadata.emplace_back("tlp", intel::TlpName(candidate.tlp));
    rule.metadata.emplace_back("signature_severity", Severity(candidate.threat_level));
    if (!candidate.warninglist.empty())
      rule.metadata.emplace_back("misp_warninglist", SuricataWord(candidate.warninglist, 60));
    for (SuricataMatch& match : LiteralMatches(options_, candidate)) {
      rule.header = std::move(match.header);
      rule.match = std::move(match.options);
      GF_CHECK(Write(fmt::format("{}|{}|{}", kind, candidate.value, match.protocol), rule));
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
      rule.match = std::move(match.options);
      GF_CHECK(Write(fmt::format("list|{}|{}", list, match.protocol), rule));
    }
    return Ok();
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
};

}  // namespace gapferry::detect
