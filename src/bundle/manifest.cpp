#include "bundle/manifest.h"

#include <algorithm>
#include <array>
#include <utility>

#include "bundle/age_key.h"
#include "bundle/fields.h"
#include "bundle/text.h"

namespace gapferry::bundle {
namespace {

constexpr std::string_view kManifestFormat = "gapferry-bundle";
constexpr std::array<std::pair<BundleKind, std::string_view>, 3> kKindNames{{
    {BundleKind::kFull, "full"},
    {BundleKind::kDelta, "delta"},
    {BundleKind::kHeartbeat, "heartbeat"},
}};
constexpr std::string_view kNone = "none";
constexpr std::string_view kAge = "age";

bool IsCeiling(std::string_view name) {
  return std::find(kTlpCeilings.begin(), kTlpCeilings.end(), name) != kTlpCeilings.end();
}
bool IsKind(std::string_view name) {
  return ParseKindName(name).has_value();
}

std::uint64_t ChunkCount(std::uint64_t stored_size) {
  return stored_size / kChunkBytes + (stored_size % kChunkBytes != 0 ? 1 : 0);
}

Json CountsToJson(const std::map<std::string, std::uint64_t>& counts) {
  Json object = Json::object();
  for (const auto& [name, count] : counts) {
    object[name] = count;
  }
  return object;
}

Json CountsToJson(const RowCounts& counts) {
  return {{"kind", CountsToJson(counts.kind)},
          {"type", CountsToJson(counts.type)},
          {"tlp", CountsToJson(counts.tlp)},
          {"source", CountsToJson(counts.source)}};
}

Json PayloadToJson(const Payload& payload) {
  Json chunks = Json::array();
  for (const Chunk& chunk : payload.chunks) {
    chunks.push_back(HexEncode(chunk.digest));
  }
  return {{"compression", "zstd"},
          {"encryption", payload.recipients.empty() ? kNone : kAge},
          {"recipients", Json(payload.recipients)},
          {"plain_size", payload.plain_size},
          {"plain_blake2b", payload.plain_digest ? Json(HexEncode(*payload.plain_digest)) : Json()},
          {"stored_size", payload.stored_size},
          {"chunk_size", kChunkBytes},
          {"chunks", std::move(chunks)}};
}

Json BaseToJson(const Base& base) {
  return {{"seq", base.seq}, {"state_digest", HexEncode(base.state_digest)}};
}

Json NumberToJson(const StateNumber& number) {
  return {{"epoch", number.epoch}, {"seq", number.seq}};
}

Result<std::vector<Digest512>> ReadDigests(const Json& array) {
  std::vector<Digest512> digests;
  for (const Json& entry : array) {
    const auto bytes =
        entry.is_string() ? HexDecode(entry.get_ref<const std::string&>()) : std::nullopt;
    Digest512 digest;
    if (!bytes || bytes->size() != digest.size()) {
      return Error::Make(Kind::kMalformed, "payload.chunks[{}] is not a BLAKE2b-512 in hexadecimal",
                         digests.size());
    }
    std::copy(bytes->begin(), bytes->end(), digest.begin());
    digests.push_back(digest);
  }
  return digests;
}

Result<std::vector<std::string>> ReadRecipients(const Json& array) {
  std::vector<std::string> recipients;
  for (const Json& entry : array) {
    const std::string text = entry.is_string() ? entry.get<std::string>() : "";
    if (!ParseAgeRecipient(text).ok() || (!recipients.empty() && recipients.back() >= text)) {
      return Error::Make(Kind::kMalformed,
                         "payload.recipients[{}] is no age recipient after the one before it",
                         recipients.size());
    }
    recipients.push_back(text);
  }
  return recipients;
}

Result<Payload> ReadPayload(const Json& json) {
  Fields fields(json, "payload");
  const std::string compression = fields.Text("compression", 32);
  const std::string encryption = fields.Text("encryption", 32);
  const Json& recipients = fields.Array("recipients", kMaxRecipients);
  Payload payload;
  payload.plain_size = fields.Number("plain_size", 1);
  if (!fields.IsNull("plain_blake2b")) payload.plain_digest = fields.Hex<64>("plain_blake2b");
  payload.stored_size = fields.Number("stored_size", 1);
  (void)fields.Number("chunk_size", kChunkBytes, kChunkBytes);
  const Json& chunks = fields.Array("chunks", kMaxChunks);
  if (compression != "zstd" && !compression.empty()) {
    return Error::Make(Kind::kUnsupported,
                       "payload compression \"{}\"; this program knows \"zstd\"", compression);
  }
  if (encryption != kNone && encryption != kAge && !encryption.empty()) {
    return Error::Make(Kind::kUnsupported,
                       "payload encryption \"{}\"; this program knows \"{}\" and \"{}\"",
                       encryption, kNone, kAge);
  }
  GF_CHECK(fields.Finish());
  GF_TRY(payload.recipients, ReadRecipients(recipients));
  GF_TRY(const std::vector<Digest512> digests, ReadDigests(chunks));
  GF_TRY(payload.chunks, MakeChunkTable(payload.stored_size, digests));
  return payload;
}

Result<Base> ReadBase(const Json& json) {
  Fields fields(json, "base");
  Base base;
  base.seq = fields.Number("seq", 1);
  base.state_digest = fields.Hex<32>("state_digest");
  GF_CHECK(fields.Finish());
  return base;
}

Result<StateNumber> ReadRecalled(const Json& json) {
  Fields fields(json, "recalled");
  StateNumber number;
  number.epoch = fields.Number("epoch", 1);
  number.seq = fields.Number("seq", 1);
  GF_CHECK(fields.Finish());
  return number;
}

Result<RowCounts> ReadCounts(const Json& json) {
  Fields fields(json, "counts");
  RowCounts counts;
  counts.kind = fields.Counts("kind", kMaxCountEntries);
  counts.type = fields.Counts("type", kMaxCountEntries);
  counts.tlp = fields.Counts("tlp", kMaxCountEntries);
  counts.source = fields.Counts("source", kMaxCountEntries);
  GF_CHECK(fields.Finish());
  return counts;
}

Status ReadStream(const Json& json, Manifest& manifest) {
  Fields fields(json, "stream");
  manifest.stream = fields.TextWhere("name", IsStreamName, "a stream name");
  manifest.stream_uuid = fields.UuidOf("uuid");
  return fields.Finish();
}

// Content is hidden wholly or not at all, and only where there is encryption.
Status CheckHidden(const Manifest& manifest) {
  if (!manifest.payload) return Ok();
  if (manifest.content_hidden == manifest.payload->plain_digest.has_value())
    return Error::Make(Kind::kMalformed, "of counts and payload.plain_blake2b only one is null");
  if (manifest.content_hidden && manifest.payload->recipients.empty())
    return Error::Make(Kind::kMalformed, "counts are null, but the payload is not encrypted");
  return Ok();
}

// What no single field can tell.
Status CheckTogether(const Manifest& manifest) {
  if (manifest.base.has_value() != (manifest.kind == BundleKind::kDelta)) {
    return Error::Make(Kind::kMalformed, "a delta has a base, and nothing else has one");
  }
  if (manifest.payload.has_value() != (manifest.kind != BundleKind::kHeartbeat)) {
    return Error::Make(Kind::kMalformed, "a heartbeat has no payload, and everything else has one");
  }
  if (manifest.base && manifest.base->seq >= manifest.seq) {
    return Error::Make(Kind::kMalformed, "delta {} starts from {}, which is not before it",
                       manifest.seq, manifest.base->seq);
  }
  if (manifest.recalled && *manifest.recalled >= StateNumber{manifest.epoch, manifest.seq}) {
    return Error::Make(Kind::kMalformed, "{}.{} recalls {}.{}, which is not before it",
                       manifest.epoch, manifest.seq, manifest.recalled->epoch,
                       manifest.recalled->seq);
  }
  if (manifest.expires <= manifest.created || manifest.next_due < manifest.created) {
    return Error::Make(Kind::kMalformed, "created {}, next due {}, expires {}: not in this order",
                       FormatTime(manifest.created), FormatTime(manifest.next_due),
                       FormatTime(manifest.expires));
  }
  return CheckHidden(manifest);
}

}  // namespace

std::string_view KindName(BundleKind kind) {
  for (const auto& [value, name] : kKindNames) {
    if (value == kind) return name;
  }
  std::abort();
}

std::optional<BundleKind> ParseKindName(std::string_view name) {
  for (const auto& [value, known] : kKindNames) {
    if (known == name) return value;
  }
  return std::nullopt;
}

Result<std::vector<Chunk>> MakeChunkTable(std::uint64_t stored_size,
                                          const std::vector<Digest512>& digests) {
  const std::uint64_t wanted = ChunkCount(stored_size);
  if (wanted > kMaxChunks) {
    return Error::Make(Kind::kTooLarge, "a payload of {} chunks; the limit is {}", wanted,
                       kMaxChunks);
  }
  if (wanted != digests.size() || wanted == 0) {
    return Error::Make(Kind::kMalformed, "{} stored bytes make {} chunks, but the table has {}",
                       stored_size, wanted, digests.size());
  }
  std::vector<Chunk> chunks;
  std::uint64_t left = stored_size;
  for (const Digest512& digest : digests) {
    const auto size = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, kChunkBytes));
    chunks.push_back({size, digest});
    left -= size;
  }
  return chunks;
}

