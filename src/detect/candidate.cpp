#include "detect/candidate.h"

#include <algorithm>
#include <bit>
#include <unordered_map>

#include "detect/candidate_row.h"
#include "detect/row_sorter.h"
#include "store/database.h"

namespace gapferry::detect {
namespace {

constexpr std::string_view kSorting = "cannot sort the values";

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

void AddMention(const CandidateRow& row, const std::vector<std::string>& warninglists,
                bool ignore_port, Candidate* candidate) {
  ++candidate->mention_count;
  const std::uint16_t port = ignore_port ? 0 : row.mention.port;
  if (candidate->mentions.size() < Candidate::kMaxMentions)
    candidate->mentions.emplace_back(row.mention).port = port;
  candidate->tlp = std::max(candidate->tlp, row.mention.tlp);
  candidate->threat_level = std::min(candidate->threat_level, row.mention.threat_level);
  const bool source = NamesSource(row.mention.type);
  (source ? candidate->from : candidate->to) = true;
  Ports& ports = source ? candidate->from_ports : candidate->to_ports;
  if (port == 0) {
    ports.any = true;
  } else {
    ++ports.mentions[port];
  }
  if (row.warninglist > 0) candidate->warninglist = warninglists[row.warninglist - 1];
}

// One value, collected once for all destinations that see the same mentions of it: nearly always
// for all of them.
class SharedCandidates {
 public:
  SharedCandidates(std::size_t destinations, DestinationMask ignore_ports,
                   const std::vector<std::string>& warninglists)
      : ignore_ports_(ignore_ports), warninglists_(warninglists) {
    for (std::size_t i = 0; i < destinations; ++i)
      all_ |= DestinationMask{1} << i;
    Begin();
  }

  Status Take(std::string_view bytes, const CandidateSorter::ValueVisit& visit) {
    const std::string_view key = ValueKeyOf(bytes);
    if (key != key_) {
      GF_CHECK(Flush(visit));
      key_ = key;
      ReadValueKey(key, ValueOrder::kNested, &value_);
    }
    ReadCandidateRow(bytes, &row_);
    // Groups that Split adds are of those that do not see this row.
    for (std::size_t i = 0, count = used_; i < count; ++i)
      TakeInto(i);
    return Ok();
  }

  Status Flush(const CandidateSorter::ValueVisit& visit) {
    for (std::size_t i = 0; i < used_; ++i) {
      Group& group = groups_[i];
      if (group.candidate.mention_count == 0) continue;
      for (DestinationMask rest = group.members; rest != 0; rest &= rest - 1)
        GF_CHECK(visit(static_cast<std::size_t>(std::countr_zero(rest)), group.candidate));
      Clear(&group.candidate);
    }
    Begin();
    return Ok();
  }

 private:
  struct Group {
    DestinationMask members = 0;
    Candidate candidate;
  };

  void Begin() {
    used_ = 0;
    for (const DestinationMask members : {all_ & ignore_ports_, all_ & ~ignore_ports_}) {
      if (members != 0) Add().members = members;
    }
  }

  // Groups are used again, for the memory that their candidates have.
  Group& Add() {
    if (used_ == groups_.size()) groups_.emplace_back();
    return groups_[used_++];
  }

  void TakeInto(std::size_t place) {
    const DestinationMask seeing = groups_[place].members & row_.mask;
    if (seeing == 0) return;
    if (seeing != groups_[place].members) Split(place, seeing);
    Group& group = groups_[place];
    if (group.candidate.mention_count == 0) {
      group.candidate.kind = value_.kind;
      group.candidate.value = value_.value;
      group.candidate.network = value_.network;
    }
    AddMention(row_, warninglists_, (group.members & ignore_ports_) != 0, &group.candidate);
  }

  void Split(std::size_t place, DestinationMask seeing) {
    Group& others = Add();
    Group& group = groups_[place];
    others.members = group.members & ~seeing;
    others.candidate = group.candidate;
    group.members = seeing;
  }

  DestinationMask ignore_ports_;
  const std::vector<std::string>& warninglists_;
  DestinationMask all_ = 0;
  std::vector<Group> groups_;
  std::size_t used_ = 0;
  std::string key_;
  Candidate value_;
  CandidateRow row_;
};

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
  const CandidateRow row{mention, mask, warninglist};
  std::string& bytes = state_->row;
  if (state_->by_event) {
    bytes.clear();
    GF_CHECK(AppendCandidateRow(indicator, row, ValueOrder::kByEvent, &bytes));
    GF_CHECK(state_->by_event->Add(bytes));
  }
  bytes.clear();
  GF_CHECK(AppendCandidateRow(indicator, row, ValueOrder::kNested, &bytes));
  return state_->by_value.Add(bytes);
}

Status CandidateSorter::ForEachValue(std::size_t destinations, const ValueVisit& visit) {
  SharedCandidates open(destinations, state_->ignore_ports, state_->warninglists);
  GF_CHECK(
      state_->by_value.ForEach([&](std::string_view bytes) { return open.Take(bytes, visit); }));
  return open.Flush(visit);
}

Status CandidateSorter::ForEachEvent(std::size_t destination, const EventVisit& visit) {
  if (!state_->by_event) return Error::Make(Kind::kInternal, "values are not sorted by event");
  const bool ignore_port = (state_->ignore_ports >> destination & 1) != 0;
  Candidate open;
  CandidateRow row;
  EventNumber event = 0;
  std::string key;
  const auto take = [&](std::string_view bytes) -> Status {
    ReadCandidateRow(bytes, &row);
    if ((row.mask >> destination & 1) == 0) return Ok();
    const std::string_view next = ValueKeyOf(bytes);
    if (next != key) {
      if (open.mention_count > 0) GF_CHECK(visit(event, open));
      Clear(&open);
      key = next;
      event = row.mention.event;
      ReadValueKey(next, ValueOrder::kByEvent, &open);
    }
    AddMention(row, state_->warninglists, ignore_port, &open);
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
