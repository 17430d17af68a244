// tests/detect/fixture.h: a store in a folder of its own, filled event by event.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "detect/generate.h"
#include "store/store.h"

namespace gapferry::detect::fixtures {

inline Uuid NumberedUuid(int number) {
  return UuidFromContent(AsBytes("test " + std::to_string(number)));
}

class DetectTest : public ::testing::Test {
 protected:
  DetectTest() {
    InitCrypto();
    static int count = 0;
    folder_ = std::filesystem::temp_directory_path() /
              ("gapferry-detect-" + std::to_string(::getpid()) + "-" + std::to_string(count++));
    std::filesystem::create_directories(folder_);
    auto opened = store::Store::Open(folder_ / "store.db");
    EXPECT_TRUE(opened.ok());
    store_.emplace(std::move(opened).value());
  }
  ~DetectTest() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  struct Value {
    std::string type;
    std::string value;
    std::vector<std::string> tags = {};
    bool to_ids = true;
    intel::Sighting sighting = {};
  };

  // Attributes get UUIDs that depend on the event and their place only.
  void Put(int number, const std::vector<std::string>& tags, const std::vector<Value>& values,
           const std::string& source = "test", const std::string& info = "an event") {
    EXPECT_TRUE(store_->Begin().ok());
    store::RowWriter writer = store_->Writer();
    const auto source_id = writer.PutSource(source, intel::Tlp::kAmber).value();
    const auto existing = store_->FindEvent(source_id, NumberedUuid(number)).value();
    if (existing) {
      EXPECT_TRUE(store_->RemoveEvent(existing->id).ok());
    }
    const auto event_id = writer.NewEventId().value();
    intel::Event event;
    event.uuid = NumberedUuid(number);
    event.info = info;
    event.date = "2026-08-01";
    event.published = true;
    event.threat_level = 2;
    for (const std::string& tag : tags)
      event.tags.push_back({tag, "", "", false, true});
    EXPECT_TRUE(writer.PutEvent(event_id, source_id, event).ok());
    int place = 0;
    for (const Value& value : values) {
      intel::Attribute attribute;
      attribute.uuid = UuidFromContent(AsBytes(fmt::format("{} {} {}", source, number, place++)));
      attribute.type = value.type;
      attribute.category = "Network activity";
      attribute.value = value.value;
      attribute.timestamp = 1'785'542'400;
      attribute.to_ids = value.to_ids;
      for (const std::string& tag : value.tags)
        attribute.tags.push_back({tag, "", "", false, true});
      EXPECT_TRUE(writer.PutAttribute(event_id, Uuid{}, attribute).value());
      if (value.sighting.Any()) {
        EXPECT_TRUE(writer.PutSighting(event_id, attribute.uuid, value.sighting).value());
      }
    }
    EXPECT_TRUE(store_->Commit().ok());
  }

  void PutList(const std::string& name, const std::vector<std::string>& entries) {
    EXPECT_TRUE(store_->Begin().ok());
    store::RowWriter writer = store_->Writer();
    const auto source_id = writer.PutSource("lists", intel::Tlp::kAmber).value();
    store::WarninglistHead head;
    head.name = name;
    head.type = "hostname";
    head.matching_attributes = "domain\nhostname\nurl";
    head.version = 1;
    const auto id = writer.PutWarninglist(source_id, head).value();
    for (const std::string& entry : entries)
      EXPECT_TRUE(writer.PutWarninglistEntry(id, entry).value());
    EXPECT_TRUE(store_->Commit().ok());
  }

  static Destination Make(const std::string& name, const std::string& format,
                          intel::Tlp clearance = intel::Tlp::kAmber) {
    Destination destination;
    destination.name = name;
    destination.format = format;
    destination.use.clearance = clearance;
    return destination;
  }
  static Site MakeSite(std::vector<Destination> destinations) {
    Site site;
    site.destinations = std::move(destinations);
    site.created = 1'785'600'000;
    site.state_digest = "0123456789abcdef";
    return site;
  }

  GenerateSummary Run(const Site& site) {
    auto summary = Generate(*store_, site, folder_ / "out");
    EXPECT_TRUE(summary.ok()) << (summary.ok() ? "" : summary.error().what);
    if (!summary.ok()) return {};
    for (const DestinationSummary& made : summary->destinations)
      EXPECT_EQ(made.used + made.reasons.Total(), made.attributes) << made.name;
    return std::move(summary).value();
  }

  [[nodiscard]] std::filesystem::path Current(const std::string& destination) const {
    return folder_ / "out" / destination / "current";
  }
  [[nodiscard]] std::string Read(const std::string& destination, const std::string& file) const {
    std::ifstream in(Current(destination) / file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }
  [[nodiscard]] std::vector<std::string> Lines(const std::string& destination,
                                               const std::string& file) const {
    std::istringstream in(Read(destination, file));
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);)
      lines.push_back(line);
    return lines;
  }

  std::filesystem::path folder_;
  std::optional<store::Store> store_;
};

}  // namespace gapferry::detect::fixtures
