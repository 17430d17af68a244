#include "detect/rpz_text.h"

namespace gapferry::detect {

std::string RpzTrigger(const intel::Network& network) {
  intel::Network address = network;
  address.prefix = network.v6 ? 128 : 32;
  std::string text = address.ToString();
  const char separator = network.v6 ? ':' : '.';
  if (const std::size_t gap = text.find("::"); gap != std::string::npos)
    text.replace(gap, 2, gap == 0 ? "zz:" : gap + 2 == text.size() ? ":zz" : ":zz:");
  std::string trigger = std::to_string(network.prefix);
  while (!text.empty()) {
    const std::size_t last = text.rfind(separator);
    trigger += '.' + (last == std::string::npos ? text : text.substr(last + 1));
    text.resize(last == std::string::npos ? 0 : last);
  }
  return trigger;
}

}  // namespace gapferry::detect
