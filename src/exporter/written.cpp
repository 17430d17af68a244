#include "exporter/written.h"

#include <algorithm>
#include <tuple>

#include "base/json.h"
#include "store/stream_parts.h"

namespace gapferry::exporter {
namespace {

using Point = std::tuple<std::int64_t, std::int64_t, Time>;  // epoch, seq, created

std::string WrittenKey(const Uuid& stream) {
  return "written/" + stream.ToString();
}

std::string SigningKey(const Uuid& stream) {
  return "signing/" + stream.ToString();
}

Status SetLast(store::Store* mirror, const Uuid& stream, const Point& last) {
  const auto& [epoch, seq, created] = last;
  return mirror->SetMeta(WrittenKey(stream), DumpJson(Json::array({epoch, seq, created})));
}

// Deltas start from `seq` from now on; what came and went before the base of before is forgotten.
Status Rebase(store::Store* mirror, const Uuid& stream, const WrittenNumber& written) {
  GF_TRY(auto state, store::LoadStreamState(mirror, stream));
  const auto seq = static_cast<std::uint64_t>(written.seq);
  if (!state || state->epoch != written.epoch || state->base_seq == seq) return Ok();
  const std::uint64_t keep = std::min(state->base_seq, seq);
  if (keep > state->oldest_base) {
    GF_CHECK(store::StreamParts(mirror, stream).Forget(keep));
    state->oldest_base = keep;
  }
  state->base_seq = seq;
  return store::SaveStreamState(mirror, stream, *state);
}

Status Mark(store::Store* mirror, const Uuid& stream, const WrittenNumber& written) {
  if (written.rebase) GF_CHECK(Rebase(mirror, stream, written));
  const Json signing = {{"epoch", written.epoch},
                        {"seq", written.seq},
                        {"created", written.created},
                        {"keys", written.signing.keys},
                        {"threshold", written.signing.threshold}};
  GF_CHECK(mirror->SetMeta(SigningKey(stream), DumpJson(signing)));
  return SetLast(mirror, stream, {written.epoch, written.seq, written.created});
}

}  // namespace

Result<std::optional<store::LedgerRow>> LastWritten(store::Store* mirror, const Uuid& stream,
                                                    const std::vector<store::LedgerRow>& ledger) {
  if (ledger.empty()) return std::optional<store::LedgerRow>();
  GF_TRY(const std::optional<std::string> text, mirror->GetMeta(WrittenKey(stream)));
  if (!text) return std::optional(ledger.back());
  GF_TRY(const Json json, ParseJson(*text));
  if (!json.is_array() || json.size() != 3 || !json[0].is_number() || !json[1].is_number() ||
      !json[2].is_number()) {
    return Error::Make(Kind::kDamaged, "the mirror's note of what was written last is \"{}\"",
                       *text);
  }
  const Point last{json[0].get<std::int64_t>(), json[1].get<std::int64_t>(), json[2].get<Time>()};
  const auto found = std::find_if(ledger.rbegin(), ledger.rend(), [&](const store::LedgerRow& row) {
    return Point{row.epoch, row.seq, row.created} <= last;
  });
  return found == ledger.rend() ? std::nullopt : std::optional(*found);
}

Status KeepLastWritten(store::Store* mirror, const store::StreamRow& stream) {
  GF_TRY(const std::optional<std::string> text, mirror->GetMeta(WrittenKey(stream.uuid)));
  if (text) return Ok();
  GF_TRY(const std::vector<store::LedgerRow> ledger, mirror->Ledger(stream.uuid));
  if (ledger.empty()) return SetLast(mirror, stream.uuid, {stream.epoch, 0, 0});
  const store::LedgerRow& row = ledger.back();
  return SetLast(mirror, stream.uuid, {row.epoch, row.seq, row.created});
}

Status MarkWritten(store::Store* mirror, const Uuid& stream, const WrittenNumber& written) {
  GF_CHECK(mirror->Begin());
  Status marked = Mark(mirror, stream, written);
  if (marked.ok()) return mirror->Commit();
  mirror->Rollback();
  return marked;
}

Result<std::optional<Signing>> SigningOf(store::Store* mirror, const Uuid& stream,
                                         const store::LedgerRow& row) {
  GF_TRY(const std::optional<std::string> text, mirror->GetMeta(SigningKey(stream)));
  if (!text) return std::optional<Signing>();
  GF_TRY(const Json json, ParseJson(*text));
  if (json.value("epoch", Json()) != row.epoch || json.value("seq", Json()) != row.seq ||
      json.value("created", Json()) != row.created) {
    return std::optional<Signing>();
  }
  return std::optional(Signing{json.at("keys").get<std::vector<std::string>>(),
                               json.at("threshold").get<std::uint64_t>()});
}

}  // namespace gapferry::exporter
