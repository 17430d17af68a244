// A MISP feed folder of any size, the same bytes for the same options: manifest.json and
// <uuid>.json as PyMISP's to_feed() writes them. The shares of the types are those of the public
// feeds that the tests use (ESET's malware-ioc, a CrowdSec sensor); real feeds hold more of them in
// objects.
#include <fmt/format.h>
#include <fmt/os.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/uuid.h"

namespace {

using gapferry::FormatDate;
using gapferry::HexEncode;
using gapferry::kSecondsPerDay;
using gapferry::Time;

struct Options {
  std::uint64_t attributes = 100000;
  std::uint64_t seed = 1;
  Time date = 1793491200;  // 2026-11-01; nothing is newer
  bool one_big = false;
  std::string to;
};

struct Share {
  std::string_view type;
  std::string_view category;
  std::uint64_t per_mille;
};
// Of the attributes outside of objects, so that the shares of all come out right.
constexpr auto kMix = std::to_array<Share>({
    {"sha256", "Payload delivery", 430},
    {"ip-src", "Network activity", 270},
    {"domain", "Network activity", 146},
    {"sha1", "Payload delivery", 79},
    {"md5", "Payload delivery", 6},
    {"filename|sha1", "Payload delivery", 17},
    {"domain|ip", "Network activity", 10},
    {"filename|sha256", "Payload delivery", 6},
    {"filename|md5", "Payload delivery", 6},
    {"url", "Network activity", 10},
    {"hostname", "Network activity", 6},
    {"text", "Other", 6},
    {"filename", "Payload delivery", 4},
    {"regkey", "Persistence mechanism", 2},
    {"ip-dst|port", "Network activity", 2},
});
constexpr std::uint64_t kObjectPercent = 15;  // of an event's attributes lie in objects
constexpr std::uint64_t kRepeatPercent = 3;   // of the values were in some event before
constexpr std::size_t kRemembered = 4096;     // values of a type that may come again
constexpr std::uint64_t kLeastEvent = 50;
constexpr double kEventSpan = 40;  // the largest event, as a multiple of the least

constexpr std::string_view kOrganisation =
    R"("Orgc": {"name": "Generator", "uuid": "0f2f9c5c-7c4b-4a2e-9d53-0a1b2c3d4e5f"})";

class Random {
 public:
  explicit Random(std::uint64_t seed) : random_(seed) {}

  std::uint64_t Below(std::uint64_t limit) { return random_() % limit; }
  bool Percent(std::uint64_t percent) { return Below(100) < percent; }
  Time Days(std::uint64_t days) {
    return static_cast<Time>(Below(days * static_cast<std::uint64_t>(kSecondsPerDay)));
  }
  template <typename Bytes>
  void Fill(Bytes& bytes) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i, word >>= 8) {
      if (i % 8 == 0) word = random_();
      bytes[i] = static_cast<std::uint8_t>(word);
    }
  }
  std::string Uuid() {
    gapferry::Uuid uuid;
    Fill(uuid.bytes);
    uuid.bytes[6] = static_cast<std::uint8_t>((uuid.bytes[6] & 0x0F) | 0x40);
    uuid.bytes[8] = static_cast<std::uint8_t>((uuid.bytes[8] & 0x3F) | 0x80);
    return uuid.ToString();
  }
  std::string Word() {
    std::string word(4 + Below(9), ' ');
    std::uint64_t letters = random_();
    for (char& c : word) {
      c = static_cast<char>('a' + letters % 26);
      letters /= 26;
    }
    return word;
  }

 private:
  std::mt19937_64 random_;
};

// Values of every type in kMix, some of them again and again.
class Values {
 public:
  explicit Values(Random* random) : random_(*random) {}

  std::string Next(std::string_view type) {
    std::vector<std::string>& seen = seen_[type];
    if (!seen.empty() && random_.Percent(kRepeatPercent)) return seen[random_.Below(seen.size())];
    std::string value = New(type);
    if (seen.size() < kRemembered) seen.push_back(value);
    return value;
  }

