// tests/config_schema.h: holds a JSON Schema of a configuration and its reader together, from
// outside: every claim of the schema is put to the reader as a file. JSON is YAML.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"

namespace gapferry::test {

using Pointer = Json::json_pointer;
// Loads a configuration from this file.
using Loader = std::function<Status(const std::filesystem::path&)>;

// One property of the schema, and where its value stands in the document that Example makes.
struct Property {
  Pointer at;
  std::string key;
  const Json* schema;
  bool required;
};

inline Json LoadSchema(const std::string& name) {
  auto text = ReadFile(std::filesystem::path(GAPFERRY_SOURCE_DIR) / "schema" / name, 1 << 20);
  auto schema = text.ok() ? ParseJson(*text) : Result<Json>(text.error());
  EXPECT_TRUE(schema.ok()) << (schema.ok() ? "" : schema.error().what);
  return schema.ok() ? *schema : Json();
}

inline bool IsRequired(const Json& level, const std::string& key) {
  const Json required = level.value("required", Json::array());
  return std::find(required.begin(), required.end(), key) != required.end();
}

// A value of every key; `defaults`: of every key that has a default, and that one.
inline Json Example(const Json& schema, bool defaults = false) {
  if (schema.contains("properties")) {
    Json object = defaults && schema.contains("examples") ? schema["examples"][0] : Json::object();
    for (const auto& [key, property] : schema["properties"].items()) {
      if (object.contains(key)) continue;
      // A block with keys that it requires has no default: it is absent.
      const bool has_default = property.contains("default") ||
                               (property.contains("properties") && !property.contains("required"));
      if (!defaults || has_default || IsRequired(schema, key))
        object[key] = Example(property, defaults);
    }
    return object;
  }
  if (schema.contains("items") && schema["items"].contains("properties"))
    return Json::array({Example(schema["items"], defaults)});
  if (!defaults && schema.contains("examples")) return schema["examples"][0];
  if (schema.contains("default")) return schema["default"];
  if (schema.contains("examples")) return schema["examples"][0];
  return schema.contains("enum") ? schema["enum"][0] : Json();
}

// The same document with required keys only.
inline Json Least(const Json& schema) {
  if (schema.contains("items") && schema["items"].contains("properties"))
    return Json::array({Least(schema["items"])});
  if (!schema.contains("properties")) return Example(schema);
  // Where there is a choice of keys, the schema's example shows one.
  if (schema.contains("examples")) return schema["examples"][0];
  Json object = Json::object();
  for (const auto& [key, property] : schema["properties"].items()) {
    const bool list = property.contains("items") && property["items"].contains("properties");
    if (list || IsRequired(schema, key)) object[key] = Least(property);
  }
  return object;
}

inline void Walk(const Json& schema, const Pointer& at, std::vector<Property>* found) {
  if (schema.contains("items")) Walk(schema["items"], at / 0, found);
  if (!schema.contains("properties")) return;
  for (const auto& [key, property] : schema["properties"].items()) {
    found->push_back({at / key, key, &property, IsRequired(schema, key)});
    Walk(property, at / key, found);
  }
}

inline std::vector<Property> Properties(const Json& schema) {
  std::vector<Property> found;
  Walk(schema, Pointer(), &found);
  return found;
}

class SchemaCheck {
 public:
  SchemaCheck(const std::string& schema, Loader load)
      : schema_(LoadSchema(schema)), load_(std::move(load)), whole_(Example(schema_)) {}

  [[nodiscard]] const Json& schema() const { return schema_; }
  [[nodiscard]] Status LoadText(const std::string& text) const {
    const auto file = File();
    EXPECT_TRUE(WriteFileAtomically(file, text).ok());
    return load_(file);
  }
  [[nodiscard]] static std::filesystem::path File() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    return std::filesystem::path(testing::TempDir()) /
           (std::string(info->test_suite_name()) + "." + info->name() + ".yml");
  }

