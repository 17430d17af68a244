// A MISP feed folder of any size, the same bytes for the same seed: manifest.json and <uuid>.json
// as PyMISP's feed generator writes them. The mix of types follows what public feeds hold (ESET's
// malware-ioc and sensor feeds).
#include <fmt/format.h>
#include <fmt/os.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/uuid.h"

namespace {

using gapferry::FormatDate;
using gapferry::HexEncode;
using gapferry::Time;

struct Options {
  std::uint64_t attributes = 100000;
  std::uint64_t seed = 1;
  bool one_big = false;
  std::string to;
};

constexpr Time kDay = 1793491200;  // 2026-11-01

struct Share {
  const char* type;
  const char* category;
  int per_mille;
};
constexpr auto kMix = std::to_array<Share>({
    {"sha256", "Payload delivery", 395},
    {"ip-src", "Network activity", 130},
    {"ip-dst", "Network activity", 115},
    {"domain", "Network activity", 150},
    {"sha1", "Payload delivery", 95},
    {"md5", "Payload delivery", 40},
    {"filename|sha256", "Payload delivery", 15},
    {"filename|sha1", "Payload delivery", 10},
    {"url", "Network activity", 20},
    {"hostname", "Network activity", 15},
    {"domain|ip", "Network activity", 8},
    {"filename", "Payload delivery", 7},
});

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::uint64_t Below(std::uint64_t limit) { return random_() % limit; }

  std::string Uuid() {
    gapferry::Uuid uuid;
    Fill(uuid.bytes);
    uuid.bytes[6] = static_cast<std::uint8_t>((uuid.bytes[6] & 0x0F) | 0x40);
    uuid.bytes[8] = static_cast<std::uint8_t>((uuid.bytes[8] & 0x3F) | 0x80);
    return uuid.ToString();
  }

  const Share& Type() {
    auto at = static_cast<int>(Below(1000));
    for (const Share& share : kMix) {
      if (at < share.per_mille) return share;
      at -= share.per_mille;
    }
    return kMix[0];
  }

  std::string Value(std::string_view type) {
    if (type == "sha256") return Hex<32>();
    if (type == "sha1") return Hex<20>();
    if (type == "md5") return Hex<16>();
    if (type == "ip-src" || type == "ip-dst") return Address();
    if (type == "domain") return Name(2);
    if (type == "hostname") return Name(3);
    if (type == "domain|ip") return Name(2) + "|" + Address();
    if (type == "url")
      return fmt::format("http://{}/{}/{}.php?id={}", Name(3), Word(), Word(), Below(100000));
    if (type == "filename|sha256") return Word() + ".exe|" + Hex<32>();
    if (type == "filename|sha1") return Word() + ".dll|" + Hex<20>();
    return Word() + ".exe";
  }

  std::string Word() {
    std::string word;
    for (std::uint64_t i = 4 + Below(9); i > 0; --i)
      word.push_back(static_cast<char>('a' + Below(26)));
    return word;
  }

 private:
  template <std::size_t N>
  std::string Hex() {
    std::array<std::uint8_t, N> bytes;
    Fill(bytes);
    return HexEncode(bytes);
  }
  template <typename Bytes>
  void Fill(Bytes& bytes) {
    for (auto& byte : bytes)
      byte = static_cast<std::uint8_t>(random_());
  }
  // A public address: first octet 11 … 126, never 0 or 255 last.
  std::string Address() {
    return fmt::format("{}.{}.{}.{}", 11 + Below(116), Below(256), Below(256), 1 + Below(254));
  }
  std::string Name(int labels) {
    static constexpr std::array<const char*, 6> kSuffixes = {"com",  "net",     "org",
                                                             "info", "example", "top"};
    std::string name;
    for (int i = 1; i < labels; ++i)
      name += Word() + '.';
    return name + kSuffixes[Below(kSuffixes.size())];
  }

  std::mt19937_64 random_;
};

std::string AttributeJson(Generator* g, const std::string& comment, const std::string& relation) {
  const Share& share = g->Type();
  const bool to_ids = g->Below(10) != 0;
  return fmt::format(
      R"({{"category":"{}","comment":"{}","deleted":false,"disable_correlation":false,{}"timestamp":"{}","to_ids":{},"type":"{}","uuid":"{}","value":"{}"}})",
      share.category, comment, relation, kDay - static_cast<Time>(g->Below(60 * 86400)),
      to_ids ? "true" : "false", share.type, g->Uuid(), g->Value(share.type));
}

