#include "detect/candidate.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "detect/row_sorter.h"
#include "store/database.h"

namespace gapferry::detect {
namespace {

constexpr std::string_view kSorting = "cannot sort the values";

// A row is bytes that sort as values do: kind, value, a terminator below every byte of a value,
// event, attribute; then what is only carried.
class RowWriter {
 public:
  explicit RowWriter(std::string* out) : out_(out) {}
  template <typename T>
  void Number(T number) {
    std::array<char, sizeof(T)> bytes{};
    auto rest = static_cast<std::uint64_t>(number);
    for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte, rest >>= 8)
      *byte = static_cast<char>(rest & 0xFF);
    out_->append(bytes.data(), bytes.size());
  }
  void Id(const Uuid& uuid) { *out_ += AsText(uuid.bytes); }
  void Value(std::string_view value) {
    for (std::size_t zero = value.find('\0'); zero != std::string_view::npos;
         zero = value.find('\0')) {
      *out_ += value.substr(0, zero + 1);
      out_->push_back('\xFF');
      value.remove_prefix(zero + 1);
    }
    *out_ += value;
    out_->append(2, '\0');
  }

 private:
  std::string* out_;
};

// Reads what RowWriter wrote; the rows are our own, so nothing can be malformed.
class RowParser {
 public:
  explicit RowParser(std::string_view row) : rest_(row) {}
  template <typename T>
  T Number() {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      number = number << 8 | static_cast<std::uint8_t>(rest_[i]);
    rest_.remove_prefix(sizeof(T));
    return static_cast<T>(number);
  }
  void Id(Uuid* uuid) {
    const ByteView bytes = AsBytes(rest_.substr(0, uuid->bytes.size()));
    std::copy(bytes.begin(), bytes.end(), uuid->bytes.begin());
    rest_.remove_prefix(uuid->bytes.size());
  }
  void Value(std::string* value) {
    value->clear();
    while (true) {
      const std::size_t zero = rest_.find('\0');
      *value += rest_.substr(0, zero);
      const bool ends = rest_[zero + 1] == '\0';
      rest_.remove_prefix(zero + 2);
      if (ends) return;
      value->push_back('\0');
    }
  }

 private:
  std::string_view rest_;
};

struct Row {
  intel::IndicatorKind kind;
  std::string value;
  Mention mention;
  DestinationMask mask;
  std::uint32_t warninglist;
};

void Encode(const intel::Indicator& indicator, const Mention& mention, DestinationMask mask,
            std::uint32_t warninglist, std::string* out) {
  RowWriter row(out);
  row.Number(static_cast<std::uint8_t>(indicator.kind));
  row.Value(indicator.value);
  row.Number(mention.event);
  row.Id(mention.attribute_uuid);
  row.Id(mention.event_uuid);
  row.Number(static_cast<std::uint16_t>(intel::FindType(mention.type) - intel::AllTypes().data()));
  row.Number(static_cast<std::uint8_t>(mention.tlp));
  row.Number(mention.threat_level);
  row.Number(mention.port);
  row.Number(mention.timestamp);
  row.Number(mask);
  row.Number(warninglist);
}

void Decode(std::string_view bytes, Row* out) {
  RowParser row(bytes);
  out->kind = static_cast<intel::IndicatorKind>(row.Number<std::uint8_t>());
  row.Value(&out->value);
  out->mention.event = row.Number<EventNumber>();
  row.Id(&out->mention.attribute_uuid);
  row.Id(&out->mention.event_uuid);
  out->mention.type = intel::AllTypes()[row.Number<std::uint16_t>()].name;
  out->mention.tlp = static_cast<intel::Tlp>(row.Number<std::uint8_t>());
  out->mention.threat_level = row.Number<std::uint8_t>();
  out->mention.port = row.Number<std::uint16_t>();
  out->mention.timestamp = row.Number<Time>();
  out->mask = row.Number<DestinationMask>();
  out->warninglist = row.Number<std::uint32_t>();
}

std::string AsLines(const std::vector<std::string>& words) {
  std::string lines;
  for (const std::string& word : words)
    lines += word + '\n';
  return lines;
}

std::vector<std::string> OfLines(std::string_view lines) {
  std::vector<std::string> words;
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    words.emplace_back(lines.substr(0, end));
    lines.remove_prefix(end + 1);
  }
  return words;
}

