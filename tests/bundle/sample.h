// tests/bundle/sample.h: one small site: a root key, two content keys, a root, a manifest and a
// payload.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/clock.h"
#include "bundle/reader.h"
#include "bundle/root.h"
#include "bundle/trust.h"
#include "bundle/volume_writer.h"

namespace gapferry::bundle {

inline const Uuid kStreamUuid = *ParseUuid("0b0c2f3c-6a4e-4c8e-9d0f-1f2e3d4c5b6a");
inline const Time kCreated = *ParseTime("2026-03-01T06:00:00Z");

struct Keys {
  SecretKey root = SecretKey::Generate();
  SecretKey next_root = SecretKey::Generate();
  SecretKey content = SecretKey::Generate();
  SecretKey second = SecretKey::Generate();
  SecretKey stranger = SecretKey::Generate();
};
inline const Keys& TestKeys() {
  static const Keys keys;
  return keys;
}

inline std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

inline std::string SignText(const SecretKey& key, std::string_view bytes,
                            std::string_view comment) {
  auto signature = Sign(key, Hash512(AsBytes(bytes)), comment);
  EXPECT_TRUE(signature.ok());
  return signature->Serialize();
}

inline Root SampleRoot() {
  const Keys& keys = TestKeys();
  Root root;
  root.version = 1;
  root.created = kCreated - 30 * kSecondsPerDay;
  root.review_by = kCreated + 365 * kSecondsPerDay;
  for (const SecretKey* key : {&keys.root, &keys.content, &keys.second}) {
    root.keys[key->public_key().id] = key->public_key();
  }
  root.root = {{keys.root.public_key().id}, 1};
  root.streams[kStreamUuid] = {"ot-plant", {{keys.content.public_key().id}, 1}, 1, 30};
  return root;
}

// Root 2 of the same site: another root key, nothing else changes.
inline Root SampleNextRoot() {
  Root root = SampleRoot();
  const PublicKey& key = TestKeys().next_root.public_key();
  root.version = 2;
  root.keys[key.id] = key;
  root.root = {{key.id}, 1};
  root.keys.erase(TestKeys().root.public_key().id);
  return root;
}

inline SignedDocument SignRoot(const Root& root, const std::vector<const SecretKey*>& signers) {
  SignedDocument document{SerializeRoot(root), {}};
  for (const SecretKey* key : signers) {
    document.signatures.push_back(SignText(*key, document.bytes, RootTrustedComment(root.version)));
  }
  return document;
}

inline Payload PayloadOf(std::string_view stored, std::string_view plain) {
  Payload payload;
  payload.stored_size = stored.size();
  payload.plain_size = plain.size();
  payload.plain_digest = Hash512(AsBytes(plain));
  std::vector<Digest512> digests;
  for (std::size_t at = 0; at < stored.size(); at += kChunkBytes) {
    digests.push_back(Hash512(AsBytes(stored.substr(at, kChunkBytes))));
  }
  payload.chunks = MakeChunkTable(stored.size(), digests).value();
  return payload;
}

inline Manifest SampleManifest() {
  Manifest manifest;
  manifest.stream = "ot-plant";
  manifest.stream_uuid = kStreamUuid;
  manifest.epoch = 1;
  manifest.seq = 42;
  manifest.state_digest = Hash256(AsBytes("state 42"));
  manifest.created = kCreated;
  manifest.next_due = kCreated + 7 * kSecondsPerDay;
  manifest.expires = kCreated + 21 * kSecondsPerDay;
  manifest.producer = "gapferry 0.1.0";
  manifest.payload = PayloadOf("stored bytes of the payload", "plain bytes");
  manifest.counts.kind = {{"attribute", 12}, {"event", 2}};
  manifest.counts.type = {{"domain", 7}, {"sha256", 5}};
  manifest.counts.tlp = {{"green", 12}};
  manifest.counts.source = {{"Größe & \"Quelle\"", 12}};
  return manifest;
}

inline SignedDocument SignManifest(const Manifest& manifest,
                                   const std::vector<const SecretKey*>& signers) {
  SignedDocument document{SerializeManifest(manifest), {}};
  for (const SecretKey* key : signers) {
    document.signatures.push_back(SignText(*key, document.bytes, TrustedComment(manifest)));
  }
  return document;
}

inline VolumeHead SampleHead(const Manifest& manifest = SampleManifest()) {
  const Keys& keys = TestKeys();
  return {SignManifest(manifest, {&keys.content}),
          {SignRoot(SampleNextRoot(), {&keys.root, &keys.next_root})}};
}

// A bundle as volumes of at most `max_bytes`.
inline Result<std::vector<WrittenVolume>> WriteParts(const std::filesystem::path& folder,
                                                     const VolumeHead& head, int payload_fd,
                                                     std::uint64_t max_bytes,
                                                     const VolumeProgress& progress = {}) {
  GF_TRY(const Manifest manifest, ParseManifest(head.manifest.bytes));
  GF_TRY(const MemberList members, HeadMembers(head));
  GF_TRY(const auto parts, PlanVolumes(manifest, StoredBytesOf(members), max_bytes));
  const Payload payload = manifest.payload.value_or(Payload{});
  return WriteVolumes(folder, manifest, members, parts, ChunksOfFile(payload_fd, payload),
                      progress);
}

// The same in one.
inline Result<WrittenVolume> WriteVolume(const std::filesystem::path& folder,
                                         const VolumeHead& head, int payload_fd,
                                         const VolumeProgress& progress = {}) {
  GF_TRY(const auto volumes, WriteParts(folder, head, payload_fd, UINT64_MAX / 2, progress));
  return volumes.front();
}

inline TrustState SampleState() {
  TrustState state;
  state.root = SampleRoot();
  state.floor = kCreated - 10 * kSecondsPerDay;
  return state;
}

}  // namespace gapferry::bundle
