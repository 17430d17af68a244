#include "policy/attribute_class.h"

#include <algorithm>
#include <tuple>

namespace gapferry::policy {
namespace {

using intel::IndicatorKind;
using intel::Shape;
using intel::TypeInfo;

Class TypeClass(const TypeInfo* type) {
  if (type == nullptr) return kUnknownClass;
  return static_cast<Class>(kFirstTypeClass + (type - intel::AllTypes().data()));
}

// "filename|sha1" → "sha1".
const TypeInfo* HashPart(const TypeInfo* type) {
  if (type->shape != Shape::kFilenameHash) return type;
  if (type->name == "malware-sample") return intel::FindType("md5");
  return intel::FindType(type->name.substr(type->name.find('|') + 1));
}

Class FixedClass(IndicatorKind kind) {
  switch (kind) {
    case IndicatorKind::kAddress:
    case IndicatorKind::kNetwork:
      return kAddressClass;
    case IndicatorKind::kDomain:
    case IndicatorKind::kHostname:
      return kNameClass;
    case IndicatorKind::kUrl:
      return kUrlClass;
    case IndicatorKind::kEmail:
      return kEmailClass;
    case IndicatorKind::kMd5:
    case IndicatorKind::kSha1:
    case IndicatorKind::kSha224:
    case IndicatorKind::kSha256:
    case IndicatorKind::kSha384:
    case IndicatorKind::kSha512:
      return TypeClass(intel::FindType(IndicatorKindName(kind)));
    case IndicatorKind::kJa3:
      return TypeClass(intel::FindType("ja3-fingerprint-md5"));
    case IndicatorKind::kX509Sha1:
      return TypeClass(intel::FindType("x509-fingerprint-sha1"));
    case IndicatorKind::kOtherHash:
    case IndicatorKind::kFilename:
    case IndicatorKind::kUserAgent:
    case IndicatorKind::kOther:
      break;
  }
  return kUnknownClass;
}

std::array<Class, intel::kIndicatorKinds> FixedClasses() {
  std::array<Class, intel::kIndicatorKinds> classes{};
  for (std::size_t i = 0; i < classes.size(); ++i)
    classes[i] = FixedClass(static_cast<IndicatorKind>(i));
  return classes;
}

}  // namespace

ClassSet ClassesOfType(std::string_view type_name) {
  ClassSet classes;
  const TypeInfo* type = intel::FindType(type_name);
  if (type == nullptr) return classes;
  switch (type->shape) {
    case Shape::kAddress:
    case Shape::kAddressPort:
      return classes.set(kAddressClass);
    case Shape::kDomain:
    case Shape::kHostname:
    case Shape::kHostPort:
    case Shape::kOnion:
      return classes.set(kNameClass);
    case Shape::kDomainIp:
      return classes.set(kNameClass).set(kAddressClass);
    case Shape::kUrl:
      return classes.set(kUrlClass);
    case Shape::kEmail:
      return classes.set(kEmailClass);
    default:
      break;
  }
  // The lists that name uri hold hosts, as those for url do.
  if (type->name == "uri") classes.set(kUrlClass);
  return classes.set(TypeClass(HashPart(type)));
}

Class ClassOf(IndicatorKind kind, std::string_view type_name) {
  static const std::array<Class, intel::kIndicatorKinds> kFixed = FixedClasses();
  const Class fixed = kFixed[static_cast<std::size_t>(kind)];
  if (fixed != kUnknownClass) return fixed;
  const TypeInfo* type = intel::FindType(type_name);
  return type == nullptr ? kUnknownClass : TypeClass(HashPart(type));
}

std::vector<const TypeInfo*> NormalisersOf(const ClassSet& classes) {
  std::vector<const TypeInfo*> normalisers;
  // A URL's host is an address or a name.
  if (classes.test(kAddressClass) || classes.test(kUrlClass))
    normalisers.push_back(intel::FindType("ip-dst"));
  if (classes.test(kNameClass) || classes.test(kUrlClass))
    normalisers.push_back(intel::FindType("domain"));
  if (classes.test(kUrlClass)) normalisers.push_back(intel::FindType("url"));
  if (classes.test(kEmailClass)) normalisers.push_back(intel::FindType("email"));
  std::vector<std::tuple<Shape, std::uint16_t, bool>> seen;
  for (const TypeInfo& type : intel::AllTypes()) {
    if (!classes.test(TypeClass(&type))) continue;
    const std::tuple likeness(type.shape, type.hex_length, type.name.starts_with("x509-"));
    if (std::find(seen.begin(), seen.end(), likeness) != seen.end()) continue;
    seen.push_back(likeness);
    normalisers.push_back(&type);
  }
  return normalisers;
}

}  // namespace gapferry::policy
