// base/error.h: what can go wrong, named by cause.
// The kind alone decides the exit code of a program; kinds.cpp holds the one table of kind, code,
// summary and remedy that `explain` prints and docs/exit-codes.md is generated from.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gapferry {

enum class Kind {
  kInternal,       // our own bug
  kPartly,         // done, but some input was refused and named
  kUsage,          // the command line
  kConfig,         // a configuration file
  kIo,             // the operating system refused a read or write
  kNoSpace,        // a medium or disk is full
  kLocked,         // another process holds the state
  kNotFound,       // something the user named does not exist
  kNotReady,       // a step that must come first has not been done
  kMalformed,      // bytes that do not follow their format
  kTooLarge,       // bytes beyond a limit of size, depth or number
  kUnsupported,    // a version or feature this program does not know
  kIncomplete,     // a bundle lacks bytes that its manifest names
  kDamaged,        // stored bytes differ from their signed hash
  kBadSignature,   // altered, or not signed by the key it names
  kUnknownSigner,  // signed by a key that this site does not trust
  kRevokedSigner,  // signed by a key that a root, or the site itself, has revoked
  kRootStep,       // the chain of roots lacks the step from the root that is held
  kThreshold,      // fewer distinct trusted signers than the root asks for
  kWrongStream,    // signed, but for another site or stream
  // Encrypted, but to none of this site's identities.
  kWrongRecipient,
  kExpired,        // past its own expiry
  kClock,          // the clock and the bundle cannot both be right
  kRollback,       // older than what this site already accepted
  kEquivocation,   // another content under a number already accepted
  kDiverged,       // after applying, the state digest is not the signed one
  kPolicy,         // this site's policy refuses the whole
  kGuard,          // a change larger than the guard allows
  kSandbox,        // the sandbox cannot be built, or the child broke its rules
  kArtifactCheck,  // a consumer's own check refuses a generated artifact
  kPassphrase,     // a key is encrypted, and its passphrase is missing or wrong
  kInterrupted,    // the user or the system stopped it
  kNetwork,        // a server that cannot be reached, is not who it should be, or breaks off
  kDenied,         // a server that refuses this key or this call
  kUnfinished,     // what was begun elsewhere goes on, or its end cannot be seen
};

// What a person needs to know and do about one kind. Shown by `explain`.
struct KindInfo {
  Kind kind;
  int exit_code;
  std::string_view name;     // stable, for --json
  std::string_view summary;  // what it means
  std::string_view remedy;   // what to do next
};

[[nodiscard]] const KindInfo& Info(Kind kind);
[[nodiscard]] const KindInfo* FindKind(std::string_view name_or_code);
// Every kind, by exit code.
[[nodiscard]] const std::vector<KindInfo>& AllKinds();

struct Error {
  Kind kind = Kind::kInternal;
  std::string what;                // lower case, no full stop, names both values of a mismatch
  std::vector<std::string> hints;  // the next command to run

  template <typename... Args>
  [[nodiscard]] static Error Make(Kind kind, fmt::format_string<Args...> format, Args&&... args) {
    return Error{kind, fmt::format(format, std::forward<Args>(args)...), {}};
  }
  template <typename... Args>
  [[nodiscard]] Error Hint(fmt::format_string<Args...> format, Args&&... args) && {
    hints.push_back(fmt::format(format, std::forward<Args>(args)...));
    return std::move(*this);
  }
  // Says where the error arose: "<where>: <what>".
  [[nodiscard]] Error In(std::string_view where) && {
    what = fmt::format("{}: {}", where, what);
    return std::move(*this);
  }
};

}  // namespace gapferry
