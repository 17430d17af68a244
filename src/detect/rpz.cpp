// DNS response policy zone for BIND, Unbound and Knot Resolver (draft-vixie-dnsop-dns-rpz).
// named-checkzone lets bad triggers, names outside the zone and unknown actions pass, so what is
// written here is right by construction: names as NormaliseName gives them, addresses from their
// bytes.
#include <algorithm>
#include <array>
#include <optional>

#include "detect/format.h"
#include "detect/name_list.h"
#include "detect/network_list.h"
#include "detect/rpz_text.h"
#include "detect/spool.h"

namespace gapferry::detect {
namespace {

using policy::Decision;

constexpr std::size_t kMaxOwner = 253;  // 255 bytes on the wire; one name too long loses the zone
constexpr std::size_t kWildcard = 2;    // "*."

// What each trigger leads to.
std::vector<std::string> Answers(const RpzOptions& options) {
  if (options.action == "nodata") return {"CNAME *."};
  if (options.action == "drop") return {"CNAME rpz-drop."};
  if (options.action != "garden") return {"CNAME ."};
  std::vector<std::string> answers;
  for (const std::string& entry : options.garden) {
    const bool v6 = entry.find(':') != std::string::npos;
    if (intel::NormaliseAddress(entry)) {
      answers.push_back((v6 ? "AAAA " : "A ") + entry);
    } else {
      answers.push_back("CNAME " + entry + '.');
    }
  }
  return answers;
}

// YYYYMMDD00, as administrators expect a serial to look.
std::int64_t SerialOfDay(Time time) {
  std::int64_t serial = 0;
  for (const char c : FormatDate(time)) {
    if (IsAsciiDigit(c)) serial = serial * 10 + (c - '0');
  }
  return serial * 100;
}

// Letters, digits and inner hyphens (RFC 952, RFC 1123).
bool IsHostName(std::string_view name) {
  char before = '.';
  for (const char c : name) {
    const bool edge = before == '.' || c == '.';
    if (c == '_' || (edge && (c == '-' || before == '-'))) return false;
    before = c;
  }
  return before != '-';
}

// Labels below a zone's own name that begin so stand for other triggers: "8.0.0.0.10.rpz-client-ip"
// would be a rule for the clients in 10.0.0.0/8.
bool IsTrigger(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return name.substr(dot == std::string_view::npos ? 0 : dot + 1).starts_with("rpz-");
}

class RpzWriter : public Writer {
 public:
  explicit RpzWriter(const WriterContext& context)
      : context_(context),
        options_(context.destination.net.rpz),
        answers_(Answers(options_)),
        records_(context.output.path()) {}

  Status Add(EventNumber, const Candidate& candidate) override {
    if (NetworkList::Takes(candidate.kind)) {
      const std::optional<ListedNetwork> listed = networks_.Take(candidate);
      return listed ? Put(RpzTrigger(listed->network), ".rpz-ip", listed->event) : Ok();
    }
    const std::optional<ListedName> listed = names_.Take(candidate);
    if (!listed) return Ok();
    GF_CHECK(Put(listed->name, "", listed->event));
    return listed->below ? Put("*.", listed->name, listed->event) : Ok();
  }

  // The serial, which stands above all records, depends on them.
  Status Finish() override {
    GF_TRY(const std::int64_t serial, Serial(HexEncode(digest_.Finish256())));
    GF_TRY(OutputFile file, context_.output.Open("misp.rpz"));
    GF_CHECK(file.Write(fmt::format(
        "; gapferry: {}, up to tlp:{}\n$TTL {}\n@ SOA localhost. hostmaster.{}. {} 3600 600 86400 "
        "{}\n@ NS localhost.\n",
        context_.destination.name, intel::TlpName(context_.destination.use.clearance), options_.ttl,
        options_.zone, serial, options_.ttl)));
    GF_CHECK(records_.CopyTo(&file));
    return file.Close();
  }

 private:
  // The owner's name in two parts.
  Status Put(std::string_view owner, std::string_view end, const Uuid& event) {
    record_.clear();
    for (const std::string& answer : answers_) {
      record_ += owner;
      record_ += end;
      record_ += ' ';
      record_ += answer;
      record_ += " ; ";
      event.AppendTo(&record_);
      record_ += '\n';
    }
    digest_.Update(record_);
    return records_.Write(record_);
  }

  // Moves only when the zone does, and then up: secondaries compare nothing else.
  Result<std::int64_t> Serial(const std::string& digest) {
    Registry& registry = context_.registry;
    const std::string space = context_.destination.name + "/rpz";
    const std::string content = digest + ' ' + std::to_string(options_.ttl);
    GF_TRY(const StableId zone, registry.Assign(space, options_.zone, content, {}));
    GF_TRY(const std::int64_t seen, registry.Grow(space + "-rev", options_.zone, 0));
    GF_TRY(const std::int64_t last, registry.Grow(space + "-serial", options_.zone, 0));
    if (seen == zone.rev) return last;
    GF_TRY(const std::int64_t marked, registry.Grow(space + "-rev", options_.zone, zone.rev));
    static_cast<void>(marked);
    return registry.Grow(space + "-serial", options_.zone,
                         std::max(last + 1, SerialOfDay(zone.changed)));
  }

  WriterContext context_;
  const RpzOptions& options_;
  std::vector<std::string> answers_;
  NameList names_;
  NetworkList networks_;
  Spool records_;
  Blake2b digest_{32};  // of the records
  std::string record_;
};

Decision ExpressRpz(const Destination& destination, const intel::Indicator& indicator,
                    std::string_view type) {
  const RpzOptions& options = destination.net.rpz;
  if (NetworkList::Takes(indicator.kind))
    return options.addresses ? Decision::Allow() : CannotExpress("addresses-off");
  if (!NameList::Takes(indicator.kind)) return CannotExpressKind(indicator, type);
  if (kWildcard + indicator.value.size() + 1 + options.zone.size() > kMaxOwner)
    return CannotExpress("too-long");
  if (IsTrigger(indicator.value)) return CannotExpress("policy-trigger");
  // BIND refuses a whole zone for one address record whose owner is no host name.
  const bool address_records =
      !options.garden.empty() && intel::NormaliseAddress(options.garden[0]).has_value();
  if (address_records && !IsHostName(indicator.value)) return CannotExpress("no-host-name");
  return Decision::Allow();
}

}  // namespace

constinit const Format kRpz{
    .name = "rpz",
    .summary = "DNS response policy zone for BIND, Unbound and Knot Resolver",
    .by_event = false,
    .checker = "named-checkzone -q rpz.misp {}/misp.rpz",
    .express = ExpressRpz,
    .make = [](const WriterContext& context) -> std::unique_ptr<Writer> {
      return std::make_unique<RpzWriter>(context);
    },
    .power = policy::Power::kBlocks,
};

}  // namespace gapferry::detect
