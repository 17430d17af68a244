// ATT&CK Navigator layers: how many events name a technique with a tag of MISP's galaxy
// (layer format 4.5).
#include <algorithm>
#include <map>
#include <set>

#include "base/json.h"
#include "detect/event_walk.h"
#include "detect/format.h"
#include "detect/gather.h"

namespace gapferry::detect {
namespace {

constexpr std::size_t kNamedEvents = 20;  // a technique; the score counts all of them

struct Technique {
  std::uint64_t events = 0;
  std::vector<std::pair<std::string, std::string>> named;  // UUID and info
};

class NavigatorWriter : public EventWriter {
 public:
  explicit NavigatorWriter(const WriterContext& context) : context_(context) {}

  Status Begin(const intel::Event& event, intel::Tlp) override {
    uuid_ = event.uuid.ToString();
    info_ = event.info;
    of_event_.clear();
    Read(event.tags);
    return Ok();
  }
  Status AddAttribute(const Uuid&, const intel::Attribute& attribute) override {
    if (!attribute.deleted) Read(attribute.tags);
    return Ok();
  }
  Status End(const std::vector<Uuid>&) override {
    for (const std::string& id : of_event_) {
      Technique& technique = techniques_[id];
      ++technique.events;
      if (technique.named.size() < kNamedEvents) technique.named.emplace_back(uuid_, info_);
    }
    return Ok();
  }
  Status Finish() override {
    GF_CHECK(WriteLayer("enterprise-attack", "layer-enterprise.json", "T1"));
    return WriteLayer("ics-attack", "layer-ics.json", "T0");
  }

 private:
  void Read(const std::vector<intel::Tag>& tags) {
    for (const intel::Tag& tag : tags) {
      std::string id = TechniqueOf(tag.name);
      if (!id.empty()) of_event_.insert(std::move(id));
    }
  }

  [[nodiscard]] Json Techniques(std::string_view prefix, std::uint64_t* most) const {
    Json list = Json::array();
    for (const auto& [id, technique] : techniques_) {
      if (!id.starts_with(prefix)) continue;
      *most = std::max(*most, technique.events);
      Json metadata = Json::array();
      for (const auto& [uuid, info] : technique.named)
        metadata.push_back({{"name", "MISP event " + uuid}, {"value", info}});
      list.push_back({{"techniqueID", id},
                      {"score", technique.events},
                      {"enabled", true},
                      {"metadata", std::move(metadata)},
                      {"showSubtechniques", id.find('.') == std::string::npos}});
    }
    return list;
  }

  Status WriteLayer(std::string_view domain, const std::string& file, std::string_view prefix) {
    std::uint64_t most = 1;
    Json techniques = Techniques(prefix, &most);
    const Json layer = {
        {"name", "MISP: " + context_.destination.name},
        {"versions", {{"layer", "4.5"}}},
        {"domain", domain},
        {"description", fmt::format("events that name a technique, up to tlp:{}",
                                    intel::TlpName(context_.destination.use.clearance))},
        {"sorting", 3},
        {"techniques", std::move(techniques)},
        {"gradient", {{"colors", {"#ffffff", "#ff6666"}}, {"minValue", 0}, {"maxValue", most}}},
        {"showTacticRowBackground", false},
        {"selectTechniquesAcrossTactics", true},
        {"selectSubtechniquesWithParent", false}};
    return context_.output.WriteFile(file, DumpJsonPretty(layer));
  }

  WriterContext context_;
  std::map<std::string, Technique> techniques_;
  std::string uuid_;
  std::string info_;
  std::set<std::string> of_event_;
};

}  // namespace

constinit const Format kNavigator{
    .name = "navigator",
    .summary = "layers for the ATT&CK Navigator from galaxy tags",
    .by_event = false,
    .checker = "jq -e .techniques {}/layer-enterprise.json",
    .express = CopyWhole,
    .make = nullptr,
    .make_for_events = [](const WriterContext& context) -> std::unique_ptr<EventWriter> {
      return std::make_unique<NavigatorWriter>(context);
    },
};

}  // namespace gapferry::detect
