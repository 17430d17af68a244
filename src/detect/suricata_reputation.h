// detect/suricata_reputation.h: addresses and networks as Suricata's IP reputation. Unlike a
// dataset it holds networks, and unlike one it fires once a flow and direction by itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "detect/destination.h"
#include "detect/output.h"
#include "detect/suricata_match.h"

namespace gapferry::detect {

class SuricataReputation {
 public:
  // Both must outlive it.
  SuricataReputation(const SuricataOptions& options, OutputFolder* output)
      : options_(options), output_(output) {}

  // Whether the options send this kind here.
  [[nodiscard]] bool Takes(intel::IndicatorKind kind) const;
  // Errors of both: kIo, kNoSpace.
  [[nodiscard]] Status Add(const Candidate& candidate);
  // Closes <prefix>-iprep.list; writes <prefix>-iprep-categories.txt and the lines for
  // suricata.yaml if anything was added.
  [[nodiscard]] Status Finish();
  // One rule a direction that was added.
  [[nodiscard]] std::vector<SuricataMatch> Matches() const;
  [[nodiscard]] intel::Tlp tlp() const { return tlp_; }

 private:
  const SuricataOptions& options_;
  OutputFolder* output_;
  std::optional<OutputFile> list_;
  bool from_ = false;
  bool to_ = false;
  intel::Tlp tlp_ = intel::Tlp::kClear;
};

}  // namespace gapferry::detect
