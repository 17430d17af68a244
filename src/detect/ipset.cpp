// ipset: two sets for `ipset restore`. The new set is filled aside and swapped in, so that rules
// which use it see the old or the new one.
#include <array>

#include "detect/name_file.h"

namespace gapferry::detect {
namespace {

// `create -exist` wants the very parameters of the set that is there, so the limit never changes;
// it takes no memory.
constexpr std::string_view kType = "hash:net family {} maxelem 16777216 comment -exist";
constexpr std::uint64_t kMaxElements = 16'777'216;

struct Family {
  std::string_view suffix;
  std::string_view name;
  bool v6;
};
constexpr auto kFamilies = std::to_array<Family>({{"4", "inet", false}, {"6", "inet6", true}});

class IpsetWriter : public Writer {
 public:
  explicit IpsetWriter(const WriterContext& context)
      : context_(context), networks_(context.output.path()) {}

  Status Add(EventNumber, const Candidate& candidate) override { return networks_.Add(candidate); }

  Status Finish() override {
    GF_TRY(OutputFile file, context_.output.Open("misp.ipset"));
    GF_CHECK(file.Write(HashHeader(context_.destination)));
    for (const Family& family : kFamilies)
      GF_CHECK(WriteSet(family, &file));
    return file.Close();
  }

 private:
  Status WriteSet(const Family& family, OutputFile* file) {
    const std::string live = context_.destination.net.ipset.prefix + std::string(family.suffix);
    const std::string next = live + "-next";
    const std::string type = fmt::format(fmt::runtime(kType), family.name);
    GF_CHECK(file->Write(fmt::format("create {0} {1}\nflush {0}\n", next, type)));
    std::uint64_t elements = 0;
    GF_CHECK(networks_.ForEach([&](const ListedNetwork& listed) -> Status {
      if (listed.network.v6 != family.v6) return Ok();
      if (++elements > kMaxElements) {
        return Error::Make(Kind::kTooLarge, "the set {} would have more than {} elements", live,
                           kMaxElements)
            .Hint("take fewer: types, max_age_days");
      }
      return file->Write(fmt::format("add {} {} comment \"{}\"\n", next, listed.network.ToString(),
                                     listed.event.ToString()));
    }));
    return file->Write(
        fmt::format("create {0} {1}\nswap {2} {0}\ndestroy {2}\n", live, type, next));
  }

  WriterContext context_;
  NetworkList networks_;
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
};

}  // namespace gapferry::detect
