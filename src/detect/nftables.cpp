// nftables: sets of addresses and networks. Elements are printed from bytes, never from text: nft
// reads 010.1.2.3 as 8.1.2.3 and asks the DNS for what it does not know.
#include <array>
#include <optional>

#include "detect/name_file.h"
#include "detect/spool.h"
#include "detect/value_text.h"

namespace gapferry::detect {
namespace {

constexpr std::string_view kChains = R"(  chain {0} {{
    type filter hook {0} priority -10; policy accept;
    ip saddr @misp4 counter{1}
    ip daddr @misp4 counter{1}
    ip6 saddr @misp6 counter{1}
    ip6 daddr @misp6 counter{1}
    meta l4proto {{ tcp, udp }} ip saddr . th sport @misp4_ports counter{1}
    meta l4proto {{ tcp, udp }} ip daddr . th dport @misp4_ports counter{1}
    meta l4proto {{ tcp, udp }} ip6 saddr . th sport @misp6_ports counter{1}
    meta l4proto {{ tcp, udp }} ip6 daddr . th dport @misp6_ports counter{1}
  }}
)";

class NftablesWriter : public Writer {
 public:
  explicit NftablesWriter(const WriterContext& context)
      : context_(context),
        options_(context.destination.net.nftables),
        elements_{Spool(context.output.path()), Spool(context.output.path())},
        endpoints_{Spool(context.output.path()), Spool(context.output.path())} {}

  Status Add(EventNumber, const Candidate& candidate) override {
    const std::size_t family = FamilyOf(candidate);
    if (HasPorts(candidate)) {
      for (const std::uint16_t port : PortsOf(candidate)) {
        GF_CHECK(
            endpoints_[family].Write(fmt::format("      {} . {}, # {}\n", candidate.value, port,
                                                 candidate.mentions[0].event_uuid.ToString())));
      }
      return Ok();
    }
    const std::optional<ListedNetwork> listed = networks_.Take(candidate);
    if (!listed) return Ok();
    line_ = "      ";
    line_ += candidate.value;
    line_ += ", # ";
    listed->event.AppendTo(&line_);
    line_ += '\n';
    return elements_[family].Write(line_);
  }

  Status Finish() override {
    GF_TRY(file_, context_.output.Open("misp.nft"));
    GF_CHECK(file_->Write(HashHeader(context_.destination)));
    GF_CHECK(options_.mode == "sets" ? WriteElements() : WriteTable());
    return file_->Close();
  }

 private:
  // Naming the table before deleting it makes the file load whether it was there or not; all of it
  // is one transaction.
  Status WriteTable() {
    GF_CHECK(file_->Write(
        fmt::format("table inet {0}\ndelete table inet {0}\ntable inet {0} {{\n", options_.table)));
    for (const bool v6 : {false, true}) {
      GF_CHECK(file_->Write(
          fmt::format("  set misp{} {{\n    type {}\n    flags interval\n    auto-merge\n",
                      v6 ? 6 : 4, v6 ? "ipv6_addr" : "ipv4_addr")));
      GF_CHECK(WriteSet(&elements_[v6 ? 1 : 0], "    elements = {\n"));
      GF_CHECK(file_->Write("  }\n"));
    }
    for (const bool v6 : {false, true}) {
      GF_CHECK(file_->Write(
          fmt::format("  set misp{}_ports {{\n    type {}\n", v6 ? 6 : 4, EndpointType(v6))));
      GF_CHECK(WriteSet(&endpoints_[v6 ? 1 : 0], "    elements = {\n"));
      GF_CHECK(file_->Write("  }\n"));
    }
    for (const std::string_view hook : {"input", "forward", "output"}) {
      GF_CHECK(file_->Write(
          fmt::format(fmt::runtime(kChains), hook, options_.mode == "drop" ? " drop" : "")));
    }
    return file_->Write("}\n");
  }

  Status WriteElements() {
    for (const bool v6 : {false, true}) {
      const std::string set = fmt::format("inet {} misp{}", options_.table, v6 ? 6 : 4);
      GF_CHECK(file_->Write("flush set " + set + '\n'));
      GF_CHECK(WriteSet(&elements_[v6 ? 1 : 0], "add element " + set + " {\n"));
    }
    // These are made where the site's table does not have them.
    for (const bool v6 : {false, true}) {
      const std::string set = fmt::format("inet {} misp{}_ports", options_.table, v6 ? 6 : 4);
      GF_CHECK(file_->Write(
          fmt::format("add set {0} {{ type {1}; }}\nflush set {0}\n", set, EndpointType(v6))));
      GF_CHECK(WriteSet(&endpoints_[v6 ? 1 : 0], "add element " + set + " {\n"));
    }
    return Ok();
  }

  static std::string EndpointType(bool v6) {
    return fmt::format("{} . inet_service", v6 ? "ipv6_addr" : "ipv4_addr");
  }

  // An empty list of elements is a syntax error.
  Status WriteSet(Spool* elements, const std::string& head) {
    if (elements->empty()) return Ok();
    GF_CHECK(file_->Write(head));
    GF_CHECK(elements->CopyTo(&*file_));
    return file_->Write("    }\n");
  }

  WriterContext context_;
  const NftablesOptions& options_;
  NetworkList networks_;
  std::array<Spool, 2> elements_;  // by FamilyOf
  std::array<Spool, 2> endpoints_;
  std::string line_;
  std::optional<OutputFile> file_;
};

}  // namespace

constinit const Format kNftables{
    .name = "nftables",
    .summary = "sets of nftables, and chains that drop",
    .by_event = false,
    .checker = "nft -c -f {}/misp.nft",
    .express = ExpressNetworks,
    .make = [](const WriterContext& context) -> std::unique_ptr<Writer> {
      return std::make_unique<NftablesWriter>(context);
    },
    .power = policy::Power::kBlocks,
    .says_ports = true,
};

}  // namespace gapferry::detect
