#include "detect/candidate_row.h"

#include <algorithm>
#include <array>
#include <optional>

namespace gapferry::detect {
namespace {

using intel::IndicatorKind;

// Ends a label in the path of a name: below all letters of names, so that a subtree lies together.
constexpr char kLabelEnd = '\x01';
constexpr std::size_t kUuidBytes = 16;
constexpr std::size_t kTailBytes = sizeof(EventNumber) + kUuidBytes + kUuidBytes + sizeof(Time) +
                                   sizeof(DestinationMask) + sizeof(std::uint32_t) +
                                   2 * sizeof(std::uint16_t) + 2 * sizeof(std::uint8_t);

class Appender {
 public:
  explicit Appender(std::string* out) : out_(*out) {}

  // Highest byte first.
  template <typename T>
  void Number(T number) {
    std::array<char, sizeof(T)> bytes{};
    auto rest = static_cast<std::uint64_t>(number);
    for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte, rest >>= 8)
      *byte = static_cast<char>(rest & 0xFF);
    out_.append(bytes.data(), bytes.size());
  }
  void Kind(IndicatorKind kind) { out_ += static_cast<char>(kind); }
  void Id(const Uuid& uuid) { out_ += AsText(uuid.bytes); }
  // Two zeros end it, and no byte of a value sorts below them.
  void Text(std::string_view text) {
    for (std::size_t zero = text.find('\0'); zero != std::string_view::npos;
         zero = text.find('\0')) {
      out_ += text.substr(0, zero + 1);
      out_ += '\xFF';
      text.remove_prefix(zero + 1);
    }
    out_ += text;
    out_.append(2, '\0');
  }
  // The labels from the root down.
  void Path(std::string_view name) {
    while (!name.empty()) {
      const std::size_t dot = name.rfind('.');
      out_ += dot == std::string_view::npos ? name : name.substr(dot + 1);
      out_ += kLabelEnd;
      name = dot == std::string_view::npos ? "" : name.substr(0, dot);
    }
    out_ += '\0';
  }
  void Network(const intel::Network& network) {
    out_ += network.v6 ? '\x06' : '\x04';
    out_ += AsText(network.bytes).substr(0, network.v6 ? 16 : 4);
    out_ += static_cast<char>(network.prefix);
  }

 private:
  std::string& out_;
};

// The rows are our own, so nothing can be malformed.
class Parser {
 public:
  explicit Parser(std::string_view bytes) : rest_(bytes) {}

  template <typename T>
  T Number() {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      number = number << 8 | static_cast<std::uint8_t>(rest_[i]);
    rest_.remove_prefix(sizeof(T));
    return static_cast<T>(number);
  }
  IndicatorKind Kind() { return static_cast<IndicatorKind>(Number<std::uint8_t>()); }
  void Id(Uuid* uuid) { Bytes(uuid->bytes.size(), uuid->bytes.data()); }
  void Text(std::string* text) {
    text->clear();
    while (true) {
      const std::size_t zero = rest_.find('\0');
      *text += rest_.substr(0, zero);
      const bool ends = rest_[zero + 1] == '\0';
      rest_.remove_prefix(zero + 2);
      if (ends) return;
      text->push_back('\0');
    }
  }
  void Path(std::string* name) {
    std::string_view path = rest_.substr(0, rest_.find('\0'));
    rest_.remove_prefix(path.size() + 1);
    name->clear();
    while (!path.empty()) {
      path.remove_suffix(1);
      const std::size_t end = path.rfind(kLabelEnd);
      const std::size_t start = end == std::string_view::npos ? 0 : end + 1;
      if (!name->empty()) *name += '.';
      *name += path.substr(start);
      path = path.substr(0, start);
    }
  }
  void Network(intel::Network* network) {
    *network = {};
    network->v6 = Number<std::uint8_t>() == 6;
    Bytes(network->v6 ? 16 : 4, network->bytes.data());
    network->prefix = Number<std::uint8_t>();
  }

