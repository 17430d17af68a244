#include "bundle/root.h"

#include <algorithm>

#include "base/hash.h"
#include "bundle/fields.h"
#include "bundle/text.h"

namespace gapferry::bundle {
namespace {

constexpr std::string_view kRootFormat = "gapferry-root";

Json KeyIdsToJson(const std::set<KeyId>& ids) {
  // Sorted as they are printed, not by their bytes.
  std::set<std::string> names;
  for (const KeyId& id : ids) {
    names.insert(id.ToString());
  }
  return names;
}

Json KeysToJson(const std::map<KeyId, PublicKey>& keys) {
  std::map<std::string, std::string> sorted;
  for (const auto& [id, key] : keys) {
    sorted[id.ToString()] = key.ToBase64();
  }
  Json object = Json::object();
  for (const auto& [id, key] : sorted) {
    object[id] = key;
  }
  return object;
}

Json StreamsToJson(const std::map<Uuid, StreamRole>& streams) {
  Json array = Json::array();
  for (const auto& [uuid, stream] : streams) {
    array.push_back({{"name", stream.name},
                     {"uuid", uuid.ToString()},
                     {"epoch", stream.epoch},
                     {"max_life_days", stream.max_life_days},
                     {"threshold", stream.content.threshold},
                     {"keys", KeyIdsToJson(stream.content.keys)}});
  }
  return array;
}

Role ReadRole(Fields& fields) {
  const std::vector<KeyId> ids = fields.KeyIds("keys", kMaxRootKeys);
  Role role;
  role.threshold = fields.Number("threshold", 1, kMaxRootKeys);
  role.keys = {ids.begin(), ids.end()};
  if (role.threshold > role.keys.size())
    fields.Fail("threshold", fmt::format("is {}, larger than the number of keys, {}",
                                         role.threshold, role.keys.size()));
  return role;
}

Result<std::map<KeyId, PublicKey>> ReadKeys(const Json& object) {
  if (object.size() > kMaxRootKeys) {
    return Error::Make(Kind::kTooLarge, "root names {} keys; the limit is {}", object.size(),
                       kMaxRootKeys);
  }
  std::map<KeyId, PublicKey> keys;
  std::set<std::array<std::uint8_t, 32>> points;
  for (const auto& [name, value] : object.items()) {
    if (!value.is_string())
      return Error::Make(Kind::kMalformed, "a key of the root is not a string");
    GF_TRY(const PublicKey key, ParsePublicKey(value.get_ref<const std::string&>()));
    if (key.id.ToString() != name) {
      return Error::Make(Kind::kMalformed, "a key of the root is listed under another id than {}",
                         key.id.ToString());
    }
    // The id is no part of what is signed: one key under two ids would count twice towards a
    // threshold.
    if (!points.insert(key.point).second) {
      return Error::Make(Kind::kMalformed, "key {} is listed twice, under two ids",
                         key.id.ToString());
    }
    keys[key.id] = key;
  }
  return keys;
}

Result<std::map<Uuid, StreamRole>> ReadStreams(const Json& array) {
  std::map<Uuid, StreamRole> streams;
  std::set<std::string> names;
  for (const Json& entry : array) {
    Fields fields(entry, "stream");
    StreamRole stream;
    stream.name = fields.TextWhere("name", IsStreamName, "a stream name");
    const Uuid uuid = fields.UuidOf("uuid");
    stream.epoch = fields.Number("epoch", 1);
    stream.max_life_days = fields.Number("max_life_days", 1, kMaxLifeDays);
    stream.content = ReadRole(fields);
    GF_CHECK(fields.Finish());
    if (!names.insert(stream.name).second || !streams.emplace(uuid, stream).second) {
      return Error::Make(Kind::kMalformed, "stream {} is listed twice", stream.name);
    }
  }
  return streams;
}

Status CheckNamedKeys(const Root& root, const Role& role, std::string_view whose) {
  for (const KeyId& id : role.keys) {
    if (!root.keys.contains(id)) {
      return Error::Make(Kind::kMalformed, "{} names key {}, which the root does not hold", whose,
                         id.ToString());
    }
  }
  return Ok();
}

Status CheckTogether(const Root& root) {
  GF_CHECK(CheckNamedKeys(root, root.root, "the root role"));
  for (const auto& [uuid, stream] : root.streams) {
    GF_CHECK(CheckNamedKeys(root, stream.content, "stream " + stream.name));
  }
  for (const KeyId& id : root.revoked) {
    if (root.keys.contains(id)) {
      return Error::Make(Kind::kMalformed, "key {} is both in use and revoked", id.ToString());
    }
  }
  return Ok();
}

Status CheckSignature(const PublicKey& key, const Digest512& digest,
                      std::optional<std::string_view> comment, const SignatureFile& signature) {
  GF_CHECK(Verify(key, digest, signature));
  if (!comment || signature.trusted_comment() == *comment) return Ok();
  return Error::Make(Kind::kBadSignature, "key {} signed \"{}\", but the content is \"{}\"",
                     key.id.ToString(), signature.trusted_comment(), *comment)
      .Hint(
          "with minisign the trusted comment must be given: minisign -S -t \"{}\" …; remove the "
          "signature first",
          *comment);
}

Status CheckRevocationsStand(const Root& now, const Root& next) {
  for (const KeyId& id : now.revoked) {
    if (next.revoked.contains(id)) continue;
    return Error::Make(Kind::kRevokedSigner, "root {} {} key {}, which root {} has revoked",
                       next.version,
                       next.keys.contains(id) ? "trusts again" : "no longer lists as revoked",
                       id.ToString(), now.version)
        .Hint(
            "a revocation is for good: do not use this medium. An exporter that was restored from "
            "an old backup makes such roots; it must first take the newest roots from a medium "
            "(`gapferry-export root adopt`)");
  }
  return Ok();
}

}  // namespace

std::string RootFileName(std::uint64_t version) {
  return fmt::format("root-{:04}.json", version);
}

std::string RootTrustedComment(std::uint64_t version) {
  return fmt::format("root:{}", version);
}

std::string SerializeRoot(const Root& root) {
  const Json document = {
      {"format", kRootFormat},
      {"format_version", kRootFormatVersion},
      {"root_version", root.version},
      {"created", FormatTime(root.created)},
      {"review_by", FormatTime(root.review_by)},
      {"keys", KeysToJson(root.keys)},
      {"root", {{"threshold", root.root.threshold}, {"keys", KeyIdsToJson(root.root.keys)}}},
      {"streams", StreamsToJson(root.streams)},
      {"revoked", KeyIdsToJson(root.revoked)},
  };
  return DumpJsonPretty(document);
}

Result<Root> ParseRoot(std::string_view bytes) {
  GF_TRY(const Json document, ParseDocument(bytes, kMaxRootBytes, kRootFormat, kRootFormatVersion));
  Fields fields(document, "root");
  Root root;
  (void)fields.Text("format", 32);
  (void)fields.Number("format_version", kRootFormatVersion, kRootFormatVersion);
  root.version = fields.Number("root_version", 1, kMaxRootVersion);
  root.created = fields.TimeOf("created");
  root.review_by = fields.TimeOf("review_by");
  GF_TRY(root.keys, ReadKeys(fields.Object("keys")));
  Fields root_fields(fields.Object("root"), "root.root");
  root.root = ReadRole(root_fields);
  GF_CHECK(root_fields.Finish());
  GF_TRY(root.streams, ReadStreams(fields.Array("streams", kMaxRootStreams)));
  const std::vector<KeyId> revoked = fields.KeyIds("revoked", kMaxRevokedKeys);
  root.revoked = {revoked.begin(), revoked.end()};
  GF_CHECK(fields.Finish());
  GF_CHECK(CheckTogether(root));
  GF_CHECK(CheckCanonical(bytes, SerializeRoot(root)));
  return root;
}

Fingerprint::Fingerprint(std::string_view root_bytes) {
  const Digest256 digest = Hash256(AsBytes(root_bytes));
  std::copy_n(digest.begin(), bytes.size(), bytes.begin());
}

std::string Fingerprint::ToString() const {
  const std::string hex = HexEncode(bytes);
  std::string text;
  for (std::size_t i = 0; i < hex.size(); i += 4) {
    text += (i == 0 ? "" : " ") + hex.substr(i, 4);
  }
  return text;
}

std::optional<Fingerprint> ParseFingerprint(std::string_view typed) {
  std::string hex = AsciiLower(typed);
  hex.erase(std::remove_if(
                hex.begin(), hex.end(),
                [](char c) { return c == ' ' || c == '-' || c == ':' || c == '\t' || c == '\n'; }),
            hex.end());
  const auto bytes = HexDecode(hex);
  Fingerprint fingerprint;
  if (!bytes || bytes->size() != fingerprint.bytes.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), fingerprint.bytes.begin());
  return fingerprint;
}

