// Squid 5 and 6: files for access lists. A name that another entry covers is fatal to Squid, a bad
// regular expression is not even an error of its exit code.
#include <map>
#include <optional>

#include "detect/name_file.h"
#include "detect/squid_text.h"

namespace gapferry::detect {
namespace {

using intel::IndicatorKind;
using policy::Decision;

constexpr std::size_t kMaxSquidUrl = 2000;  // Squid cuts lines of a list at 4096 bytes

class SquidWriter : public Writer {
 public:
  explicit SquidWriter(const WriterContext& context) : context_(context) {}

  Status Add(EventNumber, const Candidate& candidate) override {
    if (NameList::Takes(candidate.kind)) {
      const std::optional<ListedName> listed = names_.Take(candidate);
      return listed ? Write("misp-domains.txt", (listed->below ? "." : "") + candidate.value +
                                                    " # " + listed->event.ToString() + '\n')
                    : Ok();
    }
    if (NetworkList::Takes(candidate.kind)) {
      const std::optional<ListedNetwork> listed = networks_.Take(candidate);
      return listed ? Write("misp-addresses.txt",
                            candidate.value + " # " + listed->event.ToString() + '\n')
                    : Ok();
    }
    if (urls_ == context_.destination.net.squid.url_limit) {
      late_refusals_.Add("too-many-urls", candidate.mention_count,
                         AttributesOf(candidate.mentions));
      return Ok();
    }
    ++urls_;
    const std::optional<std::string> expression = SquidUrlRegex(candidate.value);
    if (!expression) return Ok();  // ExpressSquid lets none through
    return Write(
        "misp-urls.txt",
        fmt::format("# {}\n{}\n", candidate.mentions[0].event_uuid.ToString(), *expression));
  }

  Status Finish() override {
    std::string snippet =
        HashHeader(context_.destination) +
        "# For squid.conf, before the first http_access allow; paths are those of "
        "this folder.\n";
    struct List {
      std::string_view file;
      std::string_view name;
      std::string_view type;
    };
    for (const List& list : {List{"misp-domains.txt", "misp_domains", "dstdomain"},
                             {"misp-addresses.txt", "misp_addresses", "dst"},
                             {"misp-urls.txt", "misp_urls", "url_regex"}}) {
      const auto open = files_.find(std::string(list.file));
      if (open == files_.end()) continue;
      GF_CHECK(open->second.Close());
      snippet += fmt::format("acl {0} {1} \"{2}\"\nhttp_access deny {0}\n", list.name, list.type,
                             list.file);
    }
    return context_.output.WriteFile("squid-snippet.conf", snippet);
  }

 private:
  Status Write(const std::string& name, std::string_view text) {
    auto open = files_.find(name);
    if (open == files_.end()) {
      GF_TRY(OutputFile file, context_.output.Open(name));
      open = files_.emplace(name, std::move(file)).first;
      GF_CHECK(open->second.Write(HashHeader(context_.destination)));
    }
    return open->second.Write(text);
  }

  WriterContext context_;
  NameList names_;
  NetworkList networks_;
  std::size_t urls_ = 0;
  std::map<std::string, OutputFile> files_;
};

Decision ExpressSquid(const Destination&, const intel::Indicator& indicator,
                      std::string_view type) {
  if (NameList::Takes(indicator.kind) || NetworkList::Takes(indicator.kind))
    return Decision::Allow();
  if (indicator.kind != IndicatorKind::kUrl) return CannotExpressKind(indicator, type);
  const std::optional<intel::Url> url = intel::ParseUrl(indicator.value);
  if (!url) return Decision::Refuse(policy::Reason::kValueBadUrl);
  // Squid sees CONNECT and the host's name; that alone would match far more than the URL.
  if (url->scheme == "https") return CannotExpress("https-url-inexpressible");
  if (url->scheme != "http" && url->scheme != "ftp") return CannotExpress("url-scheme");
  if (indicator.value.size() > kMaxSquidUrl) return CannotExpress("too-long");
  if (!IsAscii(indicator.value)) return CannotExpress("not-ascii");
  // A space would end the expression.
  if (indicator.value.find(' ') != std::string::npos) return CannotExpress("space-in-value");
  if (!SquidUrlRegex(indicator.value)) return CannotExpress("control-in-escape");
  return Decision::Allow();
}

}  // namespace

constinit const Format kSquid{
    .name = "squid",
    .summary = "access lists for Squid",
    .by_event = false,
    .checker = "",
    .express = ExpressSquid,
    .make = [](const WriterContext& context) -> std::unique_ptr<Writer> {
      return std::make_unique<SquidWriter>(context);
    },
    .power = policy::Power::kBlocks,
};

}  // namespace gapferry::detect
