#include <cstdio>

#include "importer/commands.h"
#include "transfer/row_json.h"

namespace gapferry::importer {

Command DumpCommand() {
  return {"dump", "print every row of the store as a line of JSON",
          "In the order in which rows travel: sources, below them events with their objects, "
          "attributes, references and "
          "reports, then warninglists with their entries.",
          [](Arguments&) -> Runner {
            return [](Session& session) -> Status {
              GF_TRY(const Home home, Home::Open(session));
              GF_TRY(store::Store store, store::Store::OpenReadOnly(home.store_file()));
              return store.Reader().ForEach([](const store::Record& record) -> Status {
                const std::string line = DumpJson(transfer::RowJson(record)) + '\n';
                if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size()) {
                  return Error::Make(Kind::kIo, "cannot write to standard output");
                }
                return Ok();
              });
            };
          }};
}

}  // namespace gapferry::importer
