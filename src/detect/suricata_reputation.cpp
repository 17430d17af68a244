#include "detect/suricata_reputation.h"

#include <algorithm>
#include <array>

namespace gapferry::detect {
namespace {

// Categories go up to 59 (SREP_MAX_CATS); other lists begin at 1.
constexpr int kToCategory = 58;
constexpr int kFromCategory = 59;

// 1 … 127. Any value is a hit; a rule of the site's own may ask for more.
int Score(std::uint8_t threat_level) {
  constexpr std::array<int, 4> kScores = {120, 90, 60, 30};
  return kScores[threat_level >= 1 && threat_level <= 4 ? threat_level - 1 : 3];
}

}  // namespace

bool SuricataReputation::Takes(intel::IndicatorKind kind) const {
  return options_.addresses == "iprep" &&
         (kind == intel::IndicatorKind::kAddress || kind == intel::IndicatorKind::kNetwork);
}

Status SuricataReputation::Add(const Candidate& candidate) {
  if (!list_) {
    GF_TRY(list_, output_->Open(options_.prefix + "-iprep.list"));
  }
  tlp_ = std::max(tlp_, candidate.tlp);
  from_ = from_ || candidate.from;
  to_ = to_ || candidate.to;
  const int score = Score(candidate.threat_level);
  std::string lines;
  if (candidate.to) lines += fmt::format("{},{},{}\n", candidate.value, kToCategory, score);
  if (candidate.from) lines += fmt::format("{},{},{}\n", candidate.value, kFromCategory, score);
  return list_->Write(lines);
}

Status SuricataReputation::Finish() {
  if (!list_) return Ok();
  GF_CHECK(list_->Close());
  GF_CHECK(output_->WriteFile(options_.prefix + "-iprep-categories.txt",
                              fmt::format("{},MISPto,destination of a MISP event\n"
                                          "{},MISPfrom,source of a MISP event\n",
                                          kToCategory, kFromCategory)));
  // Without the memory Suricata stops part way into a large list, with exit code 0.
  return output_->WriteFile(
      options_.prefix + "-iprep.yaml",
      fmt::format("# For suricata.yaml; write this folder's path for PATH.\n"
                  "reputation-categories-file: PATH/{0}-iprep-categories.txt\n"
                  "default-reputation-path: PATH\n"
                  "reputation-files:\n  - {0}-iprep.list\n"
                  "host:\n  memcap: 1gb\n",
                  options_.prefix));
}

std::vector<SuricataMatch> SuricataReputation::Matches() const {
  std::vector<SuricataMatch> matches;
  const std::string header = "alert ip any any -> any any";
  if (from_) matches.push_back({"source", header, "iprep:src,MISPfrom,>,0; "});
  if (to_) matches.push_back({"destination", header, "iprep:dst,MISPto,>,0; "});
  return matches;
}

}  // namespace gapferry::detect
