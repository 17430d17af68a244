// tests/collect/corpus.h: where the corpus lies, and small tools that the tests of this room share.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "collect/misp_event.h"
#include "store/store.h"

namespace gapferry::collect::test {

inline std::optional<std::filesystem::path> FindCorpus() {
  const char* named = std::getenv("GAPFERRY_CORPUS");
  const std::filesystem::path path =
      named != nullptr ? std::filesystem::path(named)
                       : std::filesystem::path(GAPFERRY_SOURCE_DIR) / "../shared/corpus";
  if (!std::filesystem::is_directory(path)) return std::nullopt;
  return path;
}

#define GAPFERRY_CORPUS_OR_SKIP(name)                                  \
  const auto found_corpus = ::gapferry::collect::test::FindCorpus();   \
  if (!found_corpus) GTEST_SKIP() << "no corpus; set GAPFERRY_CORPUS"; \
  const std::filesystem::path name = *found_corpus

inline std::string Slurp(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A folder that vanishes with the test.
class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "gapferry-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  std::filesystem::path Write(const std::string& name, std::string_view content) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << content;
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

// Everything that a reader hands over, kept.
class Recorder : public EventSink {
 public:
  struct Row {
    Uuid object;
    intel::Attribute attribute;
    std::string extra;
  };
  struct Recorded {
    intel::Event event;
    std::string extra;
    std::vector<Row> attributes;
    std::vector<std::pair<intel::Object, std::string>> objects;
    std::vector<std::pair<Uuid, intel::Reference>> references;
    std::vector<intel::Report> reports;
  };
  std::vector<Recorded> events;
  std::vector<Refusal> refused;

  Status BeginEvent() override {
    current_ = {};
    return Ok();
  }
  Status TakeObject(const intel::Object& object, const std::string& extra) override {
    current_.objects.emplace_back(object, extra);
    return Ok();
  }
  Status TakeAttribute(const Uuid& object, const intel::Attribute& attribute,
                       const std::string& extra) override {
    current_.attributes.push_back({object, attribute, extra});
    return Ok();
  }
  Status TakeReference(const Uuid& object, const intel::Reference& reference) override {
    current_.references.emplace_back(object, reference);
    return Ok();
  }
  Status TakeReport(const intel::Report& report, const std::string&) override {
    current_.reports.push_back(report);
    return Ok();
  }
  Status EndEvent(const intel::Event& event, const std::string& extra, std::uint64_t) override {
    current_.event = event;
    current_.extra = extra;
    events.push_back(std::exchange(current_, {}));
    return Ok();
  }
  Status RefuseEvent(const Uuid&, Refusal refusal) override {
    refused.push_back(std::move(refusal));
    current_ = {};
    return Ok();
  }

 private:
  Recorded current_;
};

inline ReadOutcome Read(std::string_view json, Recorder* recorder) {
  auto outcome = ReadMispEvents(TextSource(json), "x.json", *recorder);
  EXPECT_TRUE(outcome.ok()) << outcome.error().what;
  return std::move(outcome).value();
}

// Every row of a store as its canonical bytes, by its key.
inline std::map<std::string, std::string> Records(store::Store& store) {
  std::map<std::string, std::string> records;
  auto read = store.Reader().ForEach([&](const store::Record& record) {
    store::EncodeRecord(record, &records[store::EncodeKey(record)]);
    return Ok();
  });
  EXPECT_TRUE(read.ok()) << read.error().what;
  return records;
}

inline store::Store OpenStore(const Scratch& scratch, const std::string& name = "mirror.db") {
  auto store = store::Store::Open(scratch.path() / name);
  EXPECT_TRUE(store.ok()) << store.error().what;
  return std::move(store).value();
}

}  // namespace gapferry::collect::test
