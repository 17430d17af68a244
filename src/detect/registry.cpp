#include "detect/registry.h"

#include <algorithm>
#include <bit>
#include <map>
#include <optional>

#include "base/hash.h"
#include "store/database.h"

namespace gapferry::detect {

using store::BindBlob;
using store::BindText;

struct Registry::State {
  State(SQLite::Database& db, Time clock)
      : now(clock),
        find(db,
             "SELECT id, rev, content, first, changed FROM artifact_id WHERE space = ? AND key = "
             "?"),
        list(db,
             "SELECT key, id, rev, content, first, changed FROM artifact_id WHERE space = ? ORDER "
             "BY id, key"),
        last(db, "SELECT max(id) FROM artifact_id WHERE space = ? AND id BETWEEN ? AND ?"),
        put(db,
            "INSERT OR REPLACE INTO artifact_id (space, key, id, rev, content, first, changed) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)"),
        objects(db, "SELECT versions FROM published_object WHERE space = ? AND family = ?"),
        put_objects(db, "INSERT OR REPLACE INTO published_object VALUES (?, ?, ?)") {}

  Time now;
  SQLite::Statement find;
  SQLite::Statement list;
  SQLite::Statement last;
  SQLite::Statement put;
  SQLite::Statement objects;
  SQLite::Statement put_objects;
  // The highest id of each block, once asked for.
  std::map<std::pair<std::string, std::int64_t>, std::int64_t> highest;

  std::int64_t Next(const std::string& space, IdBlock block) {
    const auto [entry, added] = highest.try_emplace({space, block.first}, block.first - 1);
    if (added) {
      last.reset();
      BindText(last, 1, space);
      last.bind(2, block.first);
      last.bind(3, block.last);
      if (last.executeStep() && !last.getColumn(0).isNull())
        entry->second = last.getColumn(0).getInt64();
    }
    return ++entry->second;
  }

  void Put(const std::string& space, const std::string& key, const StableId& id,
           const Digest256& content) {
    put.reset();
    BindText(put, 1, space);
    BindText(put, 2, key);
    put.bind(3, id.id);
    put.bind(4, id.rev);
    BindBlob(put, 5, content);
    put.bind(6, id.first);
    put.bind(7, id.changed);
    put.exec();
  }

