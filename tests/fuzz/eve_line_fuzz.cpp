// rooms: importer
// Any bytes as a line of eve.json. Properties: what is an alert stays one with a member more at its
// end, every byte that it had stays, and it is then left alone; values are found in any event
// without harm.
#include "importer/eve_line.h"

#include "importer/alert_values.h"
#include "tests/fuzz/fuzz.h"

using namespace gapferry;

std::vector<std::string> FuzzSeeds() {
  return {
      R"({"event_type":"alert","src_ip":"192.0.2.1","dest_ip":"2001:db8::1","dest_port":80,"alert":{"gid":1,"signature_id":1500000},"dns":{"query":[{"rrname":"www.evil.example"}],"queries":[{"rrname":"evil.example."}]}})",
      R"({"alert":{"signature_id":1},"http":{"hostname":"Evil.Example:80","http_port":8080,"url":"http://evil.example/a?b","http_user_agent":"x"}})",
      R"({"alert":{},"tls":{"sni":"a.b.c","fingerprint":"00:11:22","ja3":{"hash":"ab"}},"files":[{"sha256":"AB"}],"fileinfo":{"md5":"cd"}} )",
      "{\"alert\":{}}\r\n",
  };
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const importer::EveLine read = importer::ReadEveLine(line);
  if (read.kind != importer::EveLine::Kind::kAlert) return 0;
  for (const char* set :
       {"domain-1", "domain-2-s1", "domain-", "hostname", "url-host", "ip-to-v4", "ip-from-v6",
        "networks-both", "iprep-source", "user-agent", "ja3", "x509-sha1", "md5", "sha256"})
    FUZZ_CHECK(importer::ValuesSeen(read.event, set).size() <= 2 * importer::kMaxSeenValues);
  const Json member = {{"destination", "ids"}};
  const std::string told = importer::WithMember(line, member);
  const importer::EveLine again = importer::ReadEveLine(told);
  FUZZ_CHECK(again.kind == importer::EveLine::Kind::kOther);
  const auto end = told.rfind(",\"gapferry\":");
  FUZZ_CHECK(end != std::string::npos && line.starts_with(std::string_view(told).substr(0, end)));
  Json expected = read.event;
  expected[importer::kEveKey] = member;
  FUZZ_CHECK(again.event == expected);
  return 0;
}