Result<std::set<KeyId>> CheckRole(const Role& role, const std::map<KeyId, PublicKey>& keys,
                                  std::string_view bytes, std::optional<std::string_view> comment,
                                  const std::vector<std::string>& signatures) {
  const Digest512 digest = Hash512(AsBytes(bytes));
  std::set<KeyId> signers;
  std::set<KeyId> others;
  std::optional<Error> no_signature;
  std::optional<Error> unfitting;
  for (const std::string& text : signatures) {
    const auto signature = ParseSignatureFile(text);
    if (!signature.ok()) {
      if (!no_signature) no_signature = signature.error();
      continue;
    }
    const auto key = keys.find(signature->key_id());
    if (key == keys.end() || !role.keys.contains(signature->key_id())) {
      others.insert(signature->key_id());
      continue;
    }
    if (signers.contains(signature->key_id())) continue;
    Status fits = CheckSignature(key->second, digest, comment, *signature);
    if (fits.ok()) {
      signers.insert(signature->key_id());
    } else if (!unfitting) {
      unfitting = std::move(fits).error();
    }
  }
  const bool enough = !signers.empty() && signers.size() >= role.threshold;
  if (!enough && unfitting) return *std::move(unfitting);
  if (signers.empty() && others.empty() && no_signature) return *std::move(no_signature);
  if (signers.empty()) {
    return Error::Make(Kind::kUnknownSigner, "signed by {}; only {} may sign this", KeyList(others),
                       KeyList(role.keys));
  }
  if (signers.size() < role.threshold) {
    return Error::Make(Kind::kThreshold,
                       "signed by {} of the {} keys that are needed: {}, out of {}", signers.size(),
                       role.threshold, KeyList(signers), KeyList(role.keys));
  }
  return signers;
}

