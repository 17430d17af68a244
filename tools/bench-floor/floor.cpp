// What the parts of a stage cost alone, on the same bytes: the floor that tools/bench shows beside
// each stage.
//   gapferry-bench-floor parse FILE…      nlohmann's SAX with an empty handler
//   gapferry-bench-floor hash FILE…       BLAKE2b-512
//   gapferry-bench-floor insert DB        the attribute rows of DB into a bare table of the same
//   shape gapferry-bench-floor compress FILE    zstd, level 3 gapferry-bench-floor write FILE a
//   copy, synced
#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"

namespace {

using gapferry::AsBytes;

constexpr std::uint64_t kMostBytes = 4ULL << 30;

class Nothing : public nlohmann::json_sax<nlohmann::json> {
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

void Parse(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  Nothing nothing;
  if (!nlohmann::json::sax_parse(in, &nothing)) std::fprintf(stderr, "%s: no JSON\n", file.c_str());
}

void Hash(const std::string& file) {
  const gapferry::Fd fd = gapferry::OpenRegular(file).value();
  gapferry::Blake2b hash(64);
  gapferry::Bytes buffer(4 << 20);
  while (const std::size_t got = gapferry::ReadFull(fd.get(), buffer).value()) {
    hash.Update(gapferry::ByteView(buffer).first(got));
  }
  (void)hash.Finish512();
}

void Insert(const std::string& file) {
  SQLite::Database from(file, SQLite::OPEN_READONLY);
  SQLite::Database to(file + ".floor", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  to.exec(
      "PRAGMA journal_mode = DELETE; BEGIN;"
      "CREATE TABLE a (event INTEGER, uuid BLOB, object BLOB, type INTEGER, category INTEGER, "
      "value ANY, comment TEXT,"
      " relation INTEGER, timestamp INTEGER, flags INTEGER, tagset INTEGER, PRIMARY KEY (event, "
      "uuid)) WITHOUT ROWID");
  SQLite::Statement read(
      from,
      "SELECT event, uuid, object, type, category, value, comment, relation, timestamp, flags, "
      "tagset FROM attribute");
  SQLite::Statement put(to, "INSERT INTO a VALUES (?,?,?,?,?,?,?,?,?,?,?)");
  while (read.executeStep()) {
    for (int i = 0; i < 11; ++i) {
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
  ::unlink((file + ".floor").c_str());
}

void Compress(const std::string& file) {
  const std::string plain = gapferry::ReadFile(file, kMostBytes).value();
  std::string packed(ZSTD_compressBound(plain.size()), '\0');
  const std::size_t size =
      ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), 3);
  std::printf("%zu\n", size);
}

// Compresses first: callers subtract what `compress` took.
void Decompress(const std::string& file) {
  const std::string plain = gapferry::ReadFile(file, kMostBytes).value();
  std::string packed(ZSTD_compressBound(plain.size()), '\0');
  const std::size_t size =
      ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), 3);
  std::string back(plain.size(), '\0');
  (void)ZSTD_decompress(back.data(), back.size(), packed.data(), size);
}

void Check(const std::string& file) {
  SQLite::Database database(file, SQLite::OPEN_READONLY);
  (void)database.execAndGet("PRAGMA quick_check(1)").getString();
  SQLite::Statement read(database, "SELECT * FROM attribute");
  while (read.executeStep())
    (void)read.getColumn(5).getBytes();
}

void Digest(const std::string& file) {
  SQLite::Database database(file, SQLite::OPEN_READONLY);
  const std::int64_t rows = database.execAndGet("SELECT count(*) FROM attribute").getInt64();
  const gapferry::Bytes message(220, 7);
  const gapferry::Bytes key(32, 9);
  for (std::int64_t i = 0; i < rows; ++i)
    (void)gapferry::Hash256(message, key);
}

void Write(const std::string& file) {
  const std::string content = gapferry::ReadFile(file, kMostBytes).value();
  (void)gapferry::WriteFileAtomically(file + ".floor", content).ok();
  ::unlink((file + ".floor").c_str());
}

}  // namespace

int main(int argc, char** argv) {
  gapferry::InitCrypto();
  const std::vector<std::string> words(argv + 1, argv + argc);
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[0] == "parse") Parse(words[i]);
    if (words[0] == "hash") Hash(words[i]);
    if (words[0] == "insert") Insert(words[i]);
    if (words[0] == "compress") Compress(words[i]);
    if (words[0] == "decompress") Decompress(words[i]);
    if (words[0] == "check") Check(words[i]);
    if (words[0] == "digest") Digest(words[i]);
    if (words[0] == "write") Write(words[i]);
  }
  return words.size() < 2 ? 2 : 0;
}
