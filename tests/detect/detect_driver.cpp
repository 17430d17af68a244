// detect_driver FOLDER FORMAT LITERAL_LIMIT CLEARANCE [KEY=VALUE]… EVENT.json…: events straight to
// artifacts, without bundle and import, each folder a source; the end-to-end tests feed its output
// to the engines. KEY is an option of the format, such as rpz.action. The store stays in
// FOLDER/store.db, so that a second run shows what stays the same.
#include <cstdio>
#include <fstream>
#include <map>

#include "base/file.h"
#include "base/hash.h"
#include "detect/generate.h"
#include "tests/detect/events.h"

namespace gapferry::detect {
namespace {

Status SetOption(const std::string& option, Destination* destination) {
  const std::size_t equals = option.find('=');
  const std::string key = option.substr(0, equals);
  const std::string value = option.substr(equals + 1);
  const std::map<std::string, std::string*> texts = {
      {"edl.below", &destination->net.edl.below},
      {"nftables.mode", &destination->net.nftables.mode},
      {"sigma.values", &destination->sigma.values},
      {"rpz.action", &destination->net.rpz.action},
      {"suricata.addresses", &destination->suricata.addresses}};
  const std::map<std::string, bool*> flags = {{"suricata.archive", &destination->suricata.archive},
                                              {"suricata.context", &destination->suricata.context}};
  if (const auto text = texts.find(key); text != texts.end()) {
    *text->second = value;
  } else if (const auto flag = flags.find(key); flag != flags.end()) {
    *flag->second = value == "true";
  } else if (key == "ports") {
    destination->exact_ports = value == "exact";
  } else if (key == "rpz.garden") {
    destination->net.rpz.garden.push_back(value);
  } else if (key == "snort.rule_limit") {
    destination->net.snort.rule_limit = std::stoul(value);
  } else {
    return Error::Make(Kind::kUsage, "unknown option {}", key);
  }
  return Ok();
}

bool IsOption(const std::string& argument) {
  return argument.find('=') != std::string::npos && argument.find('/') == std::string::npos;
}

Status Run(const std::vector<std::string>& arguments) {
  const std::filesystem::path folder = arguments[0];
  GF_CHECK(MakeFolder(folder));
  GF_TRY(store::Store store, store::Store::Open(folder / "store.db"));
  GF_CHECK(store.Begin());
  GF_TRY(const std::vector<std::string> sources, store.ListSources());
  for (const std::string& source : sources)
    GF_CHECK(store.RemoveSource(source));
  for (std::size_t i = 4; i < arguments.size(); ++i) {
    if (IsOption(arguments[i])) continue;
    std::ifstream file(arguments[i]);
    GF_CHECK(fixtures::PutEventJson(store, std::filesystem::path(arguments[i]).parent_path(),
                                    intel::Tlp::kAmber, nlohmann::json::parse(file)));
  }
  GF_CHECK(store.Commit());
  Site site;
  Destination& destination = site.destinations.emplace_back();
  destination.name = destination.format = arguments[1];
  destination.use.clearance = intel::FindTlp(arguments[3]).value_or(intel::Tlp::kAmber);
  destination.suricata.literal_limit = std::stoul(arguments[2]);
  for (std::size_t i = 4; i < arguments.size(); ++i) {
    if (IsOption(arguments[i])) GF_CHECK(SetOption(arguments[i], &destination));
  }
  site.created = 1'785'600'000;
  site.state_digest = "0123456789abcdef";
  site.accept_change = true;
  GF_TRY(const GenerateSummary summary, Generate(store, site, folder / "artifacts"));
  for (const DestinationSummary& made : summary.destinations) {
    if (made.error) return *made.error;
    std::printf("%s\n", made.generation.c_str());
  }
  return Ok();
}

}  // namespace
}  // namespace gapferry::detect

int main(int argc, char** argv) {
  gapferry::InitCrypto();
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() < 5) {
    std::fputs(
        "usage: detect_driver FOLDER FORMAT LITERAL_LIMIT CLEARANCE [KEY=VALUE]... EVENT.json...\n",
        stderr);
    return 2;
  }
  const gapferry::Status status = gapferry::detect::Run(arguments);
  if (status.ok()) return 0;
  std::fprintf(stderr, "error: %s\n", status.error().what.c_str());
  return 1;
}
