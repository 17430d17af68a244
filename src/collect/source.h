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
  // Of sources that list their events: whether almost all may go at once.
  bool allow_empty = false;
};

// Files done, of how many.
using CollectProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

}  // namespace gapferry::collect
