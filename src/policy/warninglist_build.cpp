// From the entries as their authors wrote them to values that can be compared byte by byte. An
// entry becomes exactly what intel/value.h makes of an attribute with that value, so both sides are
// normalised by the same rules.
#include <algorithm>

#include "base/bytes.h"
#include "policy/warninglist_state.h"

namespace gapferry::policy {
namespace {

constexpr std::size_t kMaxShown = 80;
constexpr unsigned kWidestListedV4 = 7;
constexpr unsigned kWidestListedV6 = 15;

// The start of an entry, for a person.
std::string Shown(std::string_view entry) {
  std::string shown;
  for (const char c : entry.substr(0, kMaxShown))
    shown.push_back(static_cast<std::uint8_t>(c) < 0x20 || c == 0x7F ? '?' : c);
  if (entry.size() > kMaxShown) shown += "…";
  return shown;
}

void Note(std::vector<EntryIssue>* issues, std::uint64_t* count, std::string_view entry,
          std::string why, bool obeyed) {
  ++*count;
  if (issues->size() < ListInfo::kMaxIssues)
    issues->push_back({Shown(entry), std::move(why), obeyed});
}
void Reject(ListInfo* info, std::string_view entry, std::string why) {
  Note(&info->rejected, &info->rejected_count, entry, std::move(why), false);
}
void Suspect(ListInfo* info, std::string_view entry, std::string why, bool obeyed) {
  Note(&info->suspicious, &info->suspicious_count, entry, std::move(why), obeyed);
}

bool IsNumber(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsAsciiDigit);
}

// A network that holds a large part of the Internet. Multicast, reserved and link-local blocks are
// wide, but hold no host of it.
bool IsTooWide(const intel::Network& network) {
  if (!network.v6) return network.prefix <= kWidestListedV4 && network.bytes[0] < 224;
  if (network.prefix > kWidestListedV6) return false;
  const bool outside_global_unicast = network.prefix >= 3 && (network.bytes[0] & 0xE0) != 0x20;
  return !outside_global_unicast;
}

// In a substring list these stand in nearly every name or URL.
bool IsCommonPart(std::string_view text) {
  constexpr auto kParts = std::to_array<std::string_view>(
      {"http", "https", "http:", "https:", "http://", "https://", "://", "www", "www."});
  if (std::find(kParts.begin(), kParts.end(), text) != kParts.end()) return true;
  const std::optional<std::string> name = intel::NormaliseName(intel::WithoutWildcard(text));
  return name && intel::IsPublicSuffix(*name);
}

Bound BoundOf(std::string_view text) {
  if (intel::NormaliseAddress(text)) return Bound::kAddress;
  const std::optional<std::string> name = intel::NormaliseName(text);
  const bool is_name = name && *name == text && text.find('.') != std::string_view::npos;
  return is_name ? Bound::kName : Bound::kAnywhere;
}

}  // namespace

// Compiles the entries of one list into the state.
class ListCompiler {
 public:
  ListCompiler(CompiledLists* state, const Warninglist& list, std::uint16_t number);
  Status Compile(const std::vector<std::string>& entries);

 private:
  [[nodiscard]] bool Drops() const { return info_.mode == ListMode::kDrop; }
  [[nodiscard]] Status AddValue(const intel::Indicator& indicator);
  [[nodiscard]] Status AddName(std::string_view name, bool below);
  [[nodiscard]] Status AddString(std::string_view entry);
  [[nodiscard]] Status AddHostname(std::string_view entry);
  void AddNetwork(std::string_view entry);
  void AddSubstring(std::string_view entry);
  [[nodiscard]] Status AddRegex(std::string_view entry, RegexList* patterns);

  CompiledLists& state_;
  ListInfo& info_;
  const std::uint16_t number_;
  const ListType type_;
  std::vector<const intel::TypeInfo*> normalisers_;
  intel::Normalised normalised_;
};

ListCompiler::ListCompiler(CompiledLists* state, const Warninglist& list, std::uint16_t number)
    : state_(*state),
      info_(state->lists[number]),
      number_(number),
      type_(list.type),
      normalisers_(NormalisersOf(state->applies[number])) {}