 private:
  std::string New(std::string_view type) {
    if (type == "sha256") return Hex<32>();
    if (type == "sha1") return Hex<20>();
    if (type == "md5") return Hex<16>();
    if (type == "ip-src" || type == "ip-dst") return Address();
    if (type == "ip-dst|port") return fmt::format("{}|{}", Address(), 1024 + random_.Below(60000));
    if (type == "domain") return Name(2);
    if (type == "hostname") return Name(3);
    if (type == "domain|ip") return Name(2) + "|" + Address();
    if (type == "url") {
      return fmt::format("http://{}/{}/{}.php?id={}", Name(3), random_.Word(), random_.Word(),
                         random_.Below(100000));
    }
    if (type == "filename|sha256") return random_.Word() + ".exe|" + Hex<32>();
    if (type == "filename|sha1") return random_.Word() + ".dll|" + Hex<20>();
    if (type == "filename|md5") return random_.Word() + ".exe|" + Hex<16>();
    if (type == "regkey") return R"(HKCU\\Software\\)" + random_.Word() + R"(\\)" + random_.Word();
    if (type == "filename") return random_.Word() + ".exe";
    return random_.Word() + " " + random_.Word();
  }
  template <std::size_t N>
  std::string Hex() {
    std::array<std::uint8_t, N> bytes;
    random_.Fill(bytes);
    return HexEncode(bytes);
  }
  // A public address: the first octet is 11 … 126, the last neither 0 nor 255.
  std::string Address() {
    return fmt::format("{}.{}.{}.{}", 11 + random_.Below(116), random_.Below(256),
                       random_.Below(256), 1 + random_.Below(254));
  }
  std::string Name(int labels) {
    static constexpr auto kSuffixes =
        std::to_array<std::string_view>({"com", "net", "org", "info", "example", "top"});
    std::string name;
    for (int i = 1; i < labels; ++i)
      name += random_.Word() + '.';
    return name += kSuffixes[random_.Below(kSuffixes.size())];
  }

  Random& random_;
  std::map<std::string_view, std::vector<std::string>> seen_;
};

// One event, written as it is made.
class EventWriter {
 public:
  EventWriter(Random* random, Values* values, const Options& options)
      : random_(*random), values_(*values), options_(options) {}

  // Returns the event's entry for the manifest.
  std::string Write(std::uint64_t count) {
    const std::string uuid = random_.Uuid();
    const std::string info = "Generated: " + random_.Word() + " " + random_.Word();
    const std::string tag = TlpTag();
    const std::uint64_t threat_level = 1 + random_.Below(4);
    time_ = options_.date - random_.Days(60);
    for (std::string& comment : comments_)
      comment = random_.Percent(30) ? "" : "seen by sensor " + random_.Word();
    const std::string head = fmt::format(
        R"("analysis": "2", "date": "{}", "info": "{}", "threat_level_id": "{}", "timestamp": "{}", {}, "Tag": [{}])",
        FormatDate(time_), info, threat_level, time_, kOrganisation, tag);

    fmt::ostream out =
        fmt::output_file((std::filesystem::path(options_.to) / (uuid + ".json")).string());
    out.print(
        R"({{"Event": {{"uuid": "{}", "extends_uuid": "", "distribution": "3", "protected": false, "published": true, "publish_timestamp": "{}", {}, "Attribute": [)",
        uuid, time_, head);
    const std::uint64_t in_objects = count * kObjectPercent / 100;
    for (std::uint64_t i = 0; i < count - in_objects; ++i) {
      const Share& share = AnyShare();
      Attribute(&out, i == 0, share.type, share.category, "");
    }
    out.print(R"(], "Object": [)");
    for (std::uint64_t done = 0; done < in_objects;)
      done += Object(&out, done == 0, in_objects - done);
    out.print("]}}}}\n");
    return fmt::format(R"("{}": {{{}}})", uuid, head);
  }

