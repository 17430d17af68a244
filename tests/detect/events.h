// tests/detect/events.h: MISP event JSON into a store, for tests only.
#pragma once

#include <nlohmann/json.hpp>

#include <string>

#include "base/bytes.h"
#include "store/store.h"

namespace gapferry::detect::fixtures {

inline std::string Text(const nlohmann::json& from, const char* key) {
  const auto found = from.find(key);
  if (found == from.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}
inline std::int64_t Number(const nlohmann::json& from, const char* key, std::int64_t fallback) {
  const std::string text = Text(from, key);
  return text.empty() ? fallback : std::stoll(text);
}
inline Uuid Id(const nlohmann::json& from) {
  const std::string text = Text(from, "uuid");
  return ParseUuid(text).value_or(UuidFromContent(AsBytes(from.dump())));
}
inline std::vector<intel::Tag> Tags(const nlohmann::json& from) {
  std::vector<intel::Tag> tags;
  for (const auto& tag : from.value("Tag", nlohmann::json::array()))
    tags.push_back({Text(tag, "name"), "", "", false, true});
  return tags;
}

inline intel::Attribute ReadAttribute(const nlohmann::json& from) {
  intel::Attribute attribute;
  attribute.uuid = Id(from);
  attribute.type = Text(from, "type");
  attribute.category = Text(from, "category");
  attribute.value = Text(from, "value");
  attribute.timestamp = Number(from, "timestamp", 0);
  attribute.to_ids = from.value("to_ids", false);
  attribute.deleted = from.value("deleted", false);
  attribute.tags = Tags(from);
  return attribute;
}

inline intel::Event ReadEvent(const nlohmann::json& from) {
  intel::Event event;
  event.uuid = Id(from);
  event.info = Text(from, "info");
  event.date = Text(from, "date");
  event.timestamp = Number(from, "timestamp", 0);
  event.published = from.value("published", true);
  event.threat_level = static_cast<std::uint8_t>(Number(from, "threat_level_id", 4));
  event.tags = Tags(from);
  return event;
}

// Puts one event of MISP's JSON into the store, within the caller's transaction.
inline Status PutEventJson(store::Store& store, const std::string& source, intel::Tlp default_tlp,
                           const nlohmann::json& document) {
  const nlohmann::json& from = document.contains("Event") ? document["Event"] : document;
  store::RowWriter writer = store.Writer();
  GF_TRY(const store::SourceId source_id, writer.PutSource(source, default_tlp));
  GF_TRY(const store::EventId event_id, writer.NewEventId());
  GF_CHECK(writer.PutEvent(event_id, source_id, ReadEvent(from)));
  for (const auto& attribute : from.value("Attribute", nlohmann::json::array())) {
    GF_TRY(const bool added, writer.PutAttribute(event_id, Uuid{}, ReadAttribute(attribute)));
    static_cast<void>(added);
  }
  for (const auto& json : from.value("Object", nlohmann::json::array())) {
    intel::Object object;
    object.uuid = Id(json);
    object.name = Text(json, "name");
    object.deleted = json.value("deleted", false);
    GF_TRY(const bool added, writer.PutObject(event_id, object));
    static_cast<void>(added);
    for (const auto& attribute : json.value("Attribute", nlohmann::json::array())) {
      GF_TRY(const bool put, writer.PutAttribute(event_id, object.uuid, ReadAttribute(attribute)));
      static_cast<void>(put);
    }
  }
  return Ok();
}

}  // namespace gapferry::detect::fixtures