void HideContent(Manifest* manifest) {
  manifest->content_hidden = true;
  manifest->counts = {};
  if (manifest->payload) manifest->payload->plain_digest.reset();
}

std::string SerializeManifest(const Manifest& manifest) {
  Json document = {
      {"format", kManifestFormat},
      {"format_version", kManifestVersion},
      {"stream", {{"name", manifest.stream}, {"uuid", manifest.stream_uuid.ToString()}}},
      {"epoch", manifest.epoch},
      {"seq", manifest.seq},
      {"kind", KindName(manifest.kind)},
      {"base", manifest.base ? BaseToJson(*manifest.base) : Json()},
      {"state_digest", HexEncode(manifest.state_digest)},
      {"recalled", manifest.recalled ? NumberToJson(*manifest.recalled) : Json()},
      {"created", FormatTime(manifest.created)},
      {"expires", FormatTime(manifest.expires)},
      {"next_due", FormatTime(manifest.next_due)},
      {"tlp_ceiling", manifest.tlp_ceiling},
      {"root_version", manifest.root_version},
      {"min_importer", manifest.min_importer},
      {"producer", manifest.producer},
      {"counts", manifest.content_hidden ? Json() : CountsToJson(manifest.counts)},
      {"payload", manifest.payload ? PayloadToJson(*manifest.payload) : Json()},
  };
  if (!manifest.recalled) document.erase("recalled");
  return DumpJsonPretty(document);
}