 private:
  void Bytes(std::size_t count, std::uint8_t* to) {
    const ByteView bytes = AsBytes(rest_.substr(0, count));
    std::copy(bytes.begin(), bytes.end(), to);
    rest_.remove_prefix(count);
  }

  std::string_view rest_;
};

// Kinds that sort together have the first of them here.
IndicatorKind ClassOf(IndicatorKind kind) {
  if (kind == IndicatorKind::kNetwork) return IndicatorKind::kAddress;
  return kind == IndicatorKind::kHostname ? IndicatorKind::kDomain : kind;
}

Status AppendNestedKey(const intel::Indicator& indicator, Appender* key) {
  const IndicatorKind together = ClassOf(indicator.kind);
  key->Kind(together);
  if (together == IndicatorKind::kAddress) {
    const std::optional<intel::Network> network = intel::ParseNetwork(indicator.value);
    if (!network)
      return Error::Make(Kind::kInternal, "no address and no network: {}", indicator.value);
    key->Network(*network);
  } else if (together == IndicatorKind::kDomain) {
    key->Path(indicator.value);
    key->Kind(indicator.kind);
  } else {
    key->Text(indicator.value);
  }
  return Ok();
}

}  // namespace

Status AppendCandidateRow(const intel::Indicator& indicator, const CandidateRow& row,
                          ValueOrder order, std::string* out) {
  Appender append(out);
  const Mention& mention = row.mention;
  if (order == ValueOrder::kNested) {
    GF_CHECK(AppendNestedKey(indicator, &append));
  } else {
    append.Number(mention.event);
    append.Kind(indicator.kind);
    append.Text(indicator.value);
  }
  append.Number(mention.event);
  append.Id(mention.attribute_uuid);
  append.Id(mention.event_uuid);
  append.Number(mention.timestamp);
  append.Number(row.mask);
  append.Number(row.warninglist);
  append.Number(
      static_cast<std::uint16_t>(intel::FindType(mention.type) - intel::AllTypes().data()));
  append.Number(mention.port);
  append.Number(static_cast<std::uint8_t>(mention.tlp));
  append.Number(mention.threat_level);
  return Ok();
}

std::string_view ValueKeyOf(std::string_view row) {
  return row.substr(0, row.size() - kTailBytes);
}

void ReadValueKey(std::string_view key, ValueOrder order, Candidate* candidate) {
  Parser parser(key);
  if (order == ValueOrder::kByEvent) static_cast<void>(parser.Number<EventNumber>());
  candidate->kind = parser.Kind();
  if (order == ValueOrder::kByEvent || candidate->kind > IndicatorKind::kHostname) {
    parser.Text(&candidate->value);
  } else if (candidate->kind == IndicatorKind::kDomain) {
    parser.Path(&candidate->value);
    candidate->kind = parser.Kind();
  } else {
    parser.Network(&candidate->network);
    if (!candidate->network.IsAddress()) candidate->kind = IndicatorKind::kNetwork;
    candidate->value = candidate->network.ToString();
  }
}

void ReadCandidateRow(std::string_view row, CandidateRow* out) {
  Parser parser(row.substr(row.size() - kTailBytes));
  Mention& mention = out->mention;
  mention.event = parser.Number<EventNumber>();
  parser.Id(&mention.attribute_uuid);
  parser.Id(&mention.event_uuid);
  mention.timestamp = parser.Number<Time>();
  out->mask = parser.Number<DestinationMask>();
  out->warninglist = parser.Number<std::uint32_t>();
  mention.type = intel::AllTypes()[parser.Number<std::uint16_t>()].name;
  mention.port = parser.Number<std::uint16_t>();
  mention.tlp = static_cast<intel::Tlp>(parser.Number<std::uint8_t>());
  mention.threat_level = parser.Number<std::uint8_t>();
}

}  // namespace gapferry::detect
