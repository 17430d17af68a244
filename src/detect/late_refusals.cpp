#include "detect/late_refusals.h"

#include <algorithm>

namespace gapferry::detect {
namespace {

constexpr const char* kRefusedLate = "refused_late";
constexpr const char* kUnnamed = "refused_late_unnamed";

bool BeforeAttribute(const LateRefusals::Refusal& refusal, const Uuid& attribute) {
  return refusal.attribute < attribute;
}

}  // namespace

std::vector<Uuid> AttributesOf(const std::vector<Mention>& mentions) {
  std::vector<Uuid> attributes;
  for (const Mention& mention : mentions)
    attributes.push_back(mention.attribute_uuid);
  return attributes;
}

void LateRefusals::Add(std::string_view detail, std::uint64_t attributes,
                       const std::vector<Uuid>& named) {
  counts_.Add(policy::Reason::kFormatCannotExpress, detail, attributes);
  for (const Uuid& attribute : named) {
    if (named_.size() < kMaxNamed) named_.push_back({attribute, std::string(detail)});
  }
}

void LateRefusals::Write(Json* manifest) const {
  Json list = Json::array();
  for (const Refusal& refusal : named_)
    list.push_back({{"attribute", refusal.attribute.ToString()}, {"detail", refusal.detail}});
  (*manifest)[kRefusedLate] = std::move(list);
  (*manifest)[kUnnamed] = unnamed();
}

LateRefusals::Known LateRefusals::Read(const Json& manifest) {
  Known known;
  if (!manifest.is_object()) return known;
  const auto unnamed = manifest.find(kUnnamed);
  if (unnamed != manifest.end() && unnamed->is_number_unsigned())
    known.unnamed = unnamed->get<std::uint64_t>();
  const auto list = manifest.find(kRefusedLate);
  if (list == manifest.end() || !list->is_array()) return known;
  for (const Json& entry : *list) {
    if (!entry.is_object() || !entry.contains("attribute") || !entry.contains("detail") ||
        !entry["attribute"].is_string() || !entry["detail"].is_string())
      continue;
    const auto attribute = ParseUuid(entry["attribute"].get<std::string>());
    if (attribute) known.named.push_back({*attribute, entry["detail"].get<std::string>()});
  }
  std::sort(known.named.begin(), known.named.end(),
            [](const Refusal& a, const Refusal& b) { return a.attribute < b.attribute; });
  return known;
}

const LateRefusals::Refusal* LateRefusals::Known::Find(const Uuid& attribute) const {
  const auto found = std::lower_bound(named.begin(), named.end(), attribute, BeforeAttribute);
  return found != named.end() && found->attribute == attribute ? &*found : nullptr;
}

}  // namespace gapferry::detect
