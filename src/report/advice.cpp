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
constexpr unsigned kWhole = 100;

// What one source says by itself.
class Adviser {
 public:
  Adviser(Time now, SourceQuality* source) : now_(now), source_(*source) {}

  void Run() {
    if (!source_.configured) {
      Say(Advice::kDrop,
          "it is no longer in export.yml, and nothing of it crosses; `sources remove` takes it out "
          "of the mirror");
      return;
    }
    if (source_.values == 0) {
      Say(Advice::kReview, "it has no value that a sensor could look for");
      return;
    }
    JudgeNoise();
    JudgeAge();
    JudgeForm();
  }

  void Say(Advice advice, std::string reason) {
    source_.advice = std::max(source_.advice, advice);
    source_.reasons.push_back(std::move(reason));
  }

 private:
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
  SourceQuality& source_;
};

// What the sources say together. All of the advice may be followed at once: a source is judged
// only against one that stays, and that every site of its own takes, too.
class Comparison {
 public:
  explicit Comparison(FeedQuality* quality) : all_(quality->sources), now_(quality->now) {}

  void Run() {
    std::vector<SourceQuality*> by_size;
    for (SourceQuality& source : all_) {
      if (source.configured && source.values > 0) by_size.push_back(&source);
    }
    // Of two sources that say the same, the advice is against the smaller one.
    std::stable_sort(by_size.begin(), by_size.end(),
                     [](const auto* a, const auto* b) { return a->values > b->values; });
    std::vector<const SourceQuality*> larger;
    for (SourceQuality* source : by_size) {
      if (source->advice != Advice::kDrop) JudgeOverlap(larger, source);
      if (source->advice != Advice::kDrop) larger.push_back(source);
    }
    for (SourceQuality* source : by_size) {
      if (source->advice == Advice::kDrop) TellLoss(larger, source);
      if (!source->reasons.empty()) continue;
      source->reasons.push_back(fmt::format("{} % of its values are in no other source",
                                            Percent(source->unique, source->values)));
    }
  }

 private:
  struct Cover {
    const SourceQuality* by = nullptr;
    std::uint64_t values = 0;
  };

  static Cover BestOf(const std::vector<const SourceQuality*>& stay, const SourceQuality& source) {
    Cover best;
    for (const SourceQuality* other : stay) {
      const auto covered = source.covered.find(other->name);
      const bool reaches = std::includes(other->sites.begin(), other->sites.end(),
                                         source.sites.begin(), source.sites.end());
      if (reaches && covered != source.covered.end() && covered->second > best.values)
        best = {other, covered->second};
    }
    return best;
  }

  void JudgeOverlap(const std::vector<const SourceQuality*>& larger, SourceQuality* source) const {
    const Cover best = BestOf(larger, *source);
    const unsigned unique = Percent(source->unique, source->values);
    Adviser adviser(now_, source);
    if (best.values * kWhole >= source->values * kCoveredPercent) {
      adviser.Say(Advice::kDrop, fmt::format("{} of its {} values are in {} too, which stays",
                                             best.values, source->values, best.by->name));
    } else if (unique <= kAddsLittlePercent && best.values > 0) {
      adviser.Say(Advice::kReview,
                  fmt::format("only {} % of its values are in no other source; {} has {} %", unique,
                              best.by->name, Percent(best.values, source->values)));
    }
  }

  static void TellLoss(const std::vector<const SourceQuality*>& stay, SourceQuality* source) {
    const Cover best = BestOf(stay, *source);
    const std::uint64_t lost = source->values - best.values;
    source->reasons.push_back(
        lost == 0 ? "no value goes with it"
                  : fmt::format("up to {} of its {} values go with it", lost, source->values));
  }

  std::vector<SourceQuality>& all_;
  Time now_;
};

}  // namespace

void Advise(FeedQuality* quality) {
  for (SourceQuality& source : quality->sources) {
    source.advice = Advice::kKeep;
    source.reasons.clear();
    Adviser(quality->now, &source).Run();
  }
  Comparison(quality).Run();
}

}  // namespace gapferry::report
