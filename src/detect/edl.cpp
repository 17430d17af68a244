// External dynamic lists: plain text that firewalls fetch, one entry a line and nothing else, since
// vendors agree on no comment.
#include <optional>

#include "detect/name_file.h"
#include "detect/row_sorter.h"

namespace gapferry::detect {
namespace {

using intel::IndicatorKind;
using policy::Decision;

constexpr std::size_t kMaxUrlBytes = 1023;

// Host and path; a list of URLs knows no scheme.
std::string UrlEntry(const intel::Url& url) {
  return (url.host.find(':') == std::string::npos ? url.host : '[' + url.host + ']') + url.target;
}

class EdlWriter : public Writer {
 public:
  explicit EdlWriter(const WriterContext& context)
      : context_(context),
        options_(context.destination.net.edl),
        names_(options_.below == "none" ? NameList::Covered::kKept : NameList::Covered::kLeftOut),
        urls_(context.output.path()) {}

  Status Add(EventNumber, const Candidate& candidate) override {
    if (candidate.kind == IndicatorKind::kUrl) {
      const std::optional<intel::Url> url = intel::ParseUrl(candidate.value);
      return url ? urls_.Add(UrlEntry(*url)) : Ok();
    }
    GF_CHECK(Open());
    if (NetworkList::Takes(candidate.kind)) {
      const std::optional<ListedNetwork> listed = networks_.Take(candidate);
      return listed ? Put(candidate.value, &addresses_) : Ok();
    }
    const std::optional<ListedName> listed = names_.Take(candidate);
    if (!listed) return Ok();
    GF_CHECK(Put(listed->name, &domains_));
    if (!listed->below || options_.below != "wildcard") return Ok();
    line_ = "*.";
    line_ += listed->name;
    return Put(line_, &domains_);
  }

  // All three files are always there, so that a firewall which fetches one never sees a stale list.
  Status Finish() override {
    GF_CHECK(Open());
    GF_CHECK(addresses_.file->Close());
    GF_CHECK(domains_.file->Close());
    List urls{"misp-url.txt"};
    GF_TRY(urls.file, context_.output.Open(urls.name));
    // The same URL may have come with http and with https.
    std::string last;
    GF_CHECK(urls_.ForEach([&](std::string_view entry) -> Status {
      if (entry == last) return Ok();
      last = entry;
      return Put(last, &urls);
    }));
    return urls.file->Close();
  }

 private:
  struct List {
    std::string name;
    std::optional<OutputFile> file = std::nullopt;
    std::uint64_t entries = 0;
  };

  Status Open() {
    for (List* list : {&addresses_, &domains_}) {
      if (list->file) continue;
      GF_TRY(list->file, context_.output.Open(list->name));
    }
    return Ok();
  }

  // A firewall leaves out what is beyond its limit, and only its own log would tell.
  Status Put(std::string_view entry, List* list) {
    if (options_.limit > 0 && ++list->entries > options_.limit) {
      return Error::Make(Kind::kTooLarge, "{} would have more than {} entries", list->name,
                         options_.limit)
          .Hint("take fewer: types, max_age_days; or raise edl.limit if the firewall takes more");
    }
    GF_CHECK(list->file->Write(entry));
    return list->file->Write("\n");
  }

  WriterContext context_;
  const EdlOptions& options_;
  NameList names_;
  NetworkList networks_;
  RowSorter urls_;
  List addresses_{"misp-ip.txt"};
  List domains_{"misp-domain.txt"};
  std::string line_;
};

Decision ExpressEdlUrl(std::string_view value) {
  const std::optional<intel::Url> url = intel::ParseUrl(value);
  if (!url) return Decision::Refuse(policy::Reason::kValueBadUrl);
  if (url->scheme != "http" && url->scheme != "https") return CannotExpress("url-scheme");
  // Without its port the entry would match more.
  if (url->port != 0) return CannotExpress("url-port");
  if (value.find_first_of("*^") != std::string_view::npos)
    return CannotExpress("wildcard-in-value");
  if (!IsAscii(value)) return CannotExpress("not-ascii");
  if (value.find(' ') != std::string_view::npos) return CannotExpress("space-in-value");
  return value.size() > kMaxUrlBytes ? CannotExpress("too-long") : Decision::Allow();
}

Decision ExpressEdl(const Destination& destination, const intel::Indicator& indicator,
                    std::string_view type) {
  if (indicator.kind == IndicatorKind::kUrl) return ExpressEdlUrl(indicator.value);
  if (NetworkList::Takes(indicator.kind)) return Decision::Allow();
  if (!NameList::Takes(indicator.kind)) return CannotExpressKind(indicator, type);
  if (indicator.kind == IndicatorKind::kHostname && destination.net.edl.below == "implied")
    return CannotExpress("host-would-widen");
  return Decision::Allow();
}

}  // namespace

constinit const Format kEdl{
    .name = "edl",
    .summary = "plain lists for firewalls: addresses, domains, URLs",
    .by_event = false,
    .checker = "",
    .express = ExpressEdl,
    .make = [](const WriterContext& context) -> std::unique_ptr<Writer> {
      return std::make_unique<EdlWriter>(context);
    },
    .power = policy::Power::kBlocks,
};

}  // namespace gapferry::detect
