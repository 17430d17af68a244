// All warninglists of the corpus against an oracle that shares no code with src/policy: quadratic
// loops over the published entries, one for each type of list.
#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>

#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "policy/warninglist.h"
#include "tests/policy/corpus.h"

namespace gapferry::policy {
namespace {

using intel::IndicatorKind;

struct Bits {
  std::array<unsigned char, 16> bytes{};
  int family = 0;
  int prefix = 0;
};

std::string Lower(std::string text) {
  for (char& c : text)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string StripDots(std::string text) {
  while (!text.empty() && text.front() == '.')
    text.erase(0, 1);
  while (!text.empty() && text.back() == '.')
    text.pop_back();
  return text;
}

std::optional<Bits> ReadBits(const std::string& text) {
  Bits bits;
  const std::string address = text.substr(0, text.find('/'));
  if (::inet_pton(AF_INET, address.c_str(), bits.bytes.data()) == 1) {
    bits.family = 4;
    bits.prefix = 32;
  } else if (::inet_pton(AF_INET6, address.c_str(), bits.bytes.data()) == 1) {
    bits.family = 6;
    bits.prefix = 128;
  } else {
    return std::nullopt;
  }
  if (text.find('/') != std::string::npos) bits.prefix = std::stoi(text.substr(text.find('/') + 1));
  return bits;
}

bool Within(const Bits& small, const Bits& large) {
  if (small.family != large.family || small.prefix < large.prefix) return false;
  for (int bit = 0; bit < large.prefix; ++bit) {
    const std::size_t byte = static_cast<std::size_t>(bit / 8);
    if (((small.bytes[byte] ^ large.bytes[byte]) >> (7 - bit % 8) & 1) != 0) return false;
  }
  return true;
}

const std::set<std::string> kAddressTypes = {"ip-src", "ip-dst", "ip-src|port", "ip-dst|port",
                                             "domain|ip"};
const std::set<std::string> kNameTypes = {"domain", "hostname", "hostname|port", "domain|ip"};
const std::set<std::string> kUrlTypes = {"url", "uri", "link"};
const std::set<std::string> kEmailTypes = {"email", "email-src", "email-dst", "target-email"};

struct Probe {
  intel::Indicator indicator;
  std::string type;
};

bool Names(const Warninglist& list, const std::set<std::string>& types) {
  return std::any_of(list.matching_attributes.begin(), list.matching_attributes.end(),
                     [&](const std::string& type) { return types.contains(type); });
}

bool Applies(const Warninglist& list, const Probe& probe) {
  switch (probe.indicator.kind) {
    case IndicatorKind::kAddress:
    case IndicatorKind::kNetwork:
      return Names(list, kAddressTypes);
    case IndicatorKind::kDomain:
    case IndicatorKind::kHostname:
      return Names(list, kNameTypes);
    case IndicatorKind::kUrl:
      return Names(list, kUrlTypes) || (list.type == ListType::kCidr && Names(list, kAddressTypes));
    case IndicatorKind::kEmail:
      return Names(list, kEmailTypes);
    default:
      break;
  }
  std::string hash = probe.type;
  if (hash.find('|') != std::string::npos) hash = hash.substr(hash.find('|') + 1);
  if (probe.type == "malware-sample") hash = "md5";
  return Names(list, {hash, "filename|" + hash});
}

std::string HostOf(const std::string& url) {
  static const std::regex kUrl(
      "^[a-z0-9+.-]+://(?:\\[([^\\]]*)\\]|([^/:?]*))(?::[0-9]+)?(?:[/?].*)?$");
  std::smatch parts;
  if (!std::regex_match(url, parts, kUrl)) return "";
  return parts[1].matched ? parts[1].str() : parts[2].str();
}

struct Prepared {
  Warninglist list;
  ListMode mode;
  std::vector<std::string> plain;  // lower case, no outer dots
  std::vector<std::string> raw_lower;
  std::vector<Bits> bits;
  std::vector<bool> suffix;  // of `plain`: a public suffix
};

Prepared Prepare(const Warninglist& list, ListMode mode) {
  Prepared prepared{list, mode, {}, {}, {}, {}};
  for (const std::string& entry : list.entries) {
    prepared.plain.push_back(StripDots(Lower(entry)));
    prepared.raw_lower.push_back(Lower(entry));
    prepared.suffix.push_back(list.type == ListType::kHostname &&
                              intel::IsPublicSuffix(prepared.plain.back()));
    if (list.type != ListType::kCidr) continue;
    const std::optional<Bits> bits = ReadBits(entry);
    if (bits && (bits->prefix > 7 || bits->bytes[0] >= 224)) prepared.bits.push_back(*bits);
  }
  return prepared;
}

bool SubstringHits(const std::string& entry, const std::string& value) {
  const bool host = entry.find('.') != std::string::npos;
  for (std::size_t at = value.find(entry); at != std::string::npos;
       at = value.find(entry, at + 1)) {
    const char before = at == 0 ? '^' : value[at - 1];
    const std::string after = value.substr(at + entry.size());
    const auto label = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
    };
    if (!host) return true;
    const bool left = !label(before) && !(ReadBits(entry) && (before == '.' || before == ':'));
    const bool right = after.empty() || (!label(after[0]) &&
                                         !(after[0] == '.' && after.size() > 1 && label(after[1])));
    if (left && right) return true;
  }
  return false;
}

bool Hits(const Prepared& prepared, const Probe& probe) {
  if (!Applies(prepared.list, probe)) return false;
  const std::string value = Lower(probe.indicator.value);
  const bool url = probe.indicator.kind == IndicatorKind::kUrl;
  const std::string host = url ? HostOf(value) : value;
  switch (prepared.list.type) {
    case ListType::kString:
      return std::any_of(prepared.plain.begin(), prepared.plain.end(),
                         [&](const std::string& entry) { return entry == host || entry == value; });
    case ListType::kHostname:
      for (std::size_t i = 0; i < prepared.plain.size(); ++i) {
        const std::string& entry = prepared.plain[i];
        if (entry.find('.') == std::string::npos) continue;
        if (entry == host) return true;
        if (prepared.suffix[i] && prepared.mode == ListMode::kDrop) continue;
        if (host.size() > entry.size() && host.ends_with(entry) &&
            host[host.size() - entry.size() - 1] == '.')
          return true;
      }
      return false;
    case ListType::kCidr: {
      const std::optional<Bits> bits = ReadBits(host);
      if (!bits) return false;
      return std::any_of(prepared.bits.begin(), prepared.bits.end(),
                         [&](const Bits& net) { return Within(*bits, net); });
    }
    case ListType::kSubstring:
      return std::any_of(prepared.raw_lower.begin(), prepared.raw_lower.end(),
                         [&](const std::string& entry) { return SubstringHits(entry, value); });
    case ListType::kRegex:
      for (const std::string& entry : prepared.list.entries) {
        const std::string pattern = entry.substr(1, entry.rfind('/') - 1);
        if (std::regex_search(probe.indicator.value, std::regex(pattern, std::regex::icase)))
          return true;
      }
      return false;
  }
  return false;
}

void AddProbe(const std::string& type, const std::string& value, std::vector<Probe>* probes) {
  const intel::Normalised normalised = intel::Normalise(type, value);
  for (std::size_t i = 0; i < normalised.count; ++i)
    probes->push_back({normalised.indicators[i], type});
}

// The value itself, and what stands beside it.
void AddNeighbours(const std::string& value, std::vector<Probe>* probes) {
  std::string upper = value;
  for (char& c : upper)
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  AddProbe("ip-dst", value, probes);
  AddProbe("ip-src|port", value + "|443", probes);
  AddProbe("hostname", upper, probes);
  AddProbe("domain", value + ".", probes);
  AddProbe("domain", "x." + value, probes);
  AddProbe("domain", "x" + value, probes);
  if (value.find('.') != std::string::npos)
    AddProbe("domain", value.substr(value.find('.') + 1), probes);
  AddProbe("hostname|port", value + "|77", probes);
  AddProbe("domain|ip", value + "|8.8.8.8", probes);
  AddProbe("url", "https://user@" + value + ":8443/path?q=" + value, probes);
  AddProbe("url", "http://" + upper + "./", probes);
  AddProbe("link", value, probes);
  AddProbe("email-src", "noc@" + value, probes);
  for (const char* hash : {"md5", "sha1", "sha256", "x509-fingerprint-sha1"})
    AddProbe(hash, upper, probes);
  AddProbe("filename|sha256", "setup.exe|" + value, probes);
  AddProbe("malware-sample", "setup.exe|" + value, probes);
}

std::string WithLastByte(const Bits& bits, int change) {
  Bits moved = bits;
  for (std::size_t i = bits.family == 4 ? 4 : 16; i-- > 0;) {
    const int byte = moved.bytes[i] + change;
    moved.bytes[i] = static_cast<unsigned char>(byte & 0xFF);
    if (byte >= 0 && byte <= 255) break;
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(bits.family == 4 ? AF_INET : AF_INET6, moved.bytes.data(), text.data(), text.size());
  return text.data();
}

// First, last, one before, one after, the network itself, its halves and its double.
void AddEdges(const Bits& net, std::vector<Probe>* probes) {
  Bits last = net;
  const int width = net.family == 4 ? 32 : 128;
  for (int bit = net.prefix; bit < width; ++bit)
    last.bytes[static_cast<std::size_t>(bit / 8)] |= static_cast<unsigned char>(1 << (7 - bit % 8));
  AddProbe("ip-dst", WithLastByte(net, 0), probes);
  AddProbe("ip-dst", WithLastByte(net, -1), probes);
  AddProbe("ip-dst", WithLastByte(last, 0), probes);
  AddProbe("ip-dst", WithLastByte(last, 1), probes);
  const std::string first = WithLastByte(net, 0);
  AddProbe("ip-src", first + "/" + std::to_string(net.prefix), probes);
  if (net.prefix < width) AddProbe("ip-src", first + "/" + std::to_string(net.prefix + 1), probes);
  AddProbe("url", "http://" + (net.family == 4 ? first : "[" + first + "]") + ":81/x", probes);
}

void CollectValues(const nlohmann::json& node, std::set<std::pair<std::string, std::string>>* out) {
  if (node.is_object() && node.contains("type") && node.contains("value") &&
      node["value"].is_string() && node["type"].is_string()) {
    out->emplace(node["type"], node["value"]);
  }
  if (!node.is_structured()) return;
  for (const auto& child : node)
    CollectValues(child, out);
}

std::vector<Probe> CorpusProbes(const std::filesystem::path& corpus, std::size_t wanted) {
  std::set<std::pair<std::string, std::string>> values;
  for (const auto& file : std::filesystem::recursive_directory_iterator(corpus / "misp-feeds")) {
    if (file.path().extension() != ".json") continue;
    const auto json = nlohmann::json::parse(ReadText(file.path()), nullptr, false);
    if (!json.is_discarded()) CollectValues(json, &values);
  }
  std::vector<Probe> probes;
  std::size_t index = 0;
  const std::size_t step = std::max<std::size_t>(1, values.size() / wanted);
  for (const auto& [type, value] : values) {
    if (index++ % step == 0) AddProbe(type, value, &probes);
  }
  return probes;
}

std::vector<Probe> EntryProbes(const std::vector<Prepared>& lists) {
  std::vector<Probe> probes;
  for (const Prepared& prepared : lists) {
    const std::size_t count = prepared.list.entries.size();
    for (std::size_t i = 0; i < std::min<std::size_t>(count, 4); ++i)
      AddNeighbours(prepared.plain[i * (count - 1) / 4], &probes);
    for (std::size_t i = 0; i < std::min<std::size_t>(prepared.bits.size(), 6); ++i)
      AddEdges(prepared.bits[i * (prepared.bits.size() - 1) / 6], &probes);
  }
  return probes;
}

void Compare(const std::vector<Prepared>& lists, const std::vector<Probe>& probes) {
  WarninglistSet::Builder builder;
  for (const Prepared& prepared : lists)
    ASSERT_TRUE(builder.Add(prepared.list, prepared.mode).ok());
  const WarninglistSet set = std::move(builder).Build();
  std::size_t hits = 0;
  std::size_t differences = 0;
  for (const Probe& probe : probes) {
    std::vector<std::uint16_t> marks;
    std::uint16_t drop = WarninglistMatch::kNone;
    for (std::uint16_t i = 0; i < lists.size(); ++i) {
      if (!Hits(lists[i], probe)) continue;
      if (lists[i].mode == ListMode::kMark) marks.push_back(i);
      if (lists[i].mode == ListMode::kDrop) drop = std::min(drop, i);
    }
    const WarninglistMatch match = set.Match(probe.indicator, probe.type);
    hits += match.hit() ? 1U : 0U;
    const std::vector<std::uint16_t> marked(match.marks.begin(),
                                            match.marks.begin() + match.mark_count);
    if (match.drop == drop && marked == marks) continue;
    if (++differences > 20) break;
    ADD_FAILURE() << probe.type << " " << probe.indicator.value << ": dropped by "
                  << (match.dropped() ? set.lists()[match.drop].name : "none") << ", oracle "
                  << (drop != WarninglistMatch::kNone ? lists[drop].list.name : "none")
                  << "; marks " << ::testing::PrintToString(marked) << ", oracle "
                  << ::testing::PrintToString(marks);
  }
  EXPECT_GT(hits, probes.size() / 50);
  EXPECT_LT(hits, probes.size());
  std::cout << probes.size() << " probes, " << hits << " hits\n";
}

class WarninglistOracle : public ::testing::Test {
 protected:
  void SetUp() override {
    corpus_ = Corpus();
    if (!corpus_) GTEST_SKIP() << "no corpus; set GAPFERRY_CORPUS";
  }
  std::vector<Prepared> Lists(std::optional<ListMode> mode) const {
    std::vector<Prepared> prepared;
    for (const auto& [folder, list] : CorpusLists(*corpus_))
      prepared.push_back(Prepare(list, mode.value_or(DefaultListMode(list.name).mode)));
    return prepared;
  }
  std::optional<std::filesystem::path> corpus_;
};

TEST_F(WarninglistOracle, AgreesOnValuesOfEventsInDefaultModes) {
  Compare(Lists(std::nullopt), CorpusProbes(*corpus_, 1500));
}

TEST_F(WarninglistOracle, AgreesOnNeighboursOfEntriesInDefaultModes) {
  const std::vector<Prepared> lists = Lists(std::nullopt);
  Compare(lists, EntryProbes(lists));
}

TEST_F(WarninglistOracle, AgreesOnNeighboursOfEntriesWhenAllMark) {
  const std::vector<Prepared> lists = Lists(ListMode::kMark);
  Compare(lists, EntryProbes(lists));
}

TEST_F(WarninglistOracle, ReadsNameTypeCountAndVersionAsExpected) {
  std::ifstream file(*corpus_ / "expected/warninglists.jsonl");
  const auto lists = CorpusLists(*corpus_);
  std::size_t lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    const auto expected = nlohmann::json::parse(line);
    const auto name = expected[0].get<std::string>();
    const auto found = std::find_if(lists.begin(), lists.end(),
                                    [&](const auto& one) { return one.first == name; });
    ASSERT_NE(found, lists.end()) << line;
    EXPECT_EQ(ListTypeName(found->second.type), expected[1].get<std::string>()) << line;
    EXPECT_EQ(found->second.entries.size(), expected[2].get<std::size_t>()) << line;
    EXPECT_EQ(found->second.version, expected[3].get<std::uint64_t>()) << line;
  }
  EXPECT_EQ(lines, lists.size());
}

}  // namespace
}  // namespace gapferry::policy
