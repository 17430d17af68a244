// YARA 4: rules for file hashes, and the rules that analysts put into attributes of the type yara.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/file.h"
#include "base/hash.h"
#include "detect/format.h"
#include "detect/value_text.h"
#include "detect/yara_text.h"

namespace gapferry::detect {
namespace {

using intel::IndicatorKind;
using policy::Decision;
using policy::Reason;

// Beyond it YARA takes minutes and gigabytes to compile; a list of hashes serves better.
constexpr std::size_t kMaxHashes = 100'000;
// Up to so many, each hash has a rule that names its event.
constexpr std::size_t kLiteralHashes = 5000;
constexpr std::size_t kHashesInRule = 1000;
constexpr std::chrono::seconds kCompileTimeout{60};
constexpr std::string_view kTrial = ".compile.yar";
// The compiler is the consumer's, the text a stranger's.
constexpr std::array<std::string_view, 5> kLimits = {"prlimit", "--as=2147483648", "--cpu=30",
                                                     "--core=0", "--"};

std::string_view HashFunction(IndicatorKind kind) {
  switch (kind) {
    case IndicatorKind::kMd5:
      return "md5";
    case IndicatorKind::kSha1:
      return "sha1";
    case IndicatorKind::kSha256:
      return "sha256";
    default:
      return "";
  }
}

struct Hash {
  IndicatorKind kind;
  std::string value;
  Uuid event;
  intel::Tlp tlp;
};

// Rules of one attribute.
struct StoredYara {
  std::string text;
  std::uint64_t mentions = 0;
  Uuid event;
  Uuid attribute;
  intel::Tlp tlp = intel::Tlp::kRed;
  std::int64_t id = 0;  // in the order of which names are given, first come, first served
  YaraRules rules;
  std::string renamed;
};

class YaraWriter : public Writer {
 public:
  explicit YaraWriter(const WriterContext& context) : context_(context) {}

  Status Add(EventNumber, const Candidate& candidate) override {
    const Mention& mention = candidate.mentions[0];
    if (candidate.kind != IndicatorKind::kOther) {
      if (hashes_.size() < kMaxHashes) {
        hashes_.push_back({candidate.kind, candidate.value, mention.event_uuid, candidate.tlp});
      } else {
        Refuse("too-many-hashes", candidate.mention_count);
      }
      return Ok();
    }
    Result<YaraRules> rules = ReadYara(candidate.value);
    if (!rules.ok()) {
      Refuse("yara: " + rules.error().what, candidate.mention_count);
      return Ok();
    }
    stored_.push_back({candidate.value, candidate.mention_count, mention.event_uuid,
                       mention.attribute_uuid, candidate.tlp, 0, std::move(rules).value(), ""});
    return Ok();
  }

  Status Finish() override {
    GF_CHECK(WriteHashes());
    return WriteStored();
  }

 private:
  void Refuse(std::string_view why, std::uint64_t attributes) {
    late_refusals_.Add(Reason::kFormatCannotExpress, why, attributes);
  }

  Status WriteHashes() {
    GF_TRY(OutputFile file, context_.output.Open("misp-hashes.yar"));
    GF_CHECK(file.Write(Heading() + "import \"hash\"\n"));
    const bool literal = hashes_.size() <= kLiteralHashes;
    GF_CHECK(literal ? WriteLiteral(&file) : WriteChains(&file));
    return file.Close();
  }
  [[nodiscard]] std::string Heading() const {
    return fmt::format("// gapferry: {}, up to tlp:{}\n", context_.destination.name,
                       intel::TlpName(context_.destination.use.clearance));
  }

  Status WriteLiteral(OutputFile* file) {
    for (const Hash& hash : hashes_) {
      const std::string name = fmt::format("misp_{}_{}", HashFunction(hash.kind), hash.value);
      taken_.insert(name);
      GF_CHECK(file->Write(fmt::format(
          "\nrule {}\n{{\n    meta:\n        event_uuid = \"{}\"\n        tlp = \"{}\"\n"
          "    condition:\n        hash.{}(0, filesize) == \"{}\"\n}}\n",
          name, hash.event.ToString(), intel::TlpName(hash.tlp), HashFunction(hash.kind),
          hash.value)));
    }
    return Ok();
  }

  // A loop over so many compiles, and then overflows the stack of the scanner; a chain does not.
  Status WriteChains(OutputFile* file) {
    std::map<IndicatorKind, std::vector<const Hash*>> kinds;
    for (const Hash& hash : hashes_)
      kinds[hash.kind].push_back(&hash);
    for (const auto& [kind, hashes] : kinds) {
      GF_TRY(const std::int64_t buckets,
             context_.registry.Grow(context_.destination.name + "/yara-buckets",
                                    std::string(HashFunction(kind)),
                                    BucketsFor(hashes.size(), kHashesInRule)));
      std::vector<std::string> chains(static_cast<std::size_t>(buckets));
      for (const Hash* hash : hashes) {
        std::string& chain = chains[BucketOf(hash->value, buckets)];
        chain += fmt::format("{}        hash.{}(0, filesize) == \"{}\"",
                             chain.empty() ? "" : " or\n", HashFunction(kind), hash->value);
      }
      for (std::size_t i = 0; i < chains.size(); ++i) {
        if (chains[i].empty()) continue;
        const std::string name = fmt::format("misp_{}_part_{:05}", HashFunction(kind), i + 1);
        taken_.insert(name);
        GF_CHECK(
            file->Write(fmt::format("\nrule {}\n{{\n    condition:\n{}\n}}\n", name, chains[i])));
      }
    }
    return Ok();
  }

