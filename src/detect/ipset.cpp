// ipset: two sets for `ipset restore`. The new set is filled aside and swapped in, so that rules
// which use it see the old or the new one.
#include <array>
#include <functional>

#include "detect/name_file.h"

namespace gapferry::detect {
namespace {

// `create -exist` wants the very parameters of the set that is there, so the limit never changes;
// it takes no memory.
constexpr std::string_view kType = "{} family {} maxelem 16777216 comment -exist";
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
      : context_(context),
        networks_(context.output.path()),
        endpoints_(context.output.path(), &networks_) {}

  Status Add(EventNumber, const Candidate& candidate) override { return endpoints_.Add(candidate); }

  Status Finish() override {
    GF_TRY(OutputFile file, context_.output.Open("misp.ipset"));
    GF_CHECK(file.Write(HashHeader(context_.destination)));
    for (const Family& family : kFamilies)
      GF_CHECK(WriteNetworks(family, &file));
    for (const Family& family : kFamilies)
      GF_CHECK(WriteEndpoints(family, &file));
    return file.Close();
  }

 private:
  [[nodiscard]] std::string NameOf(const Family& family) const {
    return context_.destination.net.ipset.prefix + std::string(family.suffix);
  }

  Status WriteNetworks(const Family& family, OutputFile* file) {
    const auto fill = [&](const Put& put) {
      return networks_.ForEach([&](const ListedNetwork& listed) {
        return listed.network.v6 == family.v6 ? put(listed.network.ToString(), listed.event) : Ok();
      });
    };
    return WriteSet(NameOf(family), fmt::format(fmt::runtime(kType), "hash:net", family.name), fill,
                    file);
  }

  Status WriteEndpoints(const Family& family, OutputFile* file) {
    const auto fill = [&](const Put& put) {
      return endpoints_.ForEach([&](const ListedEndpoint& listed) -> Status {
        if (listed.address.v6 != family.v6) return Ok();
        for (const std::string_view protocol : {"tcp", "udp"}) {
          GF_CHECK(put(fmt::format("{},{}:{}", listed.address.ToString(), protocol, listed.port),
                       listed.event));
        }
        return Ok();
      });
    };
    return WriteSet(NameOf(family) + "-port",
                    fmt::format(fmt::runtime(kType), "hash:ip,port", family.name), fill, file);
  }

  using Put = std::function<Status(const std::string& element, const Uuid& event)>;
  static Status WriteSet(const std::string& live, const std::string& type,
                         const std::function<Status(const Put&)>& fill, OutputFile* file) {
    const std::string next = live + "-next";
    GF_CHECK(file->Write(fmt::format("create {0} {1}\nflush {0}\n", next, type)));
    std::uint64_t elements = 0;
    GF_CHECK(fill([&](const std::string& element, const Uuid& event) -> Status {
      if (++elements > kMaxElements) {
        return Error::Make(Kind::kTooLarge, "the set {} would have more than {} elements", live,
                           kMaxElements)
            .Hint("take fewer: types, max_age_days");
      }
      return file->Write(
          fmt::format("add {} {} comment \"{}\"\n", next, element, event.ToString()));
    }));
    return file->Write(
        fmt::format("create {0} {1}\nswap {2} {0}\ndestroy {2}\n", live, type, next));
  }

  WriterContext context_;
  NetworkList networks_;
  EndpointList endpoints_;
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
