#include "detect/stored_sids.h"

#include <algorithm>

#include "base/hash.h"

namespace gapferry::detect {
namespace {

constexpr std::string_view kNoNumber = "-";
constexpr std::size_t kMessageDigits = 16;

// "<number>|<message>|<ordinal>"
RuleIdentity ParseIdentity(std::string_view text) {
  const std::size_t first = std::min(text.find('|'), text.size());
  const std::string_view rest = text.substr(std::min(first + 1, text.size()));
  return {std::string(text.substr(0, first)), std::string(rest.substr(0, rest.find('|')))};
}

bool IsOnlyOne(const std::vector<KnownRule>& rules, const std::string& number) {
  return std::count_if(rules.begin(), rules.end(),
                       [&](const KnownRule& rule) { return rule.identity.number == number; }) == 1;
}

}  // namespace

RuleIdentity IdentityOf(const IdsRule& rule) {
  RuleIdentity identity{std::string(kNoNumber), ""};
  if (const std::string_view sid = rule.Value("sid"); !sid.empty()) {
    const std::string_view gid = rule.Value("gid");
    identity.number = fmt::format("{}:{}", gid.empty() ? "1" : gid, sid);
    std::replace(identity.number.begin(), identity.number.end(), '|', '_');
  }
  identity.message = HexEncode(Hash256(AsBytes(rule.Value("msg")))).substr(0, kMessageDigits);
  return identity;
}

std::vector<int> MatchRules(const std::vector<KnownRule>& known,
                            const std::vector<KnownRule>& now) {
  std::vector<int> matched(now.size(), -1);
  std::vector<bool> claimed(known.size());
  const auto claim = [&](const auto& same) {
    for (std::size_t i = 0; i < now.size(); ++i) {
      for (std::size_t k = 0; k < known.size() && matched[i] < 0; ++k) {
        if (claimed[k] || !same(known[k], now[i])) continue;
        claimed[k] = true;
        matched[i] = static_cast<int>(k);
      }
    }
  };
  claim([](const KnownRule& a, const KnownRule& b) { return a.content == b.content; });
  claim([](const KnownRule& a, const KnownRule& b) {
    return a.identity.number == b.identity.number && a.identity.message == b.identity.message;
  });
  // Many write the same number everywhere.
  claim([&](const KnownRule& a, const KnownRule& b) {
    return a.identity.number == b.identity.number && b.identity.number != kNoNumber &&
           IsOnlyOne(now, b.identity.number);
  });
  return matched;
}

Result<StoredSids> StoredSids::Load(Registry& registry, const std::string& destination,
                                    IdBlock block) {
  StoredSids sids(registry, destination + "/stored-sid", block);
  GF_TRY(std::vector<KnownId> known, registry.Known(sids.space_));
  for (KnownId& each : known) {
    const std::size_t type = std::min(each.key.find('|'), each.key.size() - 1);
    const std::size_t attribute = std::min(each.key.find('|', type + 1), each.key.size() - 1);
    sids.known_[each.key.substr(0, attribute + 1)].push_back(std::move(each));
  }
  return sids;
}

Result<std::vector<std::string>> StoredSids::Number(std::string_view type, const Uuid& attribute,
                                                    const std::vector<IdsRule>& rules,
                                                    const std::vector<std::string>& more) {
  const std::string head = fmt::format("{}|{}|", type, attribute.ToString());
  std::vector<KnownId>& ids = known_[head];
  std::vector<KnownRule> known;
  for (const KnownId& id : ids)
    known.push_back({ParseIdentity(std::string_view(id.key).substr(head.size())), id.content});
  std::vector<std::string> texts;
  std::vector<KnownRule> now;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    texts.push_back(rules[i].ToLine(0, 0, more[i]));
    now.push_back({IdentityOf(rules[i]), Hash256(AsBytes(texts[i]))});
  }
  const std::vector<int> matched = MatchRules(known, now);
  const auto taken = [&](const std::string& key) {
    return std::any_of(ids.begin(), ids.end(), [&](const KnownId& id) { return id.key == key; });
  };
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    std::string key = matched[i] < 0 ? "" : ids[static_cast<std::size_t>(matched[i])].key;
    for (int ordinal = 1; key.empty() || (matched[i] < 0 && taken(key)); ++ordinal)
      key =
          fmt::format("{}{}|{}|{}", head, now[i].identity.number, now[i].identity.message, ordinal);
    GF_TRY(const StableId id, registry_.Assign(space_, key, texts[i], block_));
    if (matched[i] < 0) ids.push_back({key, id, now[i].content});
    lines.push_back(rules[i].ToLine(id.id, id.rev, more[i]));
  }
  return lines;
}

}  // namespace gapferry::detect