  Status WriteStored() {
    GF_CHECK(SortByAge());
    GF_TRY(const bool can_compile, Compiles("rule trial { condition: true }\n"));
    if (!can_compile) {
      for (const StoredYara& stored : stored_)
        Refuse("no-yara-compiler", stored.mentions);
      stored_.clear();
    }
    for (StoredYara& stored : stored_)
      Rename(&stored);
    std::vector<const StoredYara*> good;
    GF_CHECK(Sift(0, stored_.size(), &good));
    if (good.empty()) return Ok();
    GF_TRY(OutputFile file, context_.output.Open("misp-stored.yar"));
    GF_CHECK(file.Write(Heading()));
    for (const StoredYara* stored : good) {
      GF_CHECK(file.Write(fmt::format("\n// event {}, attribute {}, tlp:{}\n{}\n",
                                      stored->event.ToString(), stored->attribute.ToString(),
                                      intel::TlpName(stored->tlp), stored->renamed)));
    }
    return file.Close();
  }

  Status SortByAge() {
    for (StoredYara& stored : stored_) {
      GF_TRY(const StableId id,
             context_.registry.Assign(context_.destination.name + "/yara",
                                      HexEncode(Hash256(AsBytes(stored.text))), "", {}));
      stored.id = id.id;
    }
    std::sort(stored_.begin(), stored_.end(),
              [](const StoredYara& a, const StoredYara& b) { return a.id < b.id; });
    return Ok();
  }

  // Names that are taken get the number of their attribute.
  void Rename(StoredYara* stored) {
    std::map<std::string, std::string> names;
    for (const std::string& name : stored->rules.names) {
      std::string given = name;
      if (taken_.contains(given)) {
        const std::string number = fmt::format("_{}", stored->id);
        given = name.substr(0, kMaxYaraName - number.size()) + number;
        names[name] = given;
      }
      taken_.insert(given);
    }
    stored->renamed = RenameYara(stored->text, stored->rules, names);
  }

  // Halves what does not compile together, so that a few bad rules cost a few runs.
  Status Sift(std::size_t begin, std::size_t end, std::vector<const StoredYara*>* good) {
    if (begin == end) return Ok();
    std::string text;
    for (std::size_t i = begin; i < end; ++i)
      text += stored_[i].renamed + "\n";
    GF_TRY(const bool compiles, Compiles(text));
    if (compiles) {
      for (std::size_t i = begin; i < end; ++i)
        good->push_back(&stored_[i]);
      return Ok();
    }
    if (end - begin == 1) {
      Refuse("yara: does not compile", stored_[begin].mentions);
      return Ok();
    }
    const std::size_t middle = begin + (end - begin) / 2;
    GF_CHECK(Sift(begin, middle, good));
    return Sift(middle, end, good);
  }

  Result<bool> Compiles(const std::string& text) {
    const std::string& compiler = context_.destination.yara.compiler;
    if (compiler.empty() || stored_.empty()) return false;
    const std::filesystem::path file = context_.output.path() / kTrial;
    GF_CHECK(WriteFileAtomically(file, text));
    std::vector<std::string> command(kLimits.begin(), kLimits.end());
    command.insert(command.end(), {compiler, "-w", file.string(), "/dev/null"});
    const Result<CommandEnd> end = context_.run(command, kCompileTimeout);
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
    if (!end.ok()) return end.error();
    return end->ok();
  }

  WriterContext context_;
  std::vector<Hash> hashes_;
  std::vector<StoredYara> stored_;
  std::set<std::string> taken_;
};

Decision ExpressYara(const Destination&, const intel::Indicator& indicator, std::string_view type) {
  if (!HashFunction(indicator.kind).empty() || type == "yara") return Decision::Allow();
  if (indicator.kind == IndicatorKind::kOther)
    return Decision::Refuse(Reason::kTypeNotDetectable, type);
  return Decision::Refuse(Reason::kFormatCannotExpress, IndicatorKindName(indicator.kind));
}

}  // namespace

constinit const Format kYara{
    .name = "yara",
    .summary = "YARA rules for file hashes, and stored YARA rules that compile",
    .by_event = false,
    .checker = "yarac --fail-on-warnings {}/misp-hashes.yar /dev/null",
    .express = ExpressYara,
    .make = [](const WriterContext& context) -> std::unique_ptr<Writer> {
      return std::make_unique<YaraWriter>(context);
    },
    .takes_text = true,
};

}  // namespace gapferry::detect
