// A random walk of an exporter, a thief, a courier and a site with bad clocks and old backups,
// against a model that was written from docs/bundle-format.md §3.2 and §4.2 and knows only numbers.
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "tests/bundle/trust_world.h"

namespace gapferry::bundle {
namespace {

using Number = std::pair<std::uint64_t, std::uint64_t>;  // epoch, seq

struct ModelRoot {
  std::uint64_t epoch = 1;
  std::size_t threshold = 1;
  std::set<int> signers = {0};  // of bundles; keys are 0 to 3
  std::set<int> revoked;
};

struct ModelBundle {
  Number number;
  int content = 0;
  std::uint64_t root_version = 1;
  Time created = 0;
  std::set<int> signers;
  std::uint64_t first_root = 2;  // the chain it carries
  std::uint64_t last_root = 1;
  bool whole = true;
  std::optional<Number> recalled;
};

struct ModelSite {
  std::uint64_t root = 1;
  Time floor = 0;
  std::set<int> revoked_here;
  std::map<Number, int> recorded;  // number → content
  std::optional<std::pair<Number, int>> highest;
  std::optional<std::pair<Number, int>> applied;
  std::optional<Number> recalled;
};

constexpr Time kDay = kSecondsPerDay;
constexpr Time kLife = 21 * kDay;

class Model {
 public:
  std::map<std::uint64_t, ModelRoot> roots = {{1, {}}};

  // The exit code, by the page.
  int Take(ModelSite& site, const ModelBundle& bundle, std::optional<Time> reading, bool rollback) {
    if (bundle.last_root > site.root) {
      if (bundle.first_root > site.root + 1) return 30;
      site.root = bundle.last_root;
    }
    if (const int code = Signed(site, bundle)) return code;
    const ModelRoot& root = roots.at(site.root);
    if (bundle.number.first < root.epoch) return 16;
    if (bundle.number.first > root.epoch || bundle.root_version > site.root) return 30;
    const auto known = Known(site, bundle.number);
    if (known && *known != bundle.content) return 17;
    if (site.recalled && bundle.number <= *site.recalled) return 16;
    const bool is_applied = site.applied && site.applied->first == bundle.number;
    if (!is_applied && site.highest && bundle.number <= site.highest->first) {
      const bool forward = !site.applied || site.applied->first < bundle.number;
      if (!(forward && known) && !rollback) return 16;
    }
    const bool believed =
        reading && *reading >= site.floor && *reading <= site.floor + 5 * 366 * kDay;
    const Time now = believed ? *reading : site.floor;
    if (!is_applied) {
      if (believed && bundle.created > now + kDay) return 24;
      if (bundle.created + kLife < now) return 15;
    }
    if (!bundle.whole) return 0;
    site.floor = std::max(site.floor, now);
    if (is_applied) return 0;
    site.floor = std::max(site.floor, bundle.created);
    site.recalled = std::max(site.recalled, bundle.recalled);
    site.applied = {bundle.number, bundle.content};
    if (!site.highest || site.highest->first < bundle.number) site.highest = site.applied;
    site.recorded.insert(*site.applied);
    if (site.recorded.size() > 64) site.recorded.erase(site.recorded.begin());
    return 0;
  }

 private:
  int Signed(const ModelSite& site, const ModelBundle& bundle) const {
    const ModelRoot& root = roots.at(site.root);
    std::size_t counted = 0;
    bool revoked = false;
    for (const int key : bundle.signers) {
      revoked = revoked || root.revoked.contains(key) || site.revoked_here.contains(key);
      counted += root.signers.contains(key) && !site.revoked_here.contains(key) ? 1U : 0U;
    }
    if (counted >= root.threshold) return 0;
    if (revoked) return 29;
    return counted == 0 ? 13 : 14;
  }
  static std::optional<int> Known(const ModelSite& site, const Number& number) {
    for (const auto& point : {site.highest, site.applied})
      if (point && point->first == number) return point->second;
    const auto found = site.recorded.find(number);
    return found == site.recorded.end() ? std::nullopt : std::optional(found->second);
  }
};

// Both worlds side by side.
class Walk {
 public:
  explicit Walk(unsigned seed) : random_(seed) {
    model_site_.floor = site_.state.floor;
    Save();
  }

  void Step() {
    const int what = Below(100);
    if (what < 4) {
      if (exporter_.root.version < 60) ChangeRoot();
    } else if (what < 6) {
      Save();
    } else if (what < 7) {
      std::tie(site_.state, model_site_) = backup_;
    } else if (what < 9) {
      ToggleRevokedHere();
    } else if (what < 45 || media_.empty()) {
      Write();
    } else {
      Offer(media_[static_cast<std::size_t>(Below(static_cast<int>(media_.size())))]);
    }
  }
  [[nodiscard]] const std::map<int, int>& seen() const { return seen_; }

 private:
  int Below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }
  static const SecretKey& KeyOf(int index) {
    const Keys& keys = TestKeys();
    const std::array<const SecretKey*, 4> all = {&keys.content, &keys.second, &keys.stranger,
                                                 &keys.next_root};
    return *all[static_cast<std::size_t>(index)];
  }
  void Save() { backup_ = {site_.state, model_site_}; }