  // Fills `id`; true if `content` is what was published under it. False with id 0: not known.
  bool Find(const std::string& space, const std::string& key, const Digest256& content,
            StableId* id) {
    find.reset();
    BindText(find, 1, space);
    BindText(find, 2, key);
    if (!find.executeStep()) return false;
    id->id = find.getColumn(0).getInt64();
    id->rev = find.getColumn(1).getInt64();
    const ByteView before = store::ReadBlob(find.getColumn(2));
    id->first = find.getColumn(3).getInt64();
    id->changed = find.getColumn(4).getInt64();
    const bool same = AsText(before) == AsText(content);
    find.reset();
    return same;
  }
};

Registry::Registry(store::Store& store, Time now)
    : state_(std::make_unique<State>(store.database(), now)) {}
Registry::Registry(Registry&&) noexcept = default;
Registry::~Registry() = default;

Result<StableId> Registry::Assign(const std::string& space, const std::string& key,
                                  std::string_view content, IdBlock block) {
  return store::Guarded("cannot use the registry of ids", [&]() -> Result<StableId> {
    const Digest256 digest = Hash256(AsBytes(content));
    StableId id;
    const bool same = state_->Find(space, key, digest, &id);
    const bool inside = id.id >= block.first && id.id <= block.last;
    if (same && inside) return id;
    if (inside) {
      ++id.rev;
    } else {
      id = {state_->Next(space, block), 1, state_->now, state_->now};
      if (id.id > block.last) {
        return Error::Make(Kind::kTooLarge, "the ids {} to {} of {} are used up", block.first,
                           block.last, space)
            .Hint(
                "raise its `sid_count` (of Wazuh `rule_id_count`) in import.yml and generate "
                "again: "
                "ids that were given stay. One bundle may use up more than the share that status "
                "warns of; fewer values need fewer ids: types, max_age_days, a lower "
                "literal_limit");
      }
    }
    // After a rollback an older bundle may be the one in use.
    id.changed = std::max(id.changed, state_->now);
    state_->Put(space, key, id, digest);
    return id;
  });
}

Result<std::vector<KnownId>> Registry::Known(const std::string& space) {
  return store::Guarded("cannot read the registry of ids", [&]() -> Result<std::vector<KnownId>> {
    SQLite::Statement& list = state_->list;
    list.reset();
    BindText(list, 1, space);
    std::vector<KnownId> known;
    while (list.executeStep()) {
      KnownId& each = known.emplace_back();
      each.key = list.getColumn(0).getString();
      each.id = {list.getColumn(1).getInt64(), list.getColumn(2).getInt64(),
                 list.getColumn(4).getInt64(), list.getColumn(5).getInt64()};
      const ByteView content = store::ReadBlob(list.getColumn(3));
      std::copy_n(content.begin(), std::min(content.size(), each.content.size()),
                  each.content.begin());
    }
    list.reset();
    return known;
  });
}

Result<std::int64_t> Registry::Grow(const std::string& space, const std::string& key,
                                    std::int64_t least) {
  return store::Guarded("cannot use the registry of ids", [&]() -> Result<std::int64_t> {
    // The number is kept as rev.
    StableId id;
    static_cast<void>(state_->Find(space, key, Digest256{}, &id));
    if (id.id != 0 && id.rev >= least) return id.rev;
    if (id.id == 0) id = {state_->Next(space, {}), least, state_->now, state_->now};
    id.rev = least;
    id.changed = state_->now;
    state_->Put(space, key, id, Digest256{});
    return id.rev;
  });
}

Result<std::int64_t> Registry::Recall(const std::string& space, const std::string& key) {
  return store::Guarded("cannot use the registry of ids", [&]() -> Result<std::int64_t> {
    StableId id;
    static_cast<void>(state_->Find(space, key, Digest256{}, &id));
    return id.id == 0 ? 0 : id.rev;
  });
}

Status Registry::Remember(const std::string& space, const std::string& key, std::int64_t number) {
  return store::Guarded("cannot use the registry of ids", [&]() -> Status {
    // The number is kept as rev.
    StableId id;
    static_cast<void>(state_->Find(space, key, Digest256{}, &id));
    if (id.id == 0 ? number == 0 : id.rev == number) return Ok();
    if (id.id == 0) id = {state_->Next(space, {}), number, state_->now, state_->now};
    id.rev = number;
    id.changed = state_->now;
    state_->Put(space, key, id, Digest256{});
    return Ok();
  });
}

Result<std::vector<store::ObjectVersion>> Registry::Objects(const std::string& space,
                                                            const std::string& family) {
  using Objects = std::vector<store::ObjectVersion>;
  return store::Guarded("cannot read what was published", [&]() -> Result<Objects> {
    SQLite::Statement& read = state_->objects;
    read.reset();
    BindText(read, 1, space);
    BindText(read, 2, family);
    if (!read.executeStep()) return Objects{};
    std::optional<Objects> known = store::DecodeObjectVersions(store::ReadBlob(read.getColumn(0)));
    read.reset();
    if (known) return *std::move(known);
    return Error::Make(Kind::kDamaged, "what {} published of {} cannot be read", space, family)
        .Hint("restore a backup: `gapferry-import backup --help`");
  });
}

Status Registry::PutObjects(const std::string& space, const std::string& family,
                            std::span<const store::ObjectVersion> objects) {
  return store::Guarded("cannot remember what was published", [&]() -> Status {
    const Bytes blob = store::EncodeObjectVersions(objects);
    SQLite::Statement& put = state_->put_objects;
    put.reset();
    BindText(put, 1, space);
    BindText(put, 2, family);
    BindBlob(put, 3, blob);
    put.exec();
    put.reset();
    return Ok();
  });
}

Status ForEachId(store::Store& store, const std::function<void(const GivenId&)>& visit) {
  return store::Guarded("cannot read the registry of ids", [&]() -> Status {
    SQLite::Statement read(store.database(),
                           "SELECT space, key, id, rev, first, changed FROM artifact_id ORDER BY "
                           "space, key");
    while (read.executeStep()) {
      visit({read.getColumn(0).getString(),
             read.getColumn(1).getString(),
             {read.getColumn(2).getInt64(), read.getColumn(3).getInt64(),
              read.getColumn(4).getInt64(), read.getColumn(5).getInt64()}});
    }
    return Ok();
  });
}

std::int64_t BucketsFor(std::size_t values, std::size_t capacity) {
  if (values <= capacity) return 1;
  // Hashing fills buckets unevenly; half full on average leaves room for the fullest.
  return static_cast<std::int64_t>(std::bit_ceil(2 * ((values + capacity - 1) / capacity)));
}

std::size_t BucketOf(std::string_view value, std::int64_t buckets) {
  if (buckets == 1) return 0;
  const Digest256 digest = Hash256(AsBytes(value));
  std::uint64_t folded = 0;
  for (std::size_t i = 0; i < sizeof(folded); ++i)
    folded = folded << 8 | digest[i];
  return static_cast<std::size_t>(folded & static_cast<std::uint64_t>(buckets - 1));
}

}  // namespace gapferry::detect