bool NamesSource(std::string_view type) {
  return type.starts_with("ip-src") || type == "email-src" || type == "email-reply-to";
}

void Clear(Candidate* candidate) {
  candidate->mentions.clear();
  candidate->mention_count = 0;
  candidate->tlp = intel::Tlp::kClear;
  candidate->threat_level = 4;
  candidate->from = candidate->to = false;
  candidate->from_ports = candidate->to_ports = {};
  candidate->warninglist.clear();
}

void AddMention(const Row& row, const std::vector<std::string>& warninglists, bool ignore_port,
                Candidate* candidate) {
  Mention mention = row.mention;
  if (ignore_port) mention.port = 0;
  if (candidate->mention_count++ == 0) {
    candidate->kind = row.kind;
    candidate->value = row.value;
  }
  if (candidate->mentions.size() < Candidate::kMaxMentions) candidate->mentions.push_back(mention);
  candidate->tlp = std::max(candidate->tlp, mention.tlp);
  candidate->threat_level = std::min(candidate->threat_level, mention.threat_level);
  const bool source = NamesSource(mention.type);
  (source ? candidate->from : candidate->to) = true;
  Ports& ports = source ? candidate->from_ports : candidate->to_ports;
  if (mention.port == 0) {
    ports.any = true;
  } else {
    ++ports.mentions[mention.port];
  }
  if (row.warninglist > 0) candidate->warninglist = warninglists[row.warninglist - 1];
}

}  // namespace

