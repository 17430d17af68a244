// importer/test_pcap.h: a capture through the site's own Suricata, with the rules that are in use.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "base/app.h"
#include "base/command.h"
#include "importer/home.h"

namespace gapferry::importer {

struct PcapTest {
  std::filesystem::path capture;
  std::string suricata;     // the program; empty: that of import.yml, else the one in PATH
  std::string destination;  // empty: each whose rules Suricata loads
  std::chrono::seconds timeout{600};
};

// Names the events behind each alert. Errors: kNotFound if nothing alerts, or without Suricata; kIo
// if Suricata fails; kNotReady without rules in use.
[[nodiscard]] Status TestPcap(Session& session, const Home& home, const PcapTest& test,
                              const CommandRunner& run);

}  // namespace gapferry::importer
