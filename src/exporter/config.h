// exporter/config.h: export.yml, the one file that an analyst edits. schema/export.schema.json says
// the same for editors; tests/exporter/config_test.cpp holds the two together.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "bundle/age_key.h"
#include "bundle/minisign.h"
#include "bundle/volume_plan.h"
#include "collect/http.h"
#include "collect/misp_source.h"
#include "exporter/value_source.h"
#include "intel/tlp.h"
#include "policy/cross.h"

namespace gapferry::exporter {

struct SourceConfig {
  std::string name;
  std::string kind;  // misp-feed, misp-event, warninglists, csv, freetext, misp
  // Where the files lie; of a source that is fetched, where it is kept, or empty for a folder of
  // its own below the home.
  std::filesystem::path path;
  intel::Tlp default_tlp = intel::Tlp::kAmber;
  ValueSource values;      // of kinds csv and freetext
  std::string url;         // empty: not fetched
  std::string key;         // where the secret lies, as collect::LoadSecret takes it; or empty
  std::string key_header;  // in which header it goes
  std::string
      operator_key;  // for `misp` commands that change the instance; collecting never reads it
  collect::TransportOptions transport;
  policy::Selection selection;
  std::int64_t refresh_days = 7;
  std::int64_t edit_grace_days = 7;
  collect::WhichLists lists = collect::WhichLists::kEnabled;
  bool allow_empty = false;   // almost all that it has may go at once
  bool accept_older = false;  // not of kinds csv and freetext, whose values have no date
};

// When a full is written beside a delta.
enum class FullRule { kAuto, kAlways, kNever };

struct SiteConfig {
  std::string name;
  policy::CrossPolicy cross;
  std::vector<std::string> sources;  // empty: all
  // All of export.yml. Others may still be in the mirror, and nothing of them crosses.
  std::vector<std::string> known_sources;
  policy::Selection select;  // of what they hold
  std::int64_t days_valid = 30;
  std::int64_t days_between = 7;
  bool unencrypted = false;                      // TLP:AMBER and above may leave without encryption
  std::vector<bundle::AgeRecipient> recipients;  // who can read; none: everyone
  bool show_counts = false;  // an encrypted bundle says openly what kinds of rows it holds
  FullRule full = FullRule::kAuto;
  std::optional<bundle::PublicKey> receipt_key;  // signs what the site says back
  std::filesystem::path to;  // where `run` writes bundles; empty: only where --to says
  std::uint64_t volume_bytes = bundle::kFat32FileBytes;  // the largest file on its media
};

struct Config {
  std::vector<SourceConfig> sources;
  std::vector<SiteConfig> sites;
};

[[nodiscard]] std::vector<std::string> SourceNames(const Config& config);

// Relative paths are relative to the folder of the file. Error: kConfig with "file:line: key:
// reason".
[[nodiscard]] Result<Config> LoadConfig(const std::filesystem::path& file);
// The commented file that `init` writes.
[[nodiscard]] std::string DefaultConfig(const std::vector<std::string>& sites);

}  // namespace gapferry::exporter
