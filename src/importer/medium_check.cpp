#include "importer/medium_check.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/console.h"

namespace gapferry::importer {
namespace {

constexpr std::size_t kMaxNotes = 20;

// An unfinished copy is no sign of an attack, damage hardly, the rest may be one.
int Severity(Kind kind) {
  switch (kind) {
    case Kind::kIncomplete:
      return 0;
    case Kind::kIo:
      return 1;
    case Kind::kDamaged:
      return 2;
    case Kind::kBadSignature:
      return 4;
    case Kind::kEquivocation:
      return 5;
    default:
      return 3;
  }
}

bundle::StatePoint NumberOf(const Opened& opened) {
  const bundle::Manifest& manifest = opened.verified.manifest();
  return {manifest.epoch, manifest.seq, {}};
}

std::string Listed(const std::vector<std::uint32_t>& numbers) {
  std::string text;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const char* joint = i == 0 ? "" : (i + 1 == numbers.size() ? " and " : ", ");
    text += fmt::format("{}{}", joint, numbers[i]);
  }
  return fmt::format("{} {}", numbers.size() == 1 ? "volume" : "volumes", text);
}

// Which volumes are here and which not, as their names say: the chunk table names none.
struct NamedParts {
  std::uint32_t of = 0;
  std::vector<std::uint32_t> here;
  std::vector<std::uint32_t> absent;
  bool beside = false;  // the absent ones lie in the same folder
};

std::optional<NamedParts> PartsByName(const Opened& opened) {
  NamedParts parts;
  std::set<std::uint32_t> here;
  for (const std::filesystem::path& path : opened.medium.volumes) {
    const auto name = bundle::ParseVolumeName(path.filename().string());
    if (!name || (parts.of != 0 && parts.of != name->parts)) return std::nullopt;
    parts.of = name->parts;
    here.insert(name->part);
  }
  parts.here.assign(here.begin(), here.end());
  for (std::uint32_t part = 1; part <= std::min<std::uint32_t>(parts.of, bundle::kMaxVolumes);
       ++part) {
    if (!here.contains(part)) parts.absent.push_back(part);
  }
  if (parts.absent.empty()) return std::nullopt;
  parts.beside = std::all_of(parts.absent.begin(), parts.absent.end(), [&](std::uint32_t part) {
    const std::filesystem::path& path = opened.medium.volumes.front();
    auto name = bundle::ParseVolumeName(path.filename().string());
    name->part = part;
    std::error_code error;
    return std::filesystem::is_regular_file(path.parent_path() / bundle::FormatVolumeName(*name),
                                            error);
  });
  return parts;
}

// `alone`: the volume was named, not its folder.
Error Missing(const Opened& opened, const std::vector<std::size_t>& chunks, bool rest_is_whole,
              bool alone) {
  const auto parts = PartsByName(opened);
  if (!parts) {
    return Error::Make(Kind::kIncomplete,
                       "{} chunks of the payload are missing, the first is number {}",
                       chunks.size(), chunks.front())
        .Hint("another volume of this bundle holds them, or this one was cut: copy it again");
  }
  const std::string here =
      rest_is_whole ? fmt::format("{} of {}: intact; ", Listed(parts->here), parts->of) : "";
  if (alone && parts->beside) {
    return Error::Make(Kind::kIncomplete, "{}{} {} beside it and {} not looked at", here,
                       Listed(parts->absent), parts->absent.size() == 1 ? "lies" : "lie",
                       parts->absent.size() == 1 ? "was" : "were")
        .Hint("name the folder to have all volumes checked together");
  }
  return Error::Make(Kind::kIncomplete, "{}{} {} not here", here, Listed(parts->absent),
                     parts->absent.size() == 1 ? "is" : "are")
      .Hint("each volume can be verified alone; to import, bring all into one folder");
}

// True if all are there, and as they were signed.
bool CheckBytes(Opened& opened, bool alone, std::vector<Error>& faults) {
  std::vector<Error> found = opened.reader.FindDamage();
  const std::vector<std::size_t> missing = opened.reader.MissingChunks();
  // A volume that was cut lacks chunks too; that was said.
  const bool cut = std::any_of(found.begin(), found.end(),
                               [](const Error& fault) { return fault.kind == Kind::kIncomplete; });
  if (!missing.empty() && (!cut || PartsByName(opened)))
    found.push_back(Missing(opened, missing, found.empty(), alone));
  const bool intact = found.empty();
  std::move(found.begin(), found.end(), std::back_inserter(faults));
  return intact;
}

std::string Named(const Opened& opened) {
  const bundle::Manifest& manifest = opened.verified.manifest();
  return fmt::format("{} {}.{} {}", manifest.stream, manifest.epoch, manifest.seq,
                     bundle::KindName(manifest.kind));
}

}  // namespace

namespace {

// Of roots that lead nowhere a stick can hold thousands.
void NoteRoots(const OpenedMedium& medium, MediumCheck& check) {
  check.roots_left_out = RootsLeftOut(medium);
  if (medium.no_bundle) check.faults.push_back(*medium.no_bundle);
  if (check.faults.empty()) return;
  for (std::size_t i = 0; i < std::min(medium.newer_roots.size(), kMaxNotes); ++i)
    check.faults.push_back(medium.newer_roots[i].error);
}

}  // namespace

std::string MediumCheck::Verdict() const {
  if (faults.empty()) return "intact";
  if (faults.front().kind == Kind::kIncomplete) return "incomplete";
  return Severity(faults.front().kind) <= Severity(Kind::kDamaged) ? "damaged" : "altered";
}

MediumCheck CheckMedium(OpenedMedium& medium) {
  MediumCheck check;
  // Without a stream of its own, as on a kiosk, the medium may hold bundles of several.
  std::map<std::string, bundle::StatePoint> newest;
  std::vector<const bundle::Manifest*> manifests;
  for (const Opened& opened : medium.bundles) {
    manifests.push_back(&opened.verified.manifest());
    bundle::StatePoint& point = newest[opened.verified.manifest().stream];
    if (bundle::IsBefore(point, NumberOf(opened))) point = NumberOf(opened);
  }
  Status agreement = bundle::CheckAgreement(manifests);
  for (Opened& opened : medium.bundles) {
    if (bundle::IsBefore(NumberOf(opened), newest[opened.verified.manifest().stream])) {
      check.notes.push_back(fmt::format("older, signed, not read: {}", Named(opened)));
      continue;
    }
    check.newest.push_back(&opened);
    if (CheckBytes(opened, !medium.from_folder, check.faults)) check.intact.insert(&opened);
  }
  if (!agreement.ok()) {
    check.intact.clear();  // of two contents under one number neither can be told to be the one
    check.faults.push_back(std::move(agreement).error());
  }
  for (MediumFault& fault : medium.faults) {
    const auto known = newest.find(fault.name.stream);
    if (known != newest.end() &&
        bundle::IsBefore({fault.name.epoch, fault.name.seq, {}}, known->second)) {
      check.notes.push_back(fmt::format("older, unusable: {}", Printable(fault.error.what)));
    } else {
      check.faults.push_back(fault.error);
    }
  }
  NoteRoots(medium, check);
  if (!medium.listing.all_seen)
    check.notes.push_back(
        "the folder holds more files than are looked at; what is beyond is not checked");
  std::stable_sort(check.faults.begin(), check.faults.end(),
                   [](const Error& left, const Error& right) {
                     return Severity(left.kind) > Severity(right.kind);
                   });
  return check;
}

}  // namespace gapferry::importer