 private:
  std::string TlpTag() {
    const std::uint64_t at = random_.Below(100);
    const auto& [name, colour] = at < 55   ? std::pair{"clear", "#ffffff"}
                                 : at < 90 ? std::pair{"green", "#33ff00"}
                                 : at < 98 ? std::pair{"amber", "#ffc000"}
                                           : std::pair{"red", "#ff2b2b"};
    return fmt::format(
        R"({{"colour": "{}", "local": false, "name": "tlp:{}", "relationship_type": ""}})", colour,
        name);
  }
  const Share& AnyShare() {
    std::uint64_t at = random_.Below(1000);
    for (const Share& share : kMix) {
      if (at < share.per_mille) return share;
      at -= share.per_mille;
    }
    return kMix[0];
  }
  void Attribute(fmt::ostream* out, bool first, std::string_view type, std::string_view category,
                 std::string_view relation) {
    const bool in_object = !relation.empty();
    out->print(
        R"({}{{"category": "{}", "comment": "{}", "disable_correlation": false, {}{}{}"timestamp": "{}", "to_ids": {}, "type": "{}", "uuid": "{}", "value": "{}"}})",
        first ? "" : ", ", category, in_object ? "" : comments_[random_.Below(comments_.size())],
        in_object ? R"("object_relation": ")" : "", relation, in_object ? R"(", )" : "",
        time_ - random_.Days(30), random_.Percent(90) ? "true" : "false", type, random_.Uuid(),
        values_.Next(type));
  }
  // Returns how many attributes it has: at most `most`.
  std::uint64_t Object(fmt::ostream* out, bool first, std::uint64_t most) {
    struct Part {
      std::string_view relation, type;
    };
    static constexpr auto kFile = std::to_array<Part>(
        {{"sha256", "sha256"}, {"sha1", "sha1"}, {"md5", "md5"}, {"filename", "filename"}});
    static constexpr auto kPair = std::to_array<Part>({{"domain", "domain"}, {"ip", "ip-dst"}});
    const bool file = random_.Percent(60);
    const std::span<const Part> all = file ? std::span<const Part>(kFile) : kPair;
    const std::size_t wanted = file && random_.Percent(70) ? 3 : all.size();
    const auto parts = all.first(std::min<std::size_t>(wanted, most));
    out->print(
        R"({}{{"comment": "", "description": "{}", "meta-category": "{}", "name": "{}", "template_uuid": "{}", "template_version": "{}", "timestamp": "{}", "uuid": "{}", "Attribute": [)",
        first ? "" : ", ",
        file ? "File object describing a file with meta-information"
             : "A domain/hostname and IP address seen as a tuple in a specific time frame.",
        file ? "file" : "network", file ? "file" : "domain-ip",
        file ? "688c46fb-5edb-40a3-8273-1af7923e2215" : "43b3b146-77eb-4931-b4cc-b66c60f28734",
        file ? "25" : "11", time_, random_.Uuid());
    for (std::size_t i = 0; i < parts.size(); ++i) {
      Attribute(out, i == 0, parts[i].type, file ? "Payload delivery" : "Network activity",
                parts[i].relation);
    }
    out->print("]}}");
    return parts.size();
  }

  Random& random_;
  Values& values_;
  const Options& options_;
  Time time_ = 0;
  std::array<std::string, 3> comments_;
};

void Generate(const Options& options) {
  std::filesystem::create_directories(options.to);
  Random random(options.seed);
  Values values(&random);
  EventWriter events(&random, &values, options);
  std::vector<std::string> entries;
  std::uint64_t left = options.attributes;
  const auto event = [&](std::uint64_t count) {
    entries.push_back(events.Write(count));
    left -= count;
  };
  if (options.one_big) event(left / 5);
  while (left > 0) {
    // Sizes lie evenly on a logarithmic scale.
    const double exponent = static_cast<double>(random.Below(1000)) / 1000;
    const auto size = static_cast<std::uint64_t>(kLeastEvent * std::pow(kEventSpan, exponent));
    event(std::min(left, size));
  }
  fmt::ostream manifest =
      fmt::output_file((std::filesystem::path(options.to) / "manifest.json").string());
  manifest.print("{{{}}}\n", fmt::join(entries, ", "));
  fmt::print("{} attributes in {} events\n", options.attributes, entries.size());
}

bool ReadNumber(std::string_view text, std::uint64_t* number) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc{} && stop == text.data() + text.size();
}

bool ReadOptions(const std::vector<std::string_view>& words, Options* options) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--one-big") {
      options->one_big = true;
      continue;
    }
    if (i + 1 == words.size()) return false;
    const std::string_view name = words[i];
    const std::string_view value = words[++i];
    if (name == "--to") {
      options->to = value;
    } else if (name == "--date") {
      const auto date = gapferry::ParseDate(value);
      if (!date) return false;
      options->date = *date;
    } else if (name != "--attributes" && name != "--seed") {
      return false;
    } else if (!ReadNumber(value, name == "--seed" ? &options->seed : &options->attributes)) {
      return false;
    }
  }
  return !options->to.empty() && options->attributes > 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!ReadOptions({argv + 1, argv + argc}, &options)) {
    fmt::print(stderr,
               "usage: gapferry-feedgen --to DIR [--attributes N] [--seed S] [--date YYYY-MM-DD] "
               "[--one-big]\n");
    return 2;
  }
  try {
    Generate(options);
  } catch (const std::system_error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 1;
  }
  return 0;
}
