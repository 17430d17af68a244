// intel/tlp.h: Traffic Light Protocol 1 and 2 (FIRST), and the Permissible Actions Protocol, as
// MISP tags carry them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace gapferry::intel {

// In order of strictness. TLP 1's white is TLP 2's clear.
enum class Tlp : std::uint8_t { kClear, kGreen, kAmber, kAmberStrict, kRed };
constexpr int kTlpLevels = 5;

[[nodiscard]] std::string_view TlpName(Tlp tlp);  // "clear" … "amber+strict", "red"
[[nodiscard]] const std::vector<std::string_view>& TlpNames();
// Accepts the names of both versions, for configuration files; not a tag.
[[nodiscard]] std::optional<Tlp> FindTlp(std::string_view name);

enum class Pap : std::uint8_t { kClear, kGreen, kAmber, kRed };
[[nodiscard]] std::string_view PapName(Pap pap);
[[nodiscard]] std::optional<Pap> FindPap(std::string_view name);

// What the tags of one event, object or attribute say, taken together: the strictest of each.
struct Markings {
  std::optional<Tlp> tlp;
  std::optional<Pap> pap;
  bool hide_source = false;  // tlp:ex:chr, the Chatham House Rule
  bool unknown_tlp = false;  // some tag begins like a TLP and is none we know; `tlp` is then red
  bool several_tlp = false;  // two tags disagreed; the stricter one stands

  // A tag that begins like one of the two and is spelled in no way that is known counts as red:
  // also behind signs, and with full-width or invisible characters.
  void Read(std::string_view tag_name);
  // The markings of a part within its whole.
  void Add(const Markings& other);
};

}  // namespace gapferry::intel