namespace {
Error Full() {
  return Error::Make(Kind::kTooLarge, "warninglists hold more than {} bytes of values",
                     ValueTable::kMaxArenaBytes);
}
}  // namespace

Status ListCompiler::AddValue(const intel::Indicator& indicator) {
  if (indicator.kind == intel::IndicatorKind::kDomain) return AddName(indicator.value, false);
  ValueTable::Entry* entry = state_.values.Insert(indicator.value);
  if (entry == nullptr) return Full();
  entry->exact = state_.sets.With(entry->exact, number_);
  state_.has_urls = state_.has_urls || indicator.kind == intel::IndicatorKind::kUrl;
  state_.has_addresses = state_.has_addresses || indicator.kind == intel::IndicatorKind::kAddress ||
                         indicator.kind == intel::IndicatorKind::kNetwork;
  return Ok();
}

Status ListCompiler::AddName(std::string_view name, bool below) {
  ValueTable::Entry* entry = state_.names.Insert(name);
  if (entry == nullptr) return Full();
  std::uint32_t& set = below ? entry->below : entry->exact;
  set = state_.sets.With(set, number_);
  return Ok();
}

Status ListCompiler::AddString(std::string_view entry) {
  bool taken = false;
  intel::ValueProblem problem = intel::ValueProblem::kNone;
  for (const intel::TypeInfo* type : normalisers_) {
    // Without a path it is a host, which is tested beside the URL.
    if (type->shape == intel::Shape::kUrl && entry.find('/') == std::string_view::npos) continue;
    const bool dotted = type->shape == intel::Shape::kHostname && entry.starts_with('.');
    intel::Normalise(type, dotted ? intel::WithoutWildcard(entry) : entry, &normalised_);
    if (!normalised_.ok()) problem = normalised_.problem;
    for (std::size_t i = 0; i < normalised_.count; ++i) {
      GF_CHECK(AddValue(normalised_.indicators[i]));
      taken = true;
    }
  }
  if (!taken) {
    Reject(&info_, entry, std::string(intel::ValueProblemCode(problem)));
  } else if (IsNumber(entry)) {
    Suspect(&info_, entry, "a bare number; matches only a value that is this number", true);
  }
  return Ok();
}

Status ListCompiler::AddHostname(std::string_view entry) {
  if (std::optional<std::string> address = intel::NormaliseAddress(entry))
    return AddValue({intel::IndicatorKind::kAddress, *std::move(address)});
  const std::optional<std::string> name = intel::NormaliseName(intel::WithoutWildcard(entry));
  if (!name) {
    Reject(&info_, entry, "not a DNS name");
    return Ok();
  }
  if (name->find('.') == std::string::npos) {
    Suspect(&info_, entry, "one label; would match every name below it", false);
    return Ok();
  }
  if (intel::IsPublicSuffix(*name)) {
    const bool below = !Drops();
    Suspect(&info_, entry,
            below ? "a public suffix; marks every name below it"
                  : "a public suffix; taken for that name only, not below",
            true);
    return AddName(*name, below);
  }
  return AddName(*name, true);
}

void ListCompiler::AddNetwork(std::string_view entry) {
  const std::optional<intel::Network> network = intel::ParseNetwork(entry);
  if (!network) return Reject(&info_, entry, "not an address or network");
  if (IsTooWide(*network)) {
    Suspect(&info_, entry, "holds a large part of the Internet", !Drops());
    if (Drops()) return;
  }
  if (network->v6) {
    state_.listed_v6.push_back({V6Range(*network), number_});
  } else {
    state_.listed_v4.push_back({V4Range(*network), number_});
  }
}

void ListCompiler::AddSubstring(std::string_view entry) {
  std::string text = AsciiLower(entry);
  if (text.size() < SubstringIndex::kLeast)
    return Suspect(&info_, entry, "stands in nearly every value", false);
  if (IsCommonPart(text)) {
    Suspect(&info_, entry, "stands in nearly every name or URL", !Drops());
    if (Drops()) return;
  }
  const Bound bound = BoundOf(text);
  state_.substrings.Add(std::move(text), bound, number_);
}

