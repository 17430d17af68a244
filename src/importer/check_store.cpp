#include "importer/check_store.h"

namespace gapferry::importer {
namespace {

Error OtherCounts(const std::map<std::string, std::uint64_t>& counted,
                  const std::map<std::string, std::uint64_t>& recorded) {
  std::string differences;
  for (const auto& [kind, count] : counted) {
    const auto known = recorded.find(kind);
    const std::uint64_t was = known == recorded.end() ? 0 : known->second;
    if (was == count) continue;
    differences += fmt::format("{}{} rows of kind {}, recorded were {}",
                               differences.empty() ? "" : "; ", count, kind, was);
  }
  return Error::Make(Kind::kDamaged, "the store has {}", differences);
}

}  // namespace

Result<Checked> CheckStore(store::Store* store) {
  GF_CHECK(store->QuickCheck());
  Checked checked;
  GF_TRY(checked.applied, LoadApplied(store));
  GF_TRY(const std::optional<std::string> key, store->GetMeta("digest_key"));
  const std::string digest_key = key.value_or("");
  store::StateDigest digest;
  std::string encoded;
  GF_CHECK(store->Reader().ForEach([&](const store::Record& record) {
    encoded.clear();
    store::EncodeRecord(record, &encoded);
    digest.Add(store::RowDigest(encoded, AsBytes(digest_key)));
    ++checked.rows;
    return Ok();
  }));
  GF_CHECK(store->ForEachRefused([&](const Digest256& row, const std::string&) {
    digest.Add(row);
    ++checked.refused;
  }));
  const Digest256 expected = checked.applied ? checked.applied->manifest.state_digest : Digest256{};
  GF_TRY(const auto counted, store->CountRows());
  if (checked.applied && !checked.applied->rows.empty() && checked.applied->rows != counted) {
    return OtherCounts(counted, checked.applied->rows);
  }
  if (digest.value() == expected) return checked;
  return Error::Make(Kind::kDamaged,
                     "the rows of the store have the state digest {}…, signed was {}…",
                     HexEncode(digest.value()).substr(0, 16), HexEncode(expected).substr(0, 16));
}

}  // namespace gapferry::importer