std::string TlpTag(Generator* g) {
  const std::uint64_t at = g->Below(100);
  const auto& [name, colour] = at < 55   ? std::pair{"tlp:clear", "#FFFFFF"}
                               : at < 90 ? std::pair{"tlp:green", "#33FF00"}
                               : at < 98 ? std::pair{"tlp:amber", "#FFC000"}
                                         : std::pair{"tlp:red", "#FF2B2B"};
  return fmt::format(R"({{"name":"{}","colour":"{}"}})", name, colour);
}

// Writes one event of `count` attributes, about every seventh of them in objects of three. Returns
// its manifest entry.
std::string WriteEvent(Generator* g, const std::filesystem::path& folder, std::uint64_t count) {
  const std::string uuid = g->Uuid();
  const std::string tag = TlpTag(g);
  const std::string info = "Generated: " + g->Word() + " " + g->Word();
  const Time time = kDay - static_cast<Time>(g->Below(30 * 86400));
  const std::string comment = "seen by sensor " + g->Word();
  auto out = fmt::output_file((folder / (uuid + ".json")).string());
  out.print(
      R"({{"Event":{{"analysis":"2","date":"{}","distribution":"3","info":"{}","publish_timestamp":"{}","published":true,"threat_level_id":"{}","timestamp":"{}","uuid":"{}","Orgc":{{"name":"Generator","uuid":"0f2f9c5c-7c4b-4a2e-9d53-0a1b2c3d4e5f"}},"Tag":[{}],"Attribute":[)",
      FormatDate(time), info, time, 1 + g->Below(4), time, uuid, tag);
  const std::uint64_t in_objects = count / 7 / 3 * 3;
  for (std::uint64_t i = 0; i < count - in_objects; ++i) {
    out.print("{}{}", i == 0 ? "" : ",", AttributeJson(g, i % 5 == 0 ? "" : comment, ""));
  }
  out.print(R"(],"Object":[)");
  for (std::uint64_t i = 0; i < in_objects; i += 3) {
    out.print(
        R"({}{{"comment":"","deleted":false,"description":"File object","meta-category":"file","name":"file","template_uuid":"688c46fb-5edb-40a3-8273-1af7923e2215","template_version":"24","timestamp":"{}","uuid":"{}","ObjectReference":[],"Attribute":[)",
        i == 0 ? "" : ",", time, g->Uuid());
    for (int j = 0; j < 3; ++j) {
      out.print("{}{}", j == 0 ? "" : ",", AttributeJson(g, "", R"("object_relation":"part",)"));
    }
    out.print("]}}");
  }
  out.print("]}}}}\n");
  return fmt::format(
      R"("{}":{{"info":"{}","date":"{}","analysis":"2","threat_level_id":"2","timestamp":"{}","Orgc":{{"name":"Generator","uuid":"0f2f9c5c-7c4b-4a2e-9d53-0a1b2c3d4e5f"}},"Tag":[{}]}})",
      uuid, info, FormatDate(time), time, tag);
}

int Generate(const Options& options) {
  std::filesystem::create_directories(options.to);
  Generator g(options.seed);
  std::vector<std::string> entries;
  std::uint64_t left = options.attributes;
  const auto event = [&](std::uint64_t count) {
    entries.push_back(WriteEvent(&g, options.to, count));
    left -= count;
  };
  if (options.one_big) event(left / 5);
  while (left > 0) {
    // Logarithmically even between 50 and 2000.
    const double power = static_cast<double>(g.Below(1000)) / 1000;
    event(std::min<std::uint64_t>(left, static_cast<std::uint64_t>(50 * std::pow(40.0, power))));
  }
  auto manifest = fmt::output_file((std::filesystem::path(options.to) / "manifest.json").string());
  manifest.print("{{{}}}\n", fmt::join(entries, ","));
  fmt::print("{} attributes in {} events\n", options.attributes, entries.size());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view value = i + 1 < words.size() ? words[i + 1] : "";
    if (words[i] == "--one-big") {
      options.one_big = true;
      continue;
    }
    std::uint64_t* number = words[i] == "--attributes" ? &options.attributes
                            : words[i] == "--seed"     ? &options.seed
                                                       : nullptr;
    if (number != nullptr) std::from_chars(value.data(), value.data() + value.size(), *number);
    if (words[i] == "--to") options.to = value;
    ++i;
  }
  if (options.to.empty()) {
    fmt::print(stderr,
               "usage: gapferry-feedgen --to DIR [--attributes N] [--seed S] [--one-big]\n");
    return 2;
  }
  return Generate(options);
}