Result<Manifest> ParseManifest(std::string_view signed_bytes) {
  GF_TRY(const Json document,
         ParseDocument(signed_bytes, kMaxManifestBytes, kManifestFormat, kManifestVersion));
  Fields fields(document, "manifest");
  Manifest manifest;
  (void)fields.Text("format", 32);
  (void)fields.Number("format_version", kManifestVersion, kManifestVersion);
  GF_CHECK(ReadStream(fields.Object("stream"), manifest));
  manifest.epoch = fields.Number("epoch", 1);
  manifest.seq = fields.Number("seq", 1);
  manifest.kind = ParseKindName(fields.TextWhere("kind", IsKind, "full, delta or heartbeat"))
                      .value_or(BundleKind::kFull);
  if (!fields.IsNull("base")) {
    GF_TRY(manifest.base, ReadBase(fields.Object("base")));
  }
  manifest.state_digest = fields.Hex<32>("state_digest");
  if (fields.Has("recalled")) {
    GF_TRY(manifest.recalled, ReadRecalled(fields.Object("recalled")));
  }
  manifest.created = fields.TimeOf("created");
  manifest.expires = fields.TimeOf("expires");
  manifest.next_due = fields.TimeOf("next_due");
  manifest.tlp_ceiling =
      fields.TextWhere("tlp_ceiling", IsCeiling, "clear, green, amber, amber+strict or red");
  manifest.root_version = fields.Number("root_version", 1);
  manifest.min_importer = fields.TextWhere("min_importer", IsVersion, "a version like 0.1.0");
  manifest.producer = fields.Text("producer", 128);
  manifest.content_hidden = fields.IsNull("counts");
  if (!manifest.content_hidden) {
    GF_TRY(manifest.counts, ReadCounts(fields.Object("counts")));
  }
  if (!fields.IsNull("payload")) {
    GF_TRY(manifest.payload, ReadPayload(fields.Object("payload")));
  }
  GF_CHECK(fields.Finish());
  GF_CHECK(CheckTogether(manifest));
  GF_CHECK(CheckCanonical(signed_bytes, SerializeManifest(manifest)));
  return manifest;
}

std::string TrustedComment(const Manifest& manifest) {
  return fmt::format("stream:{} epoch:{} seq:{} kind:{}", manifest.stream, manifest.epoch,
                     manifest.seq, KindName(manifest.kind));
}

}  // namespace gapferry::bundle