  void AcceptsEveryKey() const {
    ExpectLoads(whole_, "every key");
    ExpectLoads(Example(schema_, true), "every default");
    ExpectLoads(Least(schema_), "the least");
    for (const Property& property : Properties(schema_)) {
      const std::string where = property.at.to_string();
      if (property.required) {
        Json without = whole_;
        without[property.at.parent_pointer()].erase(property.key);
        ExpectRefused(without, property.key + ": is missing", where);
      } else {
        Json with = Least(schema_);
        with[property.at] = whole_[property.at];
        ExpectLoads(with, "alone " + where);
      }
    }
  }

  // With its line, the nearest key, and in the hint exactly the keys of the schema.
  void RefusesUnknownKeys() const {
    for (const Property& property : Properties(schema_)) {
      Json document = whole_;
      const std::string typo = property.key + property.key.back();
      document[property.at.parent_pointer()][typo] = 1;
      const std::string text = DumpJsonPretty(document);
      const std::size_t at = text.find("\"" + typo + "\": 1");
      ASSERT_NE(at, std::string::npos);
      const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<long>(at), '\n');
      const Status status = LoadText(text);
      ASSERT_FALSE(status.ok()) << property.at.to_string();
      EXPECT_EQ(status.error().what, fmt::format("{}:{}: {}: unknown key; did you mean \"{}\"?",
                                                 File().string(), line, typo, property.key));
      EXPECT_EQ(status.error().kind, Kind::kConfig);
      ExpectHintNames(status.error(), Level(property.at.parent_pointer()));
    }
  }

  // A word of an enumeration and a limit of a number stand in the message of who breaks them.
  void HasTheReadersLimits() const {
    for (const Property& property : Properties(schema_)) {
      const Json& schema = *property.schema;
      const std::string where = property.at.to_string();
      if (schema.contains("enum")) ExpectChoices(property.at, "zzzz", schema["enum"], where);
      if (schema.contains("items") && schema["items"].contains("enum"))
        ExpectChoices(property.at, Json::array({"zzzz"}), schema["items"]["enum"], where);
      if (schema.contains("additionalProperties") && schema["additionalProperties"].is_object())
        ExpectDataLimits(property, schema["additionalProperties"]);
      if (schema.value("type", "") == "integer")
        ExpectRange<std::int64_t>(property.at, schema, where);
      if (schema.value("type", "") == "number") ExpectRange<double>(property.at, schema, where);
    }
  }

  void RefusesWrongShapes() const {
    for (const Property& property : Properties(schema_)) {
      const std::string type = property.schema->value("type", "");
      const bool scalar = type != "object" && type != "array";
      Json document = whole_;
      document[property.at] = scalar ? Json::array({"a"}) : Json("a");
      ExpectRefused(document, property.key + ": expected ", property.at.to_string());
      document[property.at] = type == "object" ? Json::array({"a"}) : Json::object({{"a", "b"}});
      ExpectRefused(document, property.key + ": expected ", property.at.to_string());
      if (type != "boolean") continue;
      document[property.at] = "perhaps";
      ExpectRefused(document, "neither true nor false", property.at.to_string());
    }
  }

  // No level is left open, and each key says what it is.
  void IsClosedAndExplained() const {
    EXPECT_EQ(schema_.value("additionalProperties", Json(true)), Json(false));
    for (const Property& property : Properties(schema_)) {
      const std::string where = property.at.to_string();
      EXPECT_NE(property.schema->value("description", ""), "") << where;
      EXPECT_NE(property.schema->value("type", ""), "") << where;
      const Json& items = property.schema->value("items", Json::object());
      for (const Json& level : {*property.schema, items}) {
        const bool open = level.value("additionalProperties", Json(true)) != Json(false);
        EXPECT_FALSE(open && level.contains("properties")) << where;
      }
    }
  }

 private:
  void ExpectLoads(const Json& document, const std::string& what) const {
    const Status status = LoadText(DumpJsonPretty(document));
    EXPECT_TRUE(status.ok()) << what << ": " << (status.ok() ? "" : status.error().what);
  }

  void ExpectRefused(const Json& document, const std::string& part, const std::string& what) const {
    const Status status = LoadText(DumpJsonPretty(document));
    ASSERT_FALSE(status.ok()) << what;
    EXPECT_EQ(status.error().kind, Kind::kConfig) << what;
    EXPECT_THAT(status.error().what, testing::HasSubstr(part)) << what;
    EXPECT_THAT(status.error().what, testing::StartsWith(File().string() + ":")) << what;
  }

  void ExpectChoices(const Pointer& at, const Json& wrong, const Json& choices,
                     const std::string& what) const {
    std::vector<std::string> words;
    for (const Json& choice : choices)
      words.push_back(choice.is_string() ? choice.get<std::string>() : choice.dump());
    Json document = whole_;
    document[at] = wrong;
    // Whatever follows the list begins with a semicolon, or nothing does.
    const std::string list = fmt::format("\"zzzz\" is not one of {}", fmt::join(words, ", "));
    ExpectRefused(document, list, what);
    const Status status = LoadText(DumpJsonPretty(document));
    ASSERT_FALSE(status.ok());
    const std::string& message = status.error().what;
    const std::size_t end = message.find(list);
    ASSERT_NE(end, std::string::npos) << message;
    const std::string rest = message.substr(end + list.size());
    EXPECT_TRUE(rest.empty() || rest[0] == ';') << message;
  }

  template <typename Number>
  void ExpectRange(const Pointer& at, const Json& schema, const std::string& what) const {
    const auto low = schema["minimum"].get<Number>();
    const auto high = schema["maximum"].get<Number>();
    const std::string kind = std::is_integral_v<Number> ? "whole number" : "number";
    for (const Json& wrong : {Json(low - 1), Json(high + 1), Json("many")}) {
      Json document = whole_;
      document[at] = wrong;
      ExpectRefused(document, fmt::format("is not a {} from {} to {}", kind, low, high), what);
    }
  }

  // Maps whose keys are data: the first key of the example.
  void ExpectDataLimits(const Property& property, const Json& value) const {
    const Pointer at = property.at / property.schema->at("examples")[0].begin().key();
    const std::string where = at.to_string();
    if (value.contains("enum")) ExpectChoices(at, "zzzz", value["enum"], where);
    if (value.contains("minimum")) ExpectRange<std::int64_t>(at, value, where);
  }

  [[nodiscard]] const Json& Level(const Pointer& at) const {
    // The document's path, with `properties` and `items` between its steps.
    const Json* level = &schema_;
    Pointer rest = at;
    std::vector<std::string> steps;
    for (; !rest.empty(); rest.pop_back())
      steps.insert(steps.begin(), rest.back());
    for (const std::string& step : steps)
      level = step == "0" ? &(*level)["items"] : &(*level)["properties"][step];
    return *level;
  }

  static void ExpectHintNames(const Error& error, const Json& level) {
    ASSERT_EQ(error.hints.size(), 1U);
    const std::string start = "the keys here are ";
    ASSERT_THAT(error.hints[0], testing::StartsWith(start));
    std::set<std::string> named;
    std::string list = error.hints[0].substr(start.size());
    for (std::size_t comma = list.find(", "); comma != std::string::npos; comma = list.find(", ")) {
      named.insert(list.substr(0, comma));
      list.erase(0, comma + 2);
    }
    named.insert(list);
    std::set<std::string> expected;
    for (const auto& [key, property] : level["properties"].items())
      expected.insert(key);
    EXPECT_EQ(named, expected);
  }

  Json schema_;
  Loader load_;
  Json whole_;
};

// A default configuration with its commented examples switched on: an even number of spaces after
// the `#` is an example, an odd one prose.
inline std::string WithExamples(const std::string& config) {
  const std::regex example("^#((?:  )*)(?! )");
  std::string text;
  std::size_t begin = 0;
  while (begin < config.size()) {
    const std::size_t end = std::min(config.find('\n', begin), config.size());
    text += std::regex_replace(config.substr(begin, end - begin), example, "$1") + "\n";
    begin = end + 1;
  }
  return text;
}

}  // namespace gapferry::test
