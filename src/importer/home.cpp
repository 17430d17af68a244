#include "importer/home.h"

namespace gapferry::importer {

bool Home::Exists(const Session& session) {
  std::error_code error;
  return std::filesystem::exists(std::filesystem::path(session.home) / "import.yml", error);
}

Result<Home> Home::Open(const Session& session) {
  std::error_code error;
  const bool configured =
      std::filesystem::exists(std::filesystem::path(session.home) / "import.yml", error);
  if (error) return SystemError("cannot look into " + session.home, error.value());
  if (!configured) {
    return Error::Make(Kind::kNotReady, "there is no gapferry home at {}", session.home)
        .Hint("`{} --home {} init --root MEDIUM/root-0001.json --fingerprint \"…\"` makes one",
              session.program, session.home);
  }
  return Home{std::filesystem::path(session.home)};
}

}  // namespace gapferry::importer
