// YARA 4: rules for file hashes, and the rules that analysts put into attributes of the type yara.
#include <map>
#include <set>

#include "detect/format.h"
#include "detect/stored_owner.h"
#include "detect/trial.h"
#include "detect/value_text.h"
#include "detect/yara_names.h"
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
constexpr std::string_view kTrial = "stored.yar";
constexpr std::uint64_t kCompilerMemory = 2ULL << 30;

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
  Stored stored;
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
        late_refusals_.Add("too-many-hashes", candidate.mention_count,
                           AttributesOf(candidate.mentions));
      }
      return Ok();
    }
    texts_.Add(candidate);
    return Ok();
  }

  Status Finish() override {
    GF_CHECK(WriteHashes());
    return WriteStored();
  }

 private:
  void Refuse(const Stored& stored, std::string_view why) {
    late_refusals_.Add(why, stored.mentions, stored.attributes);
    if (texts_.Drop(stored)) late_refusals_.TakeBack(IndicatorKind::kOther);
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
    GF_CHECK(ReadStored());
    if (stored_.empty()) return Ok();
    GF_TRY(YaraNames names,
           YaraNames::Load(context_.registry, context_.destination.name, std::move(taken_)));
    std::vector<std::string> texts;
    for (StoredYara& each : stored_) {
      GF_TRY(const auto given, names.Give(each.stored.attribute, each.rules.names));
      each.renamed = RenameYara(each.stored.text, each.rules, given);
      texts.push_back(each.renamed);
    }
    const std::string& compiler = context_.destination.yara.compiler;
    Trial trial(context_.fenced, {compiler, "-w", fmt::format("{{}}/{}", kTrial), "/dev/null"},
                context_.output.path(), std::string(kTrial), kCompilerMemory);
    GF_TRY(const bool can_compile, compiler.empty()
                                       ? Result<bool>(false)
                                       : trial.Takes("rule trial { condition: true }\n"));
    std::vector<std::string> problems(stored_.size(), "no-yara-compiler");
    if (can_compile) {
      GF_TRY(problems, trial.Sift(texts));
    }
    return WriteGood(problems, can_compile);
  }

  Status ReadStored() {
    GF_TRY(auto settled, texts_.Settle(context_.registry, context_.destination.name));
    for (Stored& stored : settled["yara"]) {
      Result<YaraRules> rules = ReadYara(stored.text);
      if (rules.ok()) {
        stored_.push_back({std::move(stored), std::move(rules).value(), ""});
      } else {
        Refuse(stored, "yara: " + rules.error().what);
      }
    }
    return Ok();
  }

  Status WriteGood(const std::vector<std::string>& problems, bool tried) {
    std::string text;
    for (std::size_t i = 0; i < stored_.size(); ++i) {
      const Stored& stored = stored_[i].stored;
      if (!problems[i].empty()) {
        Refuse(stored, tried ? "yara: does not compile" : problems[i]);
        continue;
      }
      text += fmt::format(
          "\n// event {}, attribute {}, tlp:{}\n{}\n", stored.mention.event_uuid.ToString(),
          stored.mention.attribute_uuid.ToString(), intel::TlpName(stored.tlp), stored_[i].renamed);
    }
    if (text.empty()) return Ok();
    return context_.output.WriteFile("misp-stored.yar", Heading() + text);
  }

  WriterContext context_;
  std::vector<Hash> hashes_;
  StoredTexts texts_;
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
