// External dynamic lists: plain text that firewalls fetch, one entry a line and nothing else, since
// vendors agree on no comment.
#include <optional>

#include "detect/name_file.h"

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
        names_(context.output.path(),
               options_.below == "none" ? NameList::Covered::kKept : NameList::Covered::kLeftOut),
        networks_(context.output.path()),
        urls_(context.output.path()) {}

  Status Add(EventNumber, const Candidate& candidate) override {
    if (NameList::Takes(candidate.kind)) return names_.Add(candidate);
    if (NetworkList::Takes(candidate.kind)) return networks_.Add(candidate);
    const std::optional<intel::Url> url = intel::ParseUrl(candidate.value);
    return url ? urls_.Add(UrlEntry(*url)) : Ok();
  }

  // All three files are always there, so that a firewall which fetches one never sees a stale list.
  Status Finish() override {
    GF_CHECK(Begin("misp-ip.txt"));
    GF_CHECK(networks_.ForEach(
        [&](const ListedNetwork& listed) { return Put(listed.network.ToString()); }));
    GF_CHECK(file_->Close());
    GF_CHECK(Begin("misp-domain.txt"));
    const auto put_name = [&](const ListedName& listed) -> Status {
      GF_CHECK(Put(listed.name));
      return listed.below && options_.below == "wildcard" ? Put("*." + listed.name) : Ok();
    };
    GF_CHECK(names_.ForEach(put_name));
    GF_CHECK(file_->Close());
    GF_CHECK(Begin("misp-url.txt"));
    // The same URL may have come with http and with https.
    std::string last;
    GF_CHECK(urls_.ForEach([&](std::string_view entry) -> Status {
      if (entry == last) return Ok();
      last = entry;
      return Put(last);
    }));
    return file_->Close();
  }

 private:
  Status Begin(std::string name) {
    name_ = std::move(name);
    entries_ = 0;
    GF_TRY(file_, context_.output.Open(name_));
    return Ok();
  }

  // A firewall leaves out what is beyond its limit, and only its own log would tell.
  Status Put(const std::string& entry) {
    if (options_.limit > 0 && ++entries_ > options_.limit) {
      return Error::Make(Kind::kTooLarge, "{} would have more than {} entries", name_,
                         options_.limit)
          .Hint("take fewer: types, max_age_days; or raise edl.limit if the firewall takes more");
    }
    return file_->Write(entry + '\n');
  }

  WriterContext context_;
  const EdlOptions& options_;
  NameList names_;
  NetworkList networks_;
  RowSorter urls_;
  std::optional<OutputFile> file_;
  std::string name_;
  std::uint64_t entries_ = 0;
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
