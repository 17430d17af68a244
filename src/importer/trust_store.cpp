#include "importer/trust_store.h"

#include <algorithm>
#include <map>

#include "base/json.h"

namespace gapferry::importer {
namespace {

constexpr char kTrust[] = "trust";

Json PointJson(const bundle::StatePoint& point) {
  return {
      {"epoch", point.epoch}, {"seq", point.seq}, {"state_digest", HexEncode(point.state_digest)}};
}

bool ReadPoint(const Json& json, bundle::StatePoint* point) {
  if (!json.is_object() || !json.contains("epoch") || !json.contains("seq") ||
      !json.contains("state_digest")) {
    return false;
  }
  point->epoch = json["epoch"].get<std::uint64_t>();
  point->seq = json["seq"].get<std::uint64_t>();
  const std::optional<Bytes> digest = HexDecode(json["state_digest"].get<std::string>());
  if (!digest || digest->size() != point->state_digest.size()) return false;
  std::copy(digest->begin(), digest->end(), point->state_digest.begin());
  return true;
}

bool ReadStream(const Json& json, bundle::StreamTrust* stream) {
  bundle::StatePoint point;
  if (json.contains("highest")) {
    if (!ReadPoint(json["highest"], &point)) return false;
    stream->highest = point;
  }
  if (json.contains("applied")) {
    if (!ReadPoint(json["applied"], &point)) return false;
    stream->applied = point;
  }
  if (json.contains("recalled")) {
    stream->recalled = {json["recalled"].at("epoch").get<std::uint64_t>(),
                        json["recalled"].at("seq").get<std::uint64_t>()};
  }
  for (const Json& recorded : json.at("recorded")) {
    if (!ReadPoint(recorded, &stream->recorded.emplace_back())) return false;
  }
  return true;
}

bool ReadTrust(const Json& json, SiteTrust* trust) {
  const std::optional<Uuid> stream = ParseUuid(json.at("stream").get<std::string>());
  auto root = bundle::ParseRoot(json.at("root").get<std::string>());
  if (!stream || !root.ok()) return false;
  trust->stream = *stream;
  trust->state.root = *std::move(root);
  trust->state.floor = json.at("floor").get<Time>();
  for (const Json& id : json.at("revoked_here")) {
    const std::optional<bundle::KeyId> key = bundle::ParseKeyId(id.get<std::string>());
    if (!key) return false;
    trust->state.revoked_here.insert(*key);
  }
  for (const auto& [uuid, value] : json.at("streams").items()) {
    const std::optional<Uuid> key = ParseUuid(uuid);
    if (!key || !ReadStream(value, &trust->state.streams[*key])) return false;
  }
  return true;
}

Result<std::map<std::string, std::uint64_t>> ReadRows(const std::string& text) {
  std::map<std::string, std::uint64_t> rows;
  if (text.empty()) return rows;
  auto json = ParseJson(text, {.max_bytes = 1 << 16, .max_depth = 4});
  try {
    if (json.ok() && json->is_object()) return json->get<std::map<std::string, std::uint64_t>>();
  } catch (const Json::exception&) {
    // Falls through: it is not what SaveApplied wrote.
  }
  return Error::Make(Kind::kDamaged, "the counts of rows in the store cannot be read");
}

}  // namespace

std::string StreamName(const SiteTrust& trust) {
  const auto found = trust.state.root.streams.find(trust.stream);
  return found == trust.state.root.streams.end() ? trust.stream.ToString() : found->second.name;
}

Result<SiteTrust> LoadTrust(store::Store* store) {
  GF_TRY(const std::optional<std::string> text, store->GetMeta(kTrust));
  if (!text) {
    return Error::Make(Kind::kNotReady, "no root of trust is pinned here")
        .Hint("`gapferry-import init --root MEDIUM/root-0001.json --fingerprint \"…\"` pins one");
  }
  SiteTrust trust;
  GF_TRY(const Json json, ParseJson(*text, {.max_bytes = 8 << 20, .max_depth = 16}));
  try {
    if (ReadTrust(json, &trust)) return trust;
  } catch (const Json::exception&) {
    // Falls through: whatever is wrong with it, it is not what SaveTrust wrote.
  }
  return Error::Make(Kind::kDamaged, "the record of trust in the store cannot be read")
      .Hint("restore the home from a backup; do not start over without knowing why");
}

Status SaveTrust(store::Store* store, const SiteTrust& trust) {
  Json streams = Json::object();
  for (const auto& [uuid, stream] : trust.state.streams) {
    Json& json = streams[uuid.ToString()] = Json::object();
    if (stream.highest) json["highest"] = PointJson(*stream.highest);
    if (stream.applied) json["applied"] = PointJson(*stream.applied);
    if (stream.recalled)
      json["recalled"] = {{"epoch", stream.recalled->epoch}, {"seq", stream.recalled->seq}};
    json["recorded"] = Json::array();
    for (const bundle::StatePoint& point : stream.recorded)
      json["recorded"].push_back(PointJson(point));
  }
  Json revoked = Json::array();
  for (const bundle::KeyId& id : trust.state.revoked_here)
    revoked.push_back(id.ToString());
  return store->SetMeta(kTrust, DumpJson({{"stream", trust.stream.ToString()},
                                          {"root", bundle::SerializeRoot(trust.state.root)},
                                          {"floor", trust.state.floor},
                                          {"revoked_here", revoked},
                                          {"streams", streams}}));
}

bundle::StatePoint PointOf(const bundle::Manifest& manifest) {
  return {manifest.epoch, manifest.seq, manifest.state_digest};
}

Result<std::optional<Applied>> LoadApplied(store::Store* store) {
  std::map<std::string, std::string> meta;
  for (const char* key : kStateKeys) {
    GF_TRY(const std::optional<std::string> value, store->GetMeta(key));
    meta[key] = value.value_or("");
  }
  if (meta["manifest"].empty()) return std::optional<Applied>();
  Applied applied;
  GF_TRY(applied.manifest, bundle::ParseManifest(meta["manifest"]));
  applied.manifest_bytes = std::move(meta["manifest"]);
  applied.imported = ParseTime(meta["imported"]).value_or(0);
  applied.exception = std::move(meta["exception"]);
  applied.missed = std::move(meta["missed"]);
  applied.clearance = intel::FindTlp(meta["clearance"]).value_or(intel::Tlp::kRed);
  applied.next_due = ParseTime(meta["next_due"]).value_or(applied.manifest.next_due);
  GF_TRY(applied.rows, ReadRows(meta["rows"]));
  return std::optional<Applied>(std::move(applied));
}

Status SaveApplied(store::Store* store, const Applied& applied) {
  GF_CHECK(store->SetMeta("manifest", applied.manifest_bytes));
  GF_CHECK(store->SetMeta("imported", FormatTime(applied.imported)));
  GF_CHECK(store->SetMeta("exception", applied.exception));
  GF_CHECK(store->SetMeta("missed", applied.missed));
  GF_CHECK(store->SetMeta("clearance", intel::TlpName(applied.clearance)));
  GF_CHECK(store->SetMeta("rows", DumpJson(Json(applied.rows))));
  return store->SetMeta("next_due", FormatTime(applied.next_due));
}

}  // namespace gapferry::importer
