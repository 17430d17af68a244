#include "bundle/label.h"

#include <algorithm>
#include <array>

#include "base/console.h"
#include "bundle/head_reader.h"
#include "bundle/minisign.h"

namespace gapferry::bundle {
namespace {

constexpr std::size_t kMaxOthers = 20;

std::string Upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

void Line(std::string& text, std::string_view title, std::string_view value) {
  text += fmt::format("  {:<10} {}\n", title, value);
}

std::string UpTo(const std::string& ceiling) {
  return "up to TLP:" + Upper(ceiling);
}

const std::string& Stricter(const std::string& left, const std::string& right) {
  const auto rank = [](const std::string& ceiling) {
    return std::find(kTlpCeilings.begin(), kTlpCeilings.end(), ceiling);
  };
  return rank(left) < rank(right) ? right : left;
}

// A medium is handled as the strictest of what is on it.
void AddTlp(std::string& text, const LabelText& label) {
  std::string strictest = label.manifest.tlp_ceiling;
  bool unknown = false;
  for (const LabelOther& other : label.others) {
    if (other.tlp_ceiling.empty()) {
      unknown = true;
    } else {
      strictest = Stricter(strictest, other.tlp_ceiling);
    }
  }
  Line(text, "TLP", UpTo(strictest));
  if (strictest != label.manifest.tlp_ceiling)
    Line(text, "", "with all that is here; this bundle alone " + UpTo(label.manifest.tlp_ceiling));
  if (unknown) Line(text, "", "apart from files below that cannot be read: NOT KNOWN");
}

void AddOthers(std::string& text, const LabelText& label) {
  for (std::size_t i = 0; i < std::min(label.others.size(), kMaxOthers); ++i) {
    const LabelOther& other = label.others[i];
    Line(text, i == 0 ? "also here" : "",
         fmt::format("{}  {}", other.name,
                     other.tlp_ceiling.empty() ? "cannot be read" : UpTo(other.tlp_ceiling)));
  }
  if (label.others.size() > kMaxOthers)
    Line(text, "", fmt::format("and {} more", label.others.size() - kMaxOthers));
}

// The kinds that a person asks for; encrypted streams hide them all.
void AddCounts(std::string& text, const Manifest& manifest) {
  std::string counts;
  for (const char* kind : {"event", "attribute", "object", "warninglist"}) {
    const auto found = manifest.counts.kind.find(kind);
    if (found == manifest.counts.kind.end()) continue;
    counts += fmt::format("{}{} {}{}", counts.empty() ? "" : ", ", Grouped(found->second), kind,
                          found->second == 1 ? "" : "s");
  }
  if (!counts.empty()) Line(text, "content", counts);
}

void AddVolumes(std::string& text, const LabelText& label) {
  std::uint64_t total = 0;
  for (const auto& [name, bytes] : label.volumes)
    total += bytes;
  if (label.volumes.size() > 1) {
    Line(text, "volumes",
         fmt::format("{}, {} bytes together", label.volumes.size(), Grouped(total)));
  }
  for (const auto& [name, bytes] : label.volumes)
    Line(text, label.volumes.size() == 1 ? "volume" : "",
         fmt::format("{}  {} bytes", name, Grouped(bytes)));
}

void AddRoot(std::string& text, const LabelText& label) {
  std::optional<std::pair<std::uint64_t, std::string>> newest;
  if (label.first_root) newest = {1, label.first_root->bytes};
  for (const auto& [name, content] : label.head) {
    if (const auto version = RootVersionIn(name)) newest = {*version, content};
  }
  if (!newest) return;
  Line(text, "root",
       fmt::format("{}, fingerprint {}", newest->first, Fingerprint(newest->second).ToString()));
}

std::string ManifestStart(const LabelText& label) {
  constexpr std::size_t kShown = 16;
  return HexEncode(Hash512(AsBytes(label.head.front().second))).substr(0, kShown);
}

void AddByHand(std::string& text, const LabelText& label) {
  VolumeName name{label.manifest.stream, label.manifest.epoch, label.manifest.seq,
                  label.manifest.kind};
  std::string files = FormatVolumeName(name);
  if (label.volumes.size() > 1) files.insert(files.rfind('.'), "-v*");
  text += fmt::format(R"(
To check it without gapferry, run these lines in the folder of this file. The
key content.pub must be your own copy: one that came on this medium proves
nothing.

    check=$(mktemp -d)
    for v in {}; do tar xf "$v" -C "$check"; done
    cd "$check"
    b2sum manifest.json | cut -c1-16    # {}
    minisign -V -m manifest.json -p "$HOME/content.pub"
)",
                      files, ManifestStart(label));
  if (!label.manifest.payload) return;
  text += R"sh(    sed -n 's/^ *"\([0-9a-f]\{128\}\)",\{0,1\}$/\1/p' manifest.json >signed
    b2sum payload/* | cut -c1-128 | diff - signed && echo INTACT
)sh";
}

}  // namespace

std::vector<std::string> SignerIds(const MemberList& head) {
  std::vector<std::string> ids;
  for (const auto& [name, content] : head) {
    if (!name.starts_with(std::string(kManifestMember) + ".")) continue;
    auto signature = ParseSignatureFile(content);
    if (signature.ok()) ids.push_back(signature->key_id().ToString());
  }
  return ids;
}

std::string MediumLabel(const LabelText& label) {
  const Manifest& manifest = label.manifest;
  std::string text = "gapferry: signed threat intelligence for an isolated network\n\n";
  Line(text, "bundle",
       fmt::format("{}  number {}.{}  {}", manifest.stream, manifest.epoch, manifest.seq,
                   KindName(manifest.kind)));
  if (manifest.base)
    Line(text, "",
         fmt::format("for a site that holds number {}.{} or later", manifest.epoch,
                     manifest.base->seq));
  AddVolumes(text, label);
  Line(text, "created", FormatTime(manifest.created));
  Line(text, "expires", FormatTime(manifest.expires));
  Line(text, "next due", FormatTime(manifest.next_due));
  AddTlp(text, label);
  AddCounts(text, manifest);
  for (const std::string& id : SignerIds(label.head))
    Line(text, "signed by", id);
  Line(text, "manifest", ManifestStart(label) + "...");
  AddRoot(text, label);
  AddOthers(text, label);
  text += R"(
Courier: unmount before you pull it out. If it is lost or was out of your
hands, say so; nothing on it can be changed without being noticed.

At the isolated site, mount it read-only and run, with its folder for MEDIUM:

    gapferry-import verify MEDIUM
    gapferry-import run MEDIUM

It refuses whatever is incomplete, damaged, altered or too old, and changes
nothing then. Of several volumes each can be verified alone, in any order.
)";
  AddByHand(text, label);
  return text;
}

}  // namespace gapferry::bundle
