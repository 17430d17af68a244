// ipset: two sets for `ipset restore`. The new set is filled aside and swapped in, so that rules
// which use it see the old or the new one.
#include <array>
#include <optional>
#include <vector>

#include "detect/name_file.h"
#include "detect/spool.h"
#include "detect/value_text.h"

namespace gapferry::detect {
namespace {

// `create -exist` wants the very parameters of the set that is there, so the limit never changes;
// it takes no memory.
constexpr std::string_view kType = "{} family {} maxelem 16777216 comment -exist";
constexpr std::uint64_t kMaxElements = 16'777'216;
constexpr std::array<std::string_view, 2> kFamilies = {"inet", "inet6"};  // by FamilyOf

// One set's elements, as lines that add them.
struct Set {
  std::string name;
  std::string type;
  Spool lines;
  std::uint64_t elements = 0;

  [[nodiscard]] std::string Next() const { return name + "-next"; }
};

class IpsetWriter : public Writer {
 public:
  explicit IpsetWriter(const WriterContext& context) : context_(context) {
    const auto add = [&](std::size_t family, std::string_view suffix, std::string_view type) {
      sets_.push_back(
          {fmt::format("{}{}{}", context.destination.net.ipset.prefix, family == 0 ? 4 : 6, suffix),
           fmt::format(fmt::runtime(kType), type, kFamilies[family]),
           Spool(context.output.path())});
    };
    for (std::size_t family = 0; family < kFamilies.size(); ++family)
      add(family, "", "hash:net");
    for (std::size_t family = 0; family < kFamilies.size(); ++family)
      add(family, "-port", "hash:ip,port");
  }

  Status Add(EventNumber, const Candidate& candidate) override {
    const std::size_t family = FamilyOf(candidate);
    if (!HasPorts(candidate)) {
      const std::optional<ListedNetwork> listed = networks_.Take(candidate);
      return listed ? Put(candidate, candidate.value, &sets_[family]) : Ok();
    }
    for (const std::uint16_t port : PortsOf(candidate)) {
      for (const std::string_view protocol : {"tcp", "udp"}) {
        GF_CHECK(Put(candidate, fmt::format("{},{}:{}", candidate.value, protocol, port),
                     &sets_[kFamilies.size() + family]));
      }
    }
    return Ok();
  }

  Status Finish() override {
    GF_TRY(OutputFile file, context_.output.Open("misp.ipset"));
    GF_CHECK(file.Write(HashHeader(context_.destination)));
    for (Set& set : sets_) {
      const std::string next = set.Next();
      GF_CHECK(file.Write(fmt::format("create {0} {1}\nflush {0}\n", next, set.type)));
      GF_CHECK(set.lines.CopyTo(&file));
      GF_CHECK(file.Write(
          fmt::format("create {0} {1}\nswap {2} {0}\ndestroy {2}\n", set.name, set.type, next)));
    }
    return file.Close();
  }

 private:
  static Status Put(const Candidate& candidate, std::string_view element, Set* set) {
    if (++set->elements > kMaxElements) {
      return Error::Make(Kind::kTooLarge, "the set {} would have more than {} elements", set->name,
                         kMaxElements)
          .Hint("take fewer: types, max_age_days");
    }
    return set->lines.Write(fmt::format("add {} {} comment \"{}\"\n", set->Next(), element,
                                        candidate.mentions[0].event_uuid.ToString()));
  }

  WriterContext context_;
  NetworkList networks_;
  std::vector<Set> sets_;  // networks by family, then endpoints by family
};

}  // namespace

constinit const Format kIpset{
    .name = "ipset",
    .summary = "sets for ipset and iptables",
    .by_event = false,
    .checker = "",
    .express = ExpressNetworks,
    .make = [](const WriterContext& context) -> std::unique_ptr<Writer> {
      return std::make_unique<IpsetWriter>(context);
    },
    .power = policy::Power::kBlocks,
    .says_ports = true,
};

}  // namespace gapferry::detect
