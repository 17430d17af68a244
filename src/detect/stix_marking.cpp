#include "detect/stix_marking.h"

#include <array>

#include "detect/json_text.h"

namespace gapferry::detect {
namespace {

// OASIS's own objects: their ids and times are fixed.
constexpr std::array<std::string_view, intel::kTlpLevels> kMarkings = {
    "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"};
constexpr std::string_view kTlpExtension =
    "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";
constexpr std::string_view kTlpCreated = "2022-10-01T00:00:00.000Z";

}  // namespace

std::string_view StixMarkingOf(intel::Tlp tlp) {
  return kMarkings[static_cast<std::size_t>(tlp)];
}

// With milliseconds, as STIX wants them.
std::string StixTime(Time time, unsigned milliseconds) {
  std::string text = FormatTime(time);
  text.back() = '.';
  for (unsigned unit = 100; unit > 0; unit /= 10)
    text += static_cast<char>('0' + milliseconds / unit % 10);
  return text + 'Z';
}

void AppendStixMarking(intel::Tlp tlp, std::string* out) {
  JsonMembers members(out);
  members.Text("type", "marking-definition");
  members.Text("spec_version", "2.1");
  members.Text("id", StixMarkingOf(tlp));
  members.Text("created", kTlpCreated);
  std::string name = "TLP:";
  for (const char c : intel::TlpName(tlp))
    name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  members.Text("name", name);
  JsonMembers extensions(members.Raw("extensions"));
  JsonMembers extension(extensions.Raw(kTlpExtension));
  extension.Text("extension_type", "property-extension");
  extension.Text("tlp_2_0", intel::TlpName(tlp));
  extension.Close();
  extensions.Close();
  members.Close();
}

}  // namespace gapferry::detect
