#include "importer/opened.h"

#include "bundle/number_json.h"

namespace gapferry::importer {
namespace {

std::string Signers(const std::set<bundle::KeyId>& signers) {
  std::string text;
  for (const bundle::KeyId& id : signers)
    text += (text.empty() ? "" : ", ") + id.ToString();
  return text;
}

std::string Days(Time seconds) {
  return fmt::format("{:.1f} days", static_cast<double>(seconds) / kSecondsPerDay);
}

std::string Age(Time created, const bundle::JudgedClock& clock) {
  if (!bundle::IsBelieved(clock.verdict)) return "the clock here is not believed";
  if (created > clock.now) return Days(created - clock.now) + " ahead of the clock here";
  return Days(clock.now - created) + " ago";
}

std::string HiddenContent(const bundle::Manifest& manifest) {
  if (!manifest.payload) return "content    none; this stream hides its counts";
  return fmt::format("content    encrypted (recipients: {}), counts hidden, {} stored",
                     manifest.payload->recipients.size(),
                     HumanBytes(manifest.payload->stored_size));
}

void AddForeign(const Foreign& foreign, std::vector<std::string>& lines) {
  for (const std::string& name : foreign.names) {
    lines.push_back(
        fmt::format("foreign    {}: not part of a bundle, not opened", Printable(name)));
  }
  if (foreign.count > foreign.names.size()) {
    lines.push_back(fmt::format("foreign    and {} more, {} in all",
                                Grouped(foreign.count - foreign.names.size()),
                                Grouped(foreign.count)));
  }
}

Json NamesJson(const std::vector<std::string>& names) {
  Json list = Json::array();
  for (const std::string& name : names)
    list.push_back(Printable(name));
  return list;
}

}  // namespace

Described Describe(const Opened& opened, const bundle::JudgedClock& clock) {
  const bundle::Manifest& manifest = opened.verified.manifest();
  const bool expired = clock.now > manifest.expires;
  const auto rows = [&](const char* kind) {
    const auto found = manifest.counts.kind.find(kind);
    return found == manifest.counts.kind.end() ? 0 : found->second;
  };
  Described described;
  std::vector<std::string>& lines = described.lines;
  lines.push_back(fmt::format("signed by  {} (root version {})", Signers(opened.verified.signers()),
                              opened.verified.root_version()));
  lines.push_back(fmt::format("bundle     {} number {}.{}, {}, TLP up to {}", manifest.stream,
                              manifest.epoch, manifest.seq, bundle::KindName(manifest.kind),
                              manifest.tlp_ceiling));
  lines.push_back(fmt::format("created    {} ({}), valid until {}{}", FormatTime(manifest.created),
                              Age(manifest.created, clock), FormatTime(manifest.expires),
                              expired ? "  EXPIRED" : ""));
  lines.push_back(
      fmt::format("content    {} events, {} attributes, {} objects, {} warninglists, {} stored",
                  Grouped(rows("event")), Grouped(rows("attribute")), Grouped(rows("object")),
                  Grouped(rows("warninglist")),
                  HumanBytes(manifest.payload ? manifest.payload->stored_size : 0)));
  if (manifest.content_hidden) lines.back() = HiddenContent(manifest);
  AddForeign(opened.medium.foreign, lines);
  if (manifest.recalled) {
    lines.push_back("recalls    " + bundle::RecalledText(*manifest.recalled) +
                    ": what they held should never have crossed");
  }
  std::vector<std::string> volumes;
  for (const std::filesystem::path& volume : opened.medium.volumes)
    volumes.push_back(volume.string());
  Json signers = Json::array();
  for (const bundle::KeyId& id : opened.verified.signers())
    signers.push_back(id.ToString());
  described.json = {{"stream", manifest.stream},
                    {"stream_uuid", manifest.stream_uuid.ToString()},
                    {"epoch", manifest.epoch},
                    {"seq", manifest.seq},
                    {"kind", bundle::KindName(manifest.kind)},
                    {"signers", signers},
                    {"root_version", opened.verified.root_version()},
                    {"created", FormatTime(manifest.created)},
                    {"expires", FormatTime(manifest.expires)},
                    {"next_due", FormatTime(manifest.next_due)},
                    {"expired", expired},
                    {"tlp_ceiling", manifest.tlp_ceiling},
                    {"state_digest", HexEncode(manifest.state_digest)},
                    {"rows", manifest.counts.kind},
                    {"volumes", NamesJson(volumes)},
                    {"foreign_files", NamesJson(opened.medium.foreign.names)},
                    {"foreign_count", opened.medium.foreign.count}};
  described.json["recalled"] = bundle::NumberJson(manifest.recalled);
  if (manifest.content_hidden) described.json["rows"] = nullptr;
  if (manifest.payload) described.json["recipients"] = NamesJson(manifest.payload->recipients);
  return described;
}

void ShowForeign(Console& console, const Foreign& foreign) {
  if (foreign.count == 0) return;
  console.Emit("foreign",
               {{"foreign_files", NamesJson(foreign.names)}, {"foreign_count", foreign.count}});
  std::vector<std::string> lines;
  AddForeign(foreign, lines);
  for (const std::string& line : lines)
    console.Say(line);
}

}  // namespace gapferry::importer
