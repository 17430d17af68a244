// collect/source.h: what every kind of source is given.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "collect/misp_event.h"
#include "intel/tlp.h"
#include "policy/selection.h"

namespace gapferry::collect {

struct SourceOptions {
  std::string name;
  intel::Tlp default_tlp = intel::Tlp::kAmber;
  std::uint64_t max_file_bytes = kMaxEventFileBytes;
  policy::Selection selection = {};
  // Of sources that list events or warninglists: whether almost all may go at once.
  bool allow_empty = false;
  // Whether an event or a list may be replaced by an older state of it.
  bool accept_older = false;
};

// What a source lists does not go almost all at once: that is more likely a fault than news. True
// if more than nine in ten of `before` are gone, and those were kFewestKnown or more.
constexpr std::uint64_t kFewestKnown = 10;
constexpr bool IsCollapse(std::uint64_t before, std::uint64_t now) {
  constexpr std::uint64_t kOneIn = 10;
  return before >= kFewestKnown && now < (before + kOneIn - 1) / kOneIn;
}

// Files done, of how many.
using CollectProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

}  // namespace gapferry::collect
