// Any bytes as a list.json: what parses must compile in every mode, and look-ups in it must answer.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "policy/warninglist.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gapferry;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<policy::Warninglist> list = policy::ParseWarninglist(text);
  if (!list.ok()) return 0;
  for (const policy::ListMode mode : {policy::ListMode::kDrop, policy::ListMode::kMark}) {
    policy::WarninglistSet::Builder builder;
    if (!builder.Add(*list, mode).ok()) return 0;
    const policy::WarninglistSet set = std::move(builder).Build();
    const policy::ListInfo& info = set.lists().at(0);
    if (info.rejected_count + info.suspicious_count > info.entries) std::abort();
    for (const char* type : {"domain", "url", "ip-dst", "email-src", "md5", "mutex", "uri"}) {
      for (std::size_t i = 0; i < list->entries.size() && i < 8; ++i) {
        const intel::Normalised value = intel::Normalise(type, list->entries[i]);
        for (std::size_t k = 0; k < value.count; ++k) {
          const policy::WarninglistMatch match = set.Match(value.indicators[k], type);
          if (mode == policy::ListMode::kDrop && match.mark_count != 0) std::abort();
          if (mode == policy::ListMode::kMark && match.dropped()) std::abort();
        }
      }
    }
  }
  return 0;
}
