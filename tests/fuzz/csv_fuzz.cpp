// rooms: collect
// Any bytes as a table, under every encoding: cells come from the input, values are UTF-8, and what
// has a form keeps it when it is read again.
#include "collect/csv_feed.h"
#include "tests/fuzz/fuzz.h"

std::vector<std::string> FuzzSeeds() {
  using namespace std::string_literals;
  return {"\0ip,host\n192.0.2.1,a.example.com\n"s,
          "\1\"a\nb\",\"http://example.com/\"\"x\"\n\"open,\nc.example.com\n"s,
          "\2# c\n\n,,\n[2001:db8::1]:443,x.exe|0123456789abcdef0123456789abcdef\n"s,
          "\3a.example.com\xCA\n"s, "\4\xFF\xFE"s + "a\0,\0b\0\n\0"s};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gapferry;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto& names = collect::EncodingNames();
  collect::CsvOptions options;
  options.encoding = collect::FindEncoding(names[data[0] % names.size()]).value();
  if ((data[0] & 0x80) != 0) options.columns.push_back(collect::CsvColumn::Parse("1").value());
  if ((data[0] & 0x40) != 0) options.columns.push_back(collect::CsvColumn::Parse("2+1").value());
  collect::ValueReport report;
  const collect::TakeValue take = [&](const collect::FormedValue& value, std::uint64_t line) {
    FUZZ_CHECK(!value.value.empty() && IsUtf8(value.value));
    FUZZ_CHECK(line >= 1 && line <= size + 1);
    return Ok();
  };
  (void)collect::ReadCsv(collect::TextSource(text), "x", options, take, &report);
  FUZZ_CHECK(report.refused.size() <= report.refused_count);
  return 0;
}
