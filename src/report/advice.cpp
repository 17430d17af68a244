#include <fmt/format.h>
#include <algorithm>

#include "report/feed_quality.h"

namespace gapferry::report {
namespace {

constexpr unsigned kCoveredPercent = 98;     // by one other source
constexpr unsigned kAddsLittlePercent = 10;  // in no other source
constexpr unsigned kNoisyPercent = 20;       // values on warninglists
constexpr unsigned kListedPercent = 5;
constexpr unsigned kDeadPercent = 90;  // of to_ids attributes
constexpr unsigned kStalePercent = 60;
constexpr Time kSilentDays = 90;
constexpr unsigned kBrokenPercent = 5;  // to_ids values that are no indicators

class Adviser {
 public:
  Adviser(const FeedQuality& quality, SourceQuality* source)
      : now_(quality.now), all_(quality.sources), source_(*source) {}

  void Run() {
    if (source_.values == 0) {
      Say(Advice::kReview, "it has no value that a sensor could look for");
      return;
    }
    JudgeOverlap();
    JudgeNoise();
    JudgeAge();
    JudgeForm();
    if (source_.reasons.empty()) {
      source_.reasons.push_back(fmt::format("{} % of its values are in no other source",
                                            Percent(source_.unique, source_.values)));
    }
  }

 private:
  void Say(Advice advice, std::string reason) {
    source_.advice = std::max(source_.advice, advice);
    source_.reasons.push_back(std::move(reason));
  }

  // Of two sources that say the same, the advice is against one only: the smaller one.
  bool ComesBefore(const SourceQuality& other) const {
    return other.values != source_.values ? other.values > source_.values
                                          : other.name < source_.name;
  }

  void JudgeOverlap() {
    std::uint64_t most = 0;
    std::string_view covering;
    for (const SourceQuality& other : all_) {
      const auto shared = source_.shared.find(other.name);
      if (shared == source_.shared.end() || !ComesBefore(other) || shared->second <= most) continue;
      most = shared->second;
      covering = other.name;
    }
    const unsigned covered = Percent(most, source_.values);
    const unsigned unique = Percent(source_.unique, source_.values);
    if (covered >= kCoveredPercent) {
      Say(Advice::kDrop, fmt::format("{} % of its values are in {} too", covered, covering));
    } else if (unique <= kAddsLittlePercent && most > 0) {
      Say(Advice::kReview,
          fmt::format("only {} % of its values are in no other source; {} has {} %", unique,
                      covering, covered));
    }
  }

  void JudgeNoise() {
    const unsigned listed = Percent(source_.listed, source_.values);
    if (listed < kListedPercent) return;
    const auto most =
        std::max_element(source_.lists.begin(), source_.lists.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    Say(listed >= kNoisyPercent ? Advice::kDrop : Advice::kReview,
        fmt::format("{} % of its values are on warninglists, most on \"{}\"", listed, most->first));
  }

  void JudgeAge() {
    const unsigned dead = Percent(source_.dead, source_.to_ids);
    if (dead >= kStalePercent) {
      Say(dead >= kDeadPercent ? Advice::kDrop : Advice::kReview,
          fmt::format("{} % of what it offers to sensors is past the life of its type", dead));
    }
    const Time silent = (now_ - source_.newest) / kSecondsPerDay;
    if (source_.newest != 0 && silent >= kSilentDays)
      Say(Advice::kReview, fmt::format("nothing new for {} days", silent));
  }

  void JudgeForm() {
    const unsigned broken = Percent(source_.not_indicators, source_.to_ids);
    if (broken >= kBrokenPercent) {
      Say(Advice::kReview,
          fmt::format("{} % of what it offers to sensors is no indicator of its type", broken));
    }
    if (source_.to_ids == 0) Say(Advice::kReview, "nothing in it is meant for sensors (to_ids)");
  }

  Time now_;
  const std::vector<SourceQuality>& all_;
  SourceQuality& source_;
};

}  // namespace

void Advise(FeedQuality* quality) {
  for (SourceQuality& source : quality->sources) {
    source.advice = Advice::kKeep;
    source.reasons.clear();
    Adviser(*quality, &source).Run();
  }
}

}  // namespace gapferry::report