  void ChangeRoot() {
    ModelRoot next = model_.roots.rbegin()->second;
    const int key = Below(4);
    switch (Below(4)) {
      case 0:
        ++next.epoch;
        seq_ = 0;
        break;
      case 1:
        if (!next.revoked.contains(key)) next.signers.insert(key);
        break;
      case 2:
        next.signers.erase(key);
        if (!next.signers.empty() && Below(3) == 0) next.revoked.insert(key);
        break;
      default:
        next.threshold = static_cast<std::size_t>(1 + Below(2));
    }
    if (next.signers.empty() || next.revoked.size() > 2) return;
    next.threshold = std::min(next.threshold, next.signers.size());
    exporter_.Step([&](Root& root) {
      root.keys = SampleRoot().keys;
      root.revoked.clear();
      Role& content = root.streams[kStreamUuid].content;
      content = {{}, next.threshold};
      for (const int signer : next.signers) {
        const PublicKey& point = KeyOf(signer).public_key();
        root.keys[point.id] = point;
        content.keys.insert(point.id);
      }
      for (const int dead : next.revoked) {
        root.keys.erase(KeyOf(dead).public_key().id);
        root.revoked.insert(KeyOf(dead).public_key().id);
      }
      root.streams[kStreamUuid].epoch = next.epoch;
    });
    model_.roots[exporter_.root.version] = next;
  }

  void ToggleRevokedHere() {
    const int key = Below(4);
    const KeyId id = KeyOf(key).public_key().id;
    if (model_site_.revoked_here.erase(key) > 0) {
      site_.state.revoked_here.erase(id);
    } else if (Below(4) == 0) {
      model_site_.revoked_here.insert(key);
      site_.state.revoked_here.insert(id);
    }
  }

  // An honest bundle, or one with an old number, forged content or the wrong signers.
  void Write() {
    now_ += Below(3) * kDay / 2;
    ModelBundle bundle;
    const ModelRoot& root = model_.roots.rbegin()->second;
    const bool honest = Below(4) != 0;
    seq_ += honest ? 1 : 0;
    const std::uint64_t seq = honest ? seq_ : static_cast<std::uint64_t>(1 + Below(int(seq_) + 2));
    bundle.number = {root.epoch, seq};
    bundle.content = honest ? 0 : Below(2);
    bundle.root_version = exporter_.root.version;
    bundle.created = now_ + (Below(12) == 0 ? 3 * kDay : 0);
    bundle.signers = root.signers;
    if (Below(4) == 0) bundle.signers = {Below(4)};
    bundle.last_root = exporter_.root.version;
    Chain chain = exporter_.Roots();
    if (Below(3) == 0) {
      bundle.first_root = static_cast<std::uint64_t>(2 + Below(int(exporter_.root.version)));
      std::erase_if(chain, [&](const auto& step) { return step.first < bundle.first_root; });
      if (chain.empty()) bundle.last_root = 1;
    }
    bundle.whole = Below(10) != 0;
    if (Below(30) == 0 && seq > 3)
      recalled_ = Number{root.epoch, seq - 1 - static_cast<std::uint64_t>(Below(3))};
    if (recalled_ && *recalled_ < bundle.number) bundle.recalled = recalled_;
    Manifest manifest = exporter_.Describe(seq, bundle.content == 0 ? "" : "forged");
    manifest.created = bundle.created;
    if (bundle.recalled) manifest.recalled = {bundle.recalled->first, bundle.recalled->second};
    manifest.next_due = bundle.created + 7 * kDay;
    manifest.expires = bundle.created + kLife;
    std::vector<const SecretKey*> signers;
    for (const int key : bundle.signers)
      signers.push_back(&KeyOf(key));
    media_.push_back({bundle, {SignManifest(manifest, signers), chain, bundle.whole}});
    if (media_.size() > 40) media_.erase(media_.begin());
    Offer(media_.back());
  }

  void Offer(const std::pair<ModelBundle, Medium>& offered) {
    std::optional<Time> reading = now_ + Below(3) * kDay / 2;
    if (Below(10) == 0) reading = std::nullopt;
    if (Below(10) == 0) reading = 0;
    if (Below(10) == 0) reading = *ParseTime("2099-01-01T00:00:00Z");
    const bool rollback = Below(12) == 0;
    const int expected = model_.Take(model_site_, offered.first, reading, rollback);
    const Outcome outcome =
        site_.Take(offered.second, {reading, false}, {.allow_rollback = rollback});
    ASSERT_EQ(outcome.code, expected)
        << outcome.message << " (number " << offered.first.number.first << "."
        << offered.first.number.second << ")";
    ASSERT_EQ(site_.state.root.version, model_site_.root);
    ASSERT_EQ(site_.state.floor, model_site_.floor);
    const std::optional<StateNumber>& recalled = site_.state.streams[kStreamUuid].recalled;
    ASSERT_EQ(recalled ? std::optional(Number{recalled->epoch, recalled->seq}) : std::nullopt,
              model_site_.recalled);
    ++seen_[outcome.code];
  }

  std::mt19937 random_;
  Exporter exporter_;
  Site site_;
  Model model_;
  ModelSite model_site_;
  std::pair<TrustState, ModelSite> backup_;
  std::vector<std::pair<ModelBundle, Medium>> media_;
  std::uint64_t seq_ = 0;
  std::optional<Number> recalled_;
  Time now_ = kCreated;
  std::map<int, int> seen_;
};

TEST(TrustWalk, AgreesWithTheModelForThousandsOfSteps) {
  std::map<int, int> seen;
  for (unsigned seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    Walk walk(seed);
    for (int step = 0; step < 1500; ++step) {
      walk.Step();
      if (HasFatalFailure()) return;
    }
    for (const auto& [code, times] : walk.seen())
      seen[code] += times;
  }
  for (const int code : {0, 13, 14, 15, 16, 17, 24, 29, 30})
    EXPECT_GT(seen[code], 0) << "exit code " << code << " was never reached";
}

}  // namespace
}  // namespace gapferry::bundle
