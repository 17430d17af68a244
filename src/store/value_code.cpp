#include "store/value_code.h"

#include <algorithm>

#include "intel/value.h"

namespace gapferry::store {

bool EncodeValue(const intel::TypeInfo* type, std::string_view value, Bytes* blob) {
  if (type == nullptr) return false;
  if (type->shape == intel::Shape::kHex) {
    if (value.size() != type->hex_length) return false;
    std::optional<Bytes> bytes = HexDecode(value);
    if (!bytes) return false;
    *blob = *std::move(bytes);
    return true;
  }
  if (type->shape == intel::Shape::kAddress) {
    const std::optional<intel::Network> network = intel::ParseNetwork(value);
    if (!network || !network->IsAddress() || network->ToString() != value) return false;
    blob->assign(network->bytes.begin(), network->bytes.begin() + (network->v6 ? 16 : 4));
    return true;
  }
  return false;
}

bool DecodeValue(const intel::TypeInfo* type, ByteView blob, std::string* value) {
  if (type == nullptr) return false;
  if (type->shape == intel::Shape::kHex) {
    if (blob.size() * 2 != type->hex_length) return false;
    *value = HexEncode(blob);
    return true;
  }
  if (type->shape == intel::Shape::kAddress) {
    if (blob.size() != 4 && blob.size() != 16) return false;
    intel::Network network;
    network.v6 = blob.size() == 16;
    network.prefix = network.v6 ? 128 : 32;
    std::copy(blob.begin(), blob.end(), network.bytes.begin());
    *value = network.ToString();
    return true;
  }
  return false;
}

}  // namespace gapferry::store