Status ListCompiler::AddRegex(std::string_view entry, RegexList* patterns) {
  if (patterns->size() >= kMaxRegexesOfList) {
    return Error::Make(Kind::kTooLarge, "more than {} regexes", kMaxRegexesOfList);
  }
  Result<std::string> pattern = TranslateRegex(entry);
  if (!pattern.ok()) {
    Reject(&info_, entry, pattern.error().what);
    return Ok();
  }
  if (MatchesEverything(*pattern)) {
    Suspect(&info_, entry, "matches every value", !Drops());
    if (Drops()) return Ok();
  }
  patterns->Add(*std::move(pattern));
  return Ok();
}

Status ListCompiler::Compile(const std::vector<std::string>& entries) {
  RegexList patterns;
  for (const std::string& published : entries) {
    const std::string_view entry = AsciiTrim(published);
    if (entry.empty() || !IsUtf8(entry)) {
      Reject(&info_, entry, entry.empty() ? "empty" : "not UTF-8");
      continue;
    }
    switch (type_) {
      case ListType::kString:
        GF_CHECK(AddString(entry));
        break;
      case ListType::kHostname:
        GF_CHECK(AddHostname(entry));
        break;
      case ListType::kCidr:
        AddNetwork(entry);
        break;
      case ListType::kSubstring:
        AddSubstring(entry);
        break;
      case ListType::kRegex:
        GF_CHECK(AddRegex(entry, &patterns));
        break;
    }
  }
  if (type_ == ListType::kSubstring) state_.substring_classes |= state_.applies[number_];
  if (patterns.size() == 0) return Ok();
  GF_CHECK(patterns.Build());
  state_.regexes.push_back({number_, std::move(patterns)});
  return Ok();
}

namespace {

// The classes a list is for. URLs and uris count as addresses too for a cidr list: what it says of
// an address holds for a URL that names the address.
ClassSet AppliesTo(const Warninglist& list, ListInfo* info) {
  ClassSet classes;
  if (list.matching_attributes.empty()) return classes.set();
  for (const std::string& type : list.matching_attributes) {
    if (type == "ALL") return classes.set();
    const ClassSet of_type = ClassesOfType(type);
    if (of_type.none()) info->unknown_types.push_back(type);
    classes |= of_type;
  }
  if (list.type == ListType::kCidr && classes.test(kAddressClass)) classes.set(kUrlClass);
  return classes;
}

}  // namespace

WarninglistSet::Builder::Builder() : state_(std::make_unique<CompiledLists>()) {}
WarninglistSet::Builder::~Builder() = default;

Status WarninglistSet::Builder::Add(const Warninglist& list, ListMode mode) {
  if (state_->lists.size() >= kMaxLists)
    return Error::Make(Kind::kTooLarge, "more than {} warninglists", kMaxLists);
  const bool known = std::any_of(state_->lists.begin(), state_->lists.end(),
                                 [&](const ListInfo& info) { return info.name == list.name; });
  if (known) return Error::Make(Kind::kMalformed, "warninglist \"{}\" is given twice", list.name);

  ListInfo info;
  info.name = list.name;
  info.version = list.version;
  info.type = list.type;
  info.mode = mode;
  info.entries = list.entries.size();
  state_->applies.push_back(AppliesTo(list, &info));
  state_->lists.push_back(std::move(info));
  if (mode == ListMode::kOff) return Ok();
  ListCompiler compiler(state_.get(), list, static_cast<std::uint16_t>(state_->lists.size() - 1));
  Status compiled = compiler.Compile(list.entries);
  if (!compiled.ok()) return std::move(compiled).error().In(list.name);
  return Ok();
}

WarninglistSet WarninglistSet::Builder::Build() && {
  state_->v4.Build(std::move(state_->listed_v4), &state_->sets);
  state_->v6.Build(std::move(state_->listed_v6), &state_->sets);
  state_->substrings.Build();
  state_->sets.Freeze();
  return WarninglistSet(std::move(state_));
}

}  // namespace gapferry::policy