SortedSignatures SortSignatures(const std::map<KeyId, PublicKey>& keys, std::string_view bytes,
                                std::optional<std::string_view> comment,
                                const std::vector<std::string>& signatures) {
  const Digest512 digest = Hash512(AsBytes(bytes));
  SortedSignatures sorted;
  std::set<KeyId> signers;
  for (const std::string& text : signatures) {
    const auto signature = ParseSignatureFile(text);
    if (!signature.ok()) {
      sorted.others.push_back(signature.error());
      continue;
    }
    const KeyId id = signature->key_id();
    const auto key = keys.find(id);
    if (key == keys.end()) {
      sorted.others.push_back(
          Error::Make(Kind::kUnknownSigner, "key {} may not sign this", id.ToString()));
      continue;
    }
    Status fits = CheckSignature(key->second, digest, comment, *signature);
    if (!fits.ok()) {
      sorted.others.push_back(std::move(fits).error());
    } else if (signers.insert(id).second) {
      sorted.fitting.push_back(text);
    }
  }
  return sorted;
}

std::map<KeyId, PublicKey> StepKeys(const Root& now, const Root& next) {
  std::map<KeyId, PublicKey> keys;
  for (const Root* root : {&now, &next}) {
    for (const KeyId& id : root->root.keys)
      keys.emplace(id, root->keys.at(id));
  }
  return keys;
}