struct CandidateSorter::State {
  // An empty name is a private database in a temporary file, which SQLite removes by itself.
  State(const std::filesystem::path& folder, bool with_events)
      : database("", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_NOMUTEX),
        by_value(folder) {
    if (with_events) by_event.emplace(folder);
    database.exec(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -4000;"
        "PRAGMA temp_store = FILE; PRAGMA locking_mode = EXCLUSIVE;"
        "CREATE TABLE event (number INTEGER PRIMARY KEY, uuid BLOB, info TEXT, date TEXT,"
        " techniques TEXT, actors TEXT, threat_level INTEGER, tlp INTEGER, canary INTEGER); "
        "BEGIN;");
    add_event.emplace(database, "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    find_event.emplace(database, "SELECT * FROM event WHERE number = ?");
  }

  [[nodiscard]] bool IgnoresPorts(std::size_t destination) const {
    return (ignore_ports >> destination & 1) != 0;
  }

  SQLite::Database database;  // of events
  std::optional<SQLite::Statement> add_event;
  std::optional<SQLite::Statement> find_event;
  EventNumber events = 0;
  RowSorter by_value;
  std::optional<RowSorter> by_event;  // the same rows, each with its event before it
  std::string row;
  DestinationMask ignore_ports = 0;
  std::vector<std::string> warninglists;
  std::unordered_map<std::string, std::uint32_t> warninglist_numbers;
};

CandidateSorter::CandidateSorter(std::unique_ptr<State> state) : state_(std::move(state)) {}
CandidateSorter::CandidateSorter(CandidateSorter&&) noexcept = default;
CandidateSorter::~CandidateSorter() = default;

Result<CandidateSorter> CandidateSorter::Create(const std::filesystem::path& folder,
                                                bool with_events) {
  return store::Guarded(kSorting, [&]() -> Result<CandidateSorter> {
    return CandidateSorter(std::make_unique<State>(folder, with_events));
  });
}

Result<EventNumber> CandidateSorter::AddEvent(const EventHead& head) {
  return store::Guarded(kSorting, [&]() -> Result<EventNumber> {
    SQLite::Statement& add = *state_->add_event;
    add.reset();
    const EventNumber number = state_->events++;
    add.bind(1, number);
    store::BindBlob(add, 2, head.uuid.bytes);
    store::BindText(add, 3, head.info);
    store::BindText(add, 4, head.date);
    const std::string techniques = AsLines(head.techniques);
    const std::string actors = AsLines(head.actors);
    store::BindText(add, 5, techniques);
    store::BindText(add, 6, actors);
    add.bind(7, head.threat_level);
    add.bind(8, static_cast<int>(head.tlp));
    add.bind(9, head.canary ? 1 : 0);
    add.exec();
    return number;
  });
}

void CandidateSorter::IgnorePorts(DestinationMask destinations) {
  state_->ignore_ports = destinations;
}

std::uint32_t CandidateSorter::AddWarninglist(const std::string& name) {
  const auto [found, added] = state_->warninglist_numbers.try_emplace(
      name, static_cast<std::uint32_t>(state_->warninglists.size() + 1));
  if (added) state_->warninglists.push_back(name);
  return found->second;
}

Status CandidateSorter::Add(const intel::Indicator& indicator, const Mention& mention,
                            DestinationMask mask, std::uint32_t warninglist) {
  std::string& row = state_->row;
  row.clear();
  RowWriter(&row).Number(mention.event);
  Encode(indicator, mention, mask, warninglist, &row);
  if (state_->by_event) GF_CHECK(state_->by_event->Add(row));
  return state_->by_value.Add(std::string_view(row).substr(sizeof(EventNumber)));
}

Status CandidateSorter::ForEachValue(std::size_t destinations, const ValueVisit& visit) {
  std::vector<Candidate> open(destinations);
  Row row{};
  intel::IndicatorKind kind{};
  std::string value;
  const auto flush = [&]() -> Status {
    for (std::size_t i = 0; i < destinations; ++i) {
      if (open[i].mention_count == 0) continue;
      GF_CHECK(visit(i, open[i]));
      Clear(&open[i]);
    }
    return Ok();
  };
  const auto take = [&](std::string_view bytes) -> Status {
    Decode(bytes, &row);
    if (row.kind != kind || row.value != value) {
      GF_CHECK(flush());
      kind = row.kind;
      value = row.value;
    }
    for (std::size_t i = 0; i < destinations; ++i) {
      if ((row.mask >> i & 1) != 0)
        AddMention(row, state_->warninglists, state_->IgnoresPorts(i), &open[i]);
    }
    return Ok();
  };
  GF_CHECK(state_->by_value.ForEach(take));
  return flush();
}

Status CandidateSorter::ForEachEvent(std::size_t destination, const EventVisit& visit) {
  if (!state_->by_event) return Error::Make(Kind::kInternal, "values are not sorted by event");
  Candidate open;
  Row row{};
  EventNumber event = 0;
  const auto take = [&](std::string_view bytes) -> Status {
    Decode(bytes.substr(sizeof(EventNumber)), &row);
    if ((row.mask >> destination & 1) == 0) return Ok();
    const bool next =
        row.mention.event != event || row.kind != open.kind || row.value != open.value;
    if (next && open.mention_count > 0) {
      GF_CHECK(visit(event, open));
      Clear(&open);
    }
    event = row.mention.event;
    AddMention(row, state_->warninglists, state_->IgnoresPorts(destination), &open);
    return Ok();
  };
  GF_CHECK(state_->by_event->ForEach(take));
  return open.mention_count > 0 ? visit(event, open) : Ok();
}

Result<EventHead> CandidateSorter::FindEvent(EventNumber event, intel::Tlp clearance) {
  return store::Guarded(kSorting, [&]() -> Result<EventHead> {
    SQLite::Statement& find = *state_->find_event;
    find.reset();
    find.bind(1, event);
    EventHead head;
    if (!find.executeStep()) return Error::Make(Kind::kInternal, "event {} is not sorted", event);
    const ByteView uuid = store::ReadBlob(find.getColumn(1));
    std::copy(uuid.begin(), uuid.end(), head.uuid.bytes.begin());
    head.tlp = static_cast<intel::Tlp>(find.getColumn(7).getInt());
    head.canary = find.getColumn(8).getInt() != 0;
    if (head.tlp > clearance) {
      find.reset();
      return head;
    }
    store::ReadText(find.getColumn(2), &head.info);
    store::ReadText(find.getColumn(3), &head.date);
    std::string lines;
    store::ReadText(find.getColumn(4), &lines);
    head.techniques = OfLines(lines);
    store::ReadText(find.getColumn(5), &lines);
    head.actors = OfLines(lines);
    head.threat_level = static_cast<std::uint8_t>(find.getColumn(6).getInt());
    find.reset();
    return head;
  });
}

}  // namespace gapferry::detect
