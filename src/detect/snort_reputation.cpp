// The IP reputation of Snort 2.9 and Snort 3: a list of addresses and networks, and the manifest
// that Snort 3 wants beside it in list_dir.
#include "detect/name_file.h"

namespace gapferry::detect {
namespace {

class SnortReputationWriter : public Writer {
 public:
  explicit SnortReputationWriter(const WriterContext& context)
      : context_(context), networks_(context.output.path()) {}

  Status Add(EventNumber, const Candidate& candidate) override { return networks_.Add(candidate); }

  Status Finish() override {
    GF_TRY(OutputFile file, context_.output.Open("misp.blocklist"));
    GF_CHECK(file.Write(HashHeader(context_.destination)));
    GF_CHECK(networks_.ForEach([&](const ListedNetwork& listed) {
      return file.Write(listed.network.ToString() + " # " + listed.event.ToString() + '\n');
    }));
    GF_CHECK(file.Close());
    return context_.output.WriteFile("interface.info", "misp.blocklist, 1, block\n");
  }

 private:
  WriterContext context_;
  NetworkList networks_;
};

}  // namespace

constinit const Format kSnortReputation{
    .name = "snort-reputation",
    .summary = "blocklist of addresses for the reputation of Snort 2.9 and Snort 3",
    .by_event = false,
    .checker = "",
    .express = ExpressNetworks,
    .make = [](const WriterContext& context) -> std::unique_ptr<Writer> {
      return std::make_unique<SnortReputationWriter>(context);
    },
    .power = policy::Power::kBlocks,
};

}  // namespace gapferry::detect
