// rooms: collect
// Any bytes as a file of MISP events: what a sink is given can be written and read back, and
// follows the order that event_sink.h promises.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_set>

#include "base/json.h"
#include "collect/misp_event.h"
#include "store/record.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace gapferry;

class Checker : public collect::EventSink {
 public:
  Status BeginEvent() override {
    FUZZ_CHECK(!open_);
    open_ = true;
    objects_.clear();
    return Ok();
  }
  Status TakeObject(const intel::Object& object, const std::string& extra) override {
    FUZZ_CHECK(open_ && !object.uuid.IsNil());
    objects_.insert(object.uuid);
    record_.object = object;
    return Check(store::RecordKind::kObject, extra);
  }
  Status TakeAttribute(const Uuid& object, const intel::Attribute& attribute,
                       const std::string& extra) override {
    FUZZ_CHECK(open_ && !attribute.uuid.IsNil());
    FUZZ_CHECK(object.IsNil() || objects_.contains(object));
    FUZZ_CHECK(!attribute.type.empty() && !attribute.value.empty());
    record_.object_uuid = object;
    record_.attribute = attribute;
    if (attribute.sighting.Any()) GF_CHECK(Check(store::RecordKind::kSighting, ""));
    return Check(store::RecordKind::kAttribute, extra);
  }
  Status TakeReference(const Uuid& object, const intel::Reference& reference) override {
    FUZZ_CHECK(open_ && objects_.contains(object) && !reference.uuid.IsNil());
    record_.object_uuid = object;
    record_.reference = reference;
    return Check(store::RecordKind::kReference, "");
  }
  Status TakeReport(const intel::Report& report, const std::string& extra) override {
    FUZZ_CHECK(open_ && !report.uuid.IsNil());
    record_.report = report;
    return Check(store::RecordKind::kReport, extra);
  }
  Status EndEvent(const intel::Event& event, const std::string& extra,
                  std::uint64_t line) override {
    FUZZ_CHECK(open_ && !event.uuid.IsNil() && !event.info.empty() && line > 0);
    open_ = false;
    record_.event = event;
    record_.event_uuid = event.uuid;
    return Check(store::RecordKind::kEvent, extra);
  }
  Status RefuseEvent(const Uuid&, collect::Refusal refusal) override {
    FUZZ_CHECK(!refusal.reason.empty() && refusal.line > 0);
    open_ = false;
    return Ok();
  }

 private:
  Status Check(store::RecordKind kind, const std::string& extra) {
    record_.kind = kind;
    record_.source = "feed";
    std::string bytes;
    store::EncodeRecord(record_, &bytes);
    store::Record back;
    FUZZ_CHECK(store::DecodeRecord(AsBytes(bytes), &back).ok());
    std::string again;
    store::EncodeRecord(back, &again);
    FUZZ_CHECK(bytes == again);
    FUZZ_CHECK(extra.empty() || ParseJson(extra, {.max_depth = 64}).ok());
    return Ok();
  }

  bool open_ = false;
  std::unordered_set<Uuid> objects_;
  store::Record record_;
};

}  // namespace

std::vector<std::string> FuzzSeeds() {
  const std::string event =
      R"({"uuid":"aaaaaaaa-0000-4000-8000-000000000001","info":"an event","date":"2024-01-02",
          "timestamp":"1700000000","published":true,"threat_level_id":2,"distribution":"3","id":"7",
          "Orgc":{"name":"o","uuid":"x"},"SharingGroup":{"uuid":"g"},
          "Tag":[{"name":"tlp:green","colour":"#fff","local":0,"exportable":true}],
          "Attribute":[{"type":"domain","value":"a.example","to_ids":true,"data":"AAAA",
                        "Sighting":[{"type":"0","date_sighting":"1795501941","source":"s"},
                                    {"type":1,"date_sighting":5},{"type":"2"}]},
                       {"uuid":"dddddddd-0000-4000-8000-000000000004","type":"port","value":443}],
          "Object":[{"name":"file","Attribute":[{"type":"md5","value":"x"}],"ObjectReference":[
            {"referenced_uuid":"dddddddd-0000-4000-8000-000000000004","relationship_type":"r"}]}],
          "EventReport":[{"name":"r","content":"c"}],"odd":{"a":[1,-2.5e3,"\u00e4\n",null]}})";
  return {event,
          "{\"Event\":" + event + "}",
          "{\"response\":[{\"Event\":" + event + "}]}",
          "[" + event + "]",
          event.substr(0, event.size() - 1) + ",\"Event\":" + event + "}",
          R"({"type":"bundle","id":"b","objects":[]})"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Checker sink;
  const auto outcome = collect::ReadMispEvents(
      collect::TextSource({reinterpret_cast<const char*>(data), size}), "fuzz.json", sink);
  FUZZ_CHECK(outcome.ok());
  if (outcome->refused) FUZZ_CHECK(!outcome->refused->reason.empty());
  return 0;
}
