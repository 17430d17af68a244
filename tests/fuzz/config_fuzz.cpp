// rooms: exporter importer
// A configuration file of either side. A person wrote it, so it gets every error that it deserves
// and never an end without one. Properties: no exception leaves the reader; an error names the
// file.
#include "base/config.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "exporter/config.h"
#include "importer/config.h"
#include "tests/fuzz/fuzz.h"

using namespace gapferry;

namespace {

const std::filesystem::path& File() {
  static const std::filesystem::path file =
      std::filesystem::temp_directory_path() / fmt::format("gapferry-fuzz-{}.yml", ::getpid());
  static const int at_exit = std::atexit([] { ::unlink(File().c_str()); });
  (void)at_exit;
  return file;
}

template <typename Config>
void Check(const Result<Config>& config) {
  if (config.ok()) return;
  FUZZ_CHECK(config.error().kind == Kind::kConfig || config.error().kind == Kind::kTooLarge);
  FUZZ_CHECK(config.error().what.find(File().filename().string()) != std::string::npos);
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  return {exporter::DefaultConfig({"ot-plant"}),
          importer::DefaultConfig("ot-plant"),
          "sources: [{name: a, kind: misp-feed, path: a, default_tlp: green}]\n"
          "sites: [{name: b, clearance: red, unencrypted: true, unpublished: cross, "
          "distributions: [0, 3], days_valid: 9, days_between: 3, sources: [a], to: out, "
          "exclude_types: [md5], sharing_groups: [x]}]\n",
          "clearance: amber\nallowlist: a\nown: b\nartifacts: c\nrequire_landlock: false\n"
          "destinations: [{name: s, format: suricata, clearance: green, folder: x}]\n"
          "warninglists: {a: drop, b: off}\nlifetimes: {domain: 30}\n",
          "a: &x [1]\nb: *x\n? {c: d}\n: e\n",
          "---\na: 1\n---\nb: 2\n",
          "a:\n\t- b\n"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = AsText({data, size});
  std::ofstream(File(), std::ios::binary) << text;
  Check(exporter::LoadConfig(File()));
  Check(importer::LoadConfig(File()));
  return 0;
}
