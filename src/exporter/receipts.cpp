#include "exporter/receipts.h"

#include "base/json.h"

namespace gapferry::exporter {
namespace {

std::string ReceiptKey(const Uuid& stream) {
  return "receipt/" + stream.ToString();
}

}  // namespace

Result<std::optional<TakenReceipt>> LastReceipt(store::Store* mirror, const Uuid& stream) {
  GF_TRY(const std::optional<std::string> text, mirror->GetMeta(ReceiptKey(stream)));
  if (!text) return std::optional<TakenReceipt>();
  GF_TRY(const Json json, ParseJson(*text));
  const bool three = json.is_array() && json.size() == 3 && json[0].is_number() &&
                     json[1].is_number() && json[2].is_number();
  if (!three) {
    return Error::Make(Kind::kDamaged, "the mirror's note of the last receipt is \"{}\"", *text);
  }
  return std::optional(
      TakenReceipt{json[0].get<std::int64_t>(), json[1].get<std::uint64_t>(), json[2].get<Time>()});
}

Status SaveReceipt(store::Store* mirror, const Uuid& stream, const TakenReceipt& receipt) {
  return mirror->SetMeta(ReceiptKey(stream),
                         DumpJson(Json::array({receipt.epoch, receipt.seq, receipt.taken})));
}

}  // namespace gapferry::exporter