Role Without(Role role, const std::set<KeyId>& revoked_here) {
  for (const KeyId& id : revoked_here)
    role.keys.erase(id);
  return role;
}

std::string KeyList(const std::set<KeyId>& ids) {
  constexpr std::size_t kShown = 4;
  if (ids.empty()) return "nobody";
  std::string text;
  std::size_t shown = 0;
  for (const KeyId& id : ids) {
    if (shown++ == kShown) return text + fmt::format(" and {} more", ids.size() - kShown);
    text += (text.empty() ? "" : ", ") + id.ToString();
  }
  return text;
}

Error NameRevoked(Error error, const Role& role, const Root& root,
                  const std::set<KeyId>& revoked_here, const std::vector<std::string>& signatures) {
  if (error.kind != Kind::kUnknownSigner && error.kind != Kind::kThreshold) return error;
  for (const std::string& text : signatures) {
    const auto signature = ParseSignatureFile(text);
    if (!signature.ok()) continue;
    const KeyId id = signature->key_id();
    const bool here = revoked_here.contains(id);
    if (!here && !root.revoked.contains(id)) continue;
    const std::string key =
        fmt::format("key {}, which {} has revoked", id.ToString(),
                    here ? std::string("this site") : fmt::format("root {}", root.version));
    const std::string what =
        error.kind == Kind::kThreshold
            ? fmt::format("{}, does not count; without it this is {}", key, error.what)
            : fmt::format("signed by {}; only {} may sign this", key, KeyList(role.keys));
    return Error::Make(Kind::kRevokedSigner, "{}", what)
        .Hint(
            "was it made before the key was changed? Then use what was made after it. If not, call "
            "the connected side: someone else may hold the old key");
  }
  return error;
}

Result<Root> OpenSignedRoot(std::string_view bytes, const std::vector<std::string>& signatures) {
  GF_TRY(Root root, ParseRoot(bytes));
  GF_CHECK(CheckRole(root.root, root.keys, bytes, RootTrustedComment(root.version), signatures));
  return root;
}

Result<Root> PinRoot(std::string_view bytes, const std::vector<std::string>& signatures,
                     const Fingerprint& expected) {
  const Fingerprint found(bytes);
  if (found != expected) {
    return Error::Make(Kind::kUnknownSigner, "this root has the fingerprint {}, not {}",
                       found.ToString(), expected.ToString())
        .Hint("compare the fingerprint with the connected side by telephone");
  }
  return OpenSignedRoot(bytes, signatures);
}

Result<Root> NextRoot(const Root& now, std::string_view bytes,
                      const std::vector<std::string>& signatures,
                      const std::set<KeyId>& revoked_here) {
  const std::uint64_t version = now.version + 1;
  const std::string comment = RootTrustedComment(version);
  const Role old_role = Without(now.root, revoked_here);
  auto by_old = CheckRole(old_role, now.keys, bytes, comment, signatures);
  if (!by_old.ok()) {
    return NameRevoked(std::move(by_old).error(), old_role, now, revoked_here, signatures)
        .In(RootFileName(version));
  }
  auto next = ParseRoot(bytes);
  if (!next.ok()) return std::move(next).error().In(RootFileName(version));
  if (next->version != version) {
    return Error::Make(Kind::kRootStep, "root {} was given where root {} must follow root {}",
                       next->version, version, now.version);
  }
  Status stands = CheckRevocationsStand(now, *next);
  if (!stands.ok()) return std::move(stands).error().In(RootFileName(version));
  const Role new_role = Without(next->root, revoked_here);
  auto by_new = CheckRole(new_role, next->keys, bytes, comment, signatures);
  if (!by_new.ok()) {
    return NameRevoked(std::move(by_new).error(), new_role, *next, revoked_here, signatures)
        .In(RootFileName(version));
  }
  return next;
}

}  // namespace gapferry::bundle
