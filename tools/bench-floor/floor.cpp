// What a part of a stage costs alone, on the same bytes: the floor that tools/bench shows beside
// each stage. Prints the CPU seconds (user and system) of the part, without its preparation.
#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostBytes = 16ULL << 30;
constexpr int kZstdLevel = 3;  // as transfer/pack.cpp

double CpuSeconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// What ran from its construction on.
class Stopwatch {
 public:
  ~Stopwatch() { total += CpuSeconds() - start_; }
  Stopwatch() = default;
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  static inline double total = 0;

 private:
  double start_ = CpuSeconds();
};

class IgnoreJson : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool key(string_t&) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }
};

std::string Read(const fs::path& file) {
  return gapferry::ReadFile(file, kMostBytes).value();
}

void Parse(const fs::path& file) {
  const Stopwatch watch;
  std::ifstream in(file, std::ios::binary);
  IgnoreJson ignore;
  if (!nlohmann::json::sax_parse(in, &ignore))
    fmt::print(stderr, "{} is not JSON\n", file.string());
}

void Hash(const fs::path& file) {
  const Stopwatch watch;
  const gapferry::Fd fd = gapferry::OpenRegular(file).value();
  gapferry::Blake2b hash(64);
  gapferry::Bytes buffer(4 << 20);
  while (const std::size_t got = gapferry::ReadFull(fd.get(), buffer).value())
    hash.Update(gapferry::ByteView(buffer).first(got));
  (void)hash.Finish512();
}

// The rows lie in the order of the primary key already; the reading is part of it.
void Insert(const fs::path& file) {
  const std::string copy = file.string() + ".floor";
  {
    const Stopwatch watch;
    SQLite::Database from(file.string(), SQLite::OPEN_READONLY);
    SQLite::Database to(copy, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    to.exec(
        "PRAGMA journal_mode = DELETE; BEGIN;"
        "CREATE TABLE a (event INTEGER, uuid BLOB, object BLOB, type INTEGER, category INTEGER, "
        "value ANY, comment TEXT, relation INTEGER, timestamp INTEGER, flags INTEGER, "
        "tagset INTEGER, PRIMARY KEY (event, uuid)) WITHOUT ROWID");
    SQLite::Statement read(
        from,
        "SELECT event, uuid, object, type, category, value, comment, relation, timestamp, flags, "
        "tagset FROM attribute");
    SQLite::Statement put(to, "INSERT INTO a VALUES (?,?,?,?,?,?,?,?,?,?,?)");
    while (read.executeStep()) {
      for (int i = 0; i < read.getColumnCount(); ++i) {
        const SQLite::Column column = read.getColumn(i);
        if (column.isNull()) {
          put.bind(i + 1);
        } else if (column.isInteger()) {
          put.bind(i + 1, column.getInt64());
        } else if (column.isText()) {
          put.bind(i + 1, column.getText());
        } else {
          put.bindNoCopy(i + 1, column.getBlob(), column.getBytes());
        }
      }
      put.exec();
      put.reset();
    }
    to.exec("COMMIT");
  }
  fs::remove(copy);
}

std::string Packed(const std::string& plain) {
  std::string packed(ZSTD_compressBound(plain.size()), '\0');
  packed.resize(
      ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), kZstdLevel));
  return packed;
}

void Compress(const fs::path& file) {
  const std::string plain = Read(file);
  const Stopwatch watch;
  (void)Packed(plain);
}

void Decompress(const fs::path& file) {
  const std::string plain = Read(file);
  const std::string packed = Packed(plain);
  std::string back(plain.size(), '\0');
  const Stopwatch watch;
  (void)ZSTD_decompress(back.data(), back.size(), packed.data(), packed.size());
}

// As an importer opens it: quick_check, then every row once.
void Scan(const fs::path& file) {
  const Stopwatch watch;
  SQLite::Database database(file.string(), SQLite::OPEN_READONLY);
  (void)database.execAndGet("PRAGMA quick_check(1)").getString();
  SQLite::Statement read(database, "SELECT * FROM attribute");
  while (read.executeStep())
    (void)read.getColumn(5).getBytes();
}

// One BLAKE2b-256 an attribute, of as many bytes as an encoded one has on average.
void Digest(const fs::path& file) {
  SQLite::Database database(file.string(), SQLite::OPEN_READONLY);
  const std::int64_t rows = database.execAndGet("SELECT count(*) FROM attribute").getInt64();
  const gapferry::Bytes message(220, 7);
  const gapferry::Bytes key(32, 9);
  const Stopwatch watch;
  for (std::int64_t i = 0; i < rows; ++i)
    (void)gapferry::Hash256(message, key);
}

// All values, read and sorted in memory.
void Sort(const fs::path& file) {
  const Stopwatch watch;
  SQLite::Database database(file.string(), SQLite::OPEN_READONLY);
  SQLite::Statement read(database, "SELECT value FROM attribute");
  std::vector<std::string> values;
  while (read.executeStep())
    values.push_back(read.getColumn(0).getString());
  std::sort(values.begin(), values.end());
}

void Write(const fs::path& file) {
  const std::string content = Read(file);
  const std::string copy = file.string() + ".floor";
  {
    const Stopwatch watch;
    (void)gapferry::WriteFileAtomically(copy, content).ok();
  }
  fs::remove(copy);
}

// Into a new file, hashed, not synced: what an artifact costs. The copies stay in TMPDIR, emptied:
// after thousands of deletions ext4 is slow to create files, and the next measurement would pay.
void Emit(const fs::path& file) {
  static const fs::path folder =
      fs::temp_directory_path() / fmt::format("gapferry-bench-floor-{}", ::getpid());
  fs::create_directories(folder);
  const std::string content = Read(file);
  const fs::path copy = folder / file.filename();
  {
    const Stopwatch watch;
    std::ofstream out(copy, std::ios::binary);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    (void)gapferry::Hash512(gapferry::AsBytes(content));
  }
  fs::resize_file(copy, 0);
}

struct Part {
  std::string_view name;
  std::string_view what;
  void (*run)(const fs::path& file);
};
constexpr auto kParts = std::to_array<Part>({
    {"parse", "read JSON with nlohmann's SAX and an empty handler", Parse},
    {"hash", "read and BLAKE2b-512", Hash},
    {"insert", "the attribute rows of a store into a bare table", Insert},
    {"compress", "zstd, level 3", Compress},
    {"decompress", "the same backwards", Decompress},
    {"scan", "quick_check of a payload and every attribute row read", Scan},
    {"digest", "a keyed BLAKE2b-256 for each attribute row of a store", Digest},
    {"sort", "all values of a store, read and sorted", Sort},
    {"write", "a synced copy", Write},
    {"emit", "a copy, hashed and not synced", Emit},
});

std::vector<fs::path> FilesOf(const std::vector<std::string>& paths) {
  std::vector<fs::path> files;
  for (const std::string& word : paths) {
    const fs::path path = word;
    if (!fs::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto part = std::find_if(kParts.begin(), kParts.end(), [&](const Part& known) {
    return words.size() > 1 && known.name == words[0];
  });
  if (part == kParts.end()) {
    fmt::print(stderr, "usage: gapferry-bench-floor PART FILE|FOLDER...\n");
    for (const Part& known : kParts)
      fmt::print(stderr, "  {:<12}{}\n", known.name, known.what);
    return 2;
  }
  gapferry::InitCrypto();
  for (const fs::path& file : FilesOf({words.begin() + 1, words.end()}))
    part->run(file);
  fmt::print("{:.6f}\n", Stopwatch::total);
  return 0;
}
