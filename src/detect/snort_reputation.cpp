// The IP reputation of Snort 2.9 and Snort 3: a list of addresses and networks, and the manifest
// that Snort 3 wants beside it in list_dir.
#include <optional>

#include "detect/name_file.h"

namespace gapferry::detect {
namespace {

class SnortReputationWriter : public Writer {
 public:
  explicit SnortReputationWriter(const WriterContext& context) : context_(context) {}

  Status Add(EventNumber, const Candidate& candidate) override {
    const std::optional<ListedNetwork> listed = networks_.Take(candidate);
    if (!listed) return Ok();
    GF_CHECK(Open());
    return file_->Write(candidate.value + " # " + listed->event.ToString() + '\n');
  }

  Status Finish() override {
    GF_CHECK(Open());
    GF_CHECK(file_->Close());
    return context_.output.WriteFile("interface.info", "misp.blocklist, 1, block\n");
  }

 private:
  Status Open() {
    if (file_) return Ok();
    GF_TRY(file_, context_.output.Open("misp.blocklist"));
    return file_->Write(HashHeader(context_.destination));
  }

  WriterContext context_;
  NetworkList networks_;
  std::optional<OutputFile> file_;
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
