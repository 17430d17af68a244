#include "detect/stored_owner.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/hash.h"
#include "detect/late_refusals.h"

namespace gapferry::detect {
namespace {

std::string OwnerKey(std::string_view type, const Uuid& attribute) {
  return fmt::format("{}|{}", type, attribute.ToString());
}

std::optional<Uuid> OwnerOf(std::string_view key, std::string_view type) {
  if (!key.starts_with(type) || key.substr(type.size(), 1) != "|") return std::nullopt;
  return ParseUuid(key.substr(type.size() + 1));
}

}  // namespace

bool MayKeepSigmaId(std::string_view id) {
  constexpr std::size_t kVersionDigit = 14;
  return id.size() > kVersionDigit && id[kVersionDigit] != '4';
}

std::string StoredSigmaId(const Uuid& attribute) {
  return UuidFromContent(AsBytes("gapferry stored sigma|" + attribute.ToString())).ToString();
}

std::string StoredSigmaFile(const Uuid& attribute) {
  std::string name = "stored_sigma_" + attribute.ToString() + ".yml";
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

void StoredTexts::Add(const Candidate& candidate) {
  // The same text may stand in attributes of several types; those beyond the ones at hand are
  // counted with the first.
  const std::string_view first = candidate.mentions[0].type;
  std::map<std::string_view, std::vector<Mention>> types;
  for (const Mention& mention : candidate.mentions)
    types[mention.type].push_back(mention);
  for (auto& [type, mentions] : types) {
    const std::size_t others = candidate.mentions.size() - mentions.size();
    Text text;
    text.stored.text = candidate.value;
    text.stored.mentions = type == first ? candidate.mention_count - others : mentions.size();
    text.stored.mention = mentions[0];
    text.stored.attribute = mentions[0].attribute_uuid;
    text.stored.tlp = candidate.tlp;
    text.stored.attributes = AttributesOf(mentions);
    text.stored.value = types_left_.size();
    text.mentions = std::move(mentions);
    text.all_here = candidate.mention_count == candidate.mentions.size();
    texts_[std::string(type)].push_back(std::move(text));
  }
  types_left_.push_back(types.size());
}

bool StoredTexts::Drop(const Stored& stored) {
  return --types_left_[stored.value] == 0;
}

Result<std::map<std::string, std::vector<Stored>>> StoredTexts::Settle(
    Registry& registry, const std::string& destination) {
  const std::string space = destination + "/stored";
  GF_TRY(const std::vector<KnownId> known, registry.Known(space));
  std::map<std::string, const KnownId*> by_key;
  std::map<Digest256, std::vector<const KnownId*>> contents;
  for (const KnownId& each : known) {
    by_key[each.key] = &each;
    contents[each.content].push_back(&each);
  }
  // First those that had this text before, then those that had another; new ones come last.
  const auto rank_of = [&](std::string_view type, const Mention& mention, const Digest256& text) {
    const auto found = by_key.find(OwnerKey(type, mention.attribute_uuid));
    if (found == by_key.end()) return std::pair(2, std::int64_t{0});
    return std::pair(found->second->content == text ? 0 : 1, found->second->id.id);
  };
  std::map<std::string, std::vector<Stored>> settled;
  for (auto& each_type : texts_) {
    const std::string& type = each_type.first;
    auto& texts = each_type.second;
    std::vector<Stored>& list = settled[type];
    std::set<Uuid> at_hand;
    for (const Text& text : texts) {
      for (const Mention& mention : text.mentions)
        at_hand.insert(mention.attribute_uuid);
    }
    for (Text& text : texts) {
      const Digest256 digest = Hash256(AsBytes(text.stored.text));
      const auto oldest = std::min_element(
          text.mentions.begin(), text.mentions.end(), [&](const Mention& x, const Mention& y) {
            return rank_of(type, x, digest) < rank_of(type, y, digest);
          });
      text.stored.mention = *oldest;
      text.stored.attribute = oldest->attribute_uuid;
      const auto same = contents.find(digest);
      if (!text.all_here && rank_of(type, *oldest, digest).first > 0 && same != contents.end()) {
        // The owner is among those that are not at hand, or was.
        for (const KnownId* each : same->second) {
          const std::optional<Uuid> owner = OwnerOf(each->key, type);
          if (!owner || at_hand.contains(*owner)) continue;
          text.stored.attribute = *owner;
          break;
        }
      }
      list.push_back(std::move(text.stored));
    }
    // New ones are numbered in an order that does not depend on their text.
    std::sort(list.begin(), list.end(),
              [](const Stored& a, const Stored& b) { return a.attribute < b.attribute; });
    for (Stored& stored : list) {
      GF_TRY(const StableId id,
             registry.Assign(space, OwnerKey(type, stored.attribute), stored.text, {}));
      stored.number = id.id;
    }
    std::sort(list.begin(), list.end(),
              [](const Stored& a, const Stored& b) { return a.number < b.number; });
  }
  texts_.clear();
  return settled;
}

}  // namespace gapferry::detect
