#include "exporter/recall.h"

#include "base/json.h"
#include "bundle/fields.h"

namespace gapferry::exporter {
namespace {

std::string RecalledKey(const Uuid& stream) {
  return "recalled/" + stream.ToString();
}

// The last number there can have been before the next one.
std::optional<bundle::StateNumber> LastBefore(const Position& position) {
  const auto epoch = static_cast<std::uint64_t>(position.stream.epoch);
  if (position.last() > 0) return bundle::StateNumber{epoch, position.last()};
  if (epoch > 1) return bundle::StateNumber{epoch - 1, bundle::kMaxNumber};
  return std::nullopt;
}

}  // namespace

Result<std::optional<bundle::StateNumber>> LoadRecalled(store::Store* mirror, const Uuid& stream) {
  GF_TRY(const std::optional<std::string> text, mirror->GetMeta(RecalledKey(stream)));
  if (!text) return std::optional<bundle::StateNumber>();
  const auto json = ParseJson(*text);
  if (json.ok() && json->is_array() && json->size() == 2 && (*json)[0].is_number_unsigned() &&
      (*json)[1].is_number_unsigned()) {
    return std::optional(
        bundle::StateNumber{(*json)[0].get<std::uint64_t>(), (*json)[1].get<std::uint64_t>()});
  }
  return Error::Make(Kind::kDamaged, "the mirror's note of what was recalled is \"{}\"", *text);
}

Status CopyRecalled(store::Store* mirror, const Uuid& stream, store::Store* copy) {
  GF_TRY(const std::optional<std::string> text, mirror->GetMeta(RecalledKey(stream)));
  return text ? copy->SetMeta(RecalledKey(stream), *text) : Ok();
}

Status RecallAllBefore(store::Store* mirror, const Position& position) {
  const std::optional<bundle::StateNumber> number = LastBefore(position);
  if (!number) return Ok();
  GF_CHECK(mirror->Begin());
  Status kept = mirror->SetMeta(RecalledKey(position.stream.uuid),
                                DumpJson(Json::array({number->epoch, number->seq})));
  if (kept.ok()) return mirror->Commit();
  mirror->Rollback();
  return kept;
}

}  // namespace gapferry::exporter
