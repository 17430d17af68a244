#include "intel/value.h"

#include <algorithm>
#include <charconv>

#include "base/bytes.h"

namespace gapferry::intel {
namespace {

constexpr std::array<std::string_view, kIndicatorKinds> kKindNames = {
    "address",    "network", "domain",    "hostname", "url",        "email",
    "md5",        "sha1",    "sha224",    "sha256",   "sha384",     "sha512",
    "other-hash", "ja3",     "x509-sha1", "filename", "user-agent", "other"};

constexpr std::array<std::string_view, 13> kProblemCodes = {"",
                                                            "value-empty",
                                                            "value-control-character",
                                                            "value-not-utf8",
                                                            "value-too-long",
                                                            "value-bad-address",
                                                            "value-bad-port",
                                                            "value-bad-name",
                                                            "value-single-label",
                                                            "value-bad-url",
                                                            "value-bad-email",
                                                            "value-bad-hash",
                                                            "value-bad-composite"};

void Add(Normalised* out, IndicatorKind kind, std::string value) {
  Indicator& indicator = out->indicators[out->count++];
  indicator.kind = kind;
  indicator.value = std::move(value);
}

void Fail(Normalised* out, ValueProblem problem) {
  out->problem = problem;
}

IndicatorKind HashKind(std::string_view type_name) {
  const std::size_t bar = type_name.find('|');
  const std::string_view hash =
      bar == std::string_view::npos ? type_name : type_name.substr(bar + 1);
  if (hash == "md5" || type_name == "malware-sample") return IndicatorKind::kMd5;
  if (hash == "sha1") return IndicatorKind::kSha1;
  if (hash == "sha224") return IndicatorKind::kSha224;
  if (hash == "sha256") return IndicatorKind::kSha256;
  if (hash == "sha384") return IndicatorKind::kSha384;
  if (hash == "sha512") return IndicatorKind::kSha512;
  if (hash == "ja3-fingerprint-md5") return IndicatorKind::kJa3;
  if (hash == "x509-fingerprint-sha1") return IndicatorKind::kX509Sha1;
  return IndicatorKind::kOtherHash;
}

// The digit in lower case; zero for what is none.
constexpr std::array<char, 256> kLowerHex = [] {
  std::array<char, 256> digits{};
  for (char c = 1; c < 0x7F; ++c) {
    if (IsAsciiHex(c)) digits[static_cast<std::uint8_t>(c)] = static_cast<char>(c | 0x20);
  }
  return digits;
}();

void NormaliseHex(const TypeInfo& type, std::string_view text, Normalised* out) {
  std::string hex(text);
  if (type.name.starts_with("x509-"))
    std::erase_if(hex, [](char c) { return c == ':' || c == ' '; });
  if (hex.size() != type.hex_length) return Fail(out, ValueProblem::kBadHash);
  bool all_hex = true;
  for (char& c : hex) {
    c = kLowerHex[static_cast<std::uint8_t>(c)];
    all_hex &= c != '\0';
  }
  if (!all_hex) return Fail(out, ValueProblem::kBadHash);
  out->value = hex;
  Add(out, HashKind(type.name), std::move(hex));
}

void NormaliseFilenameHash(const TypeInfo& type, std::string_view text, Normalised* out) {
  const std::size_t bar = text.rfind('|');
  if (bar == std::string_view::npos) return Fail(out, ValueProblem::kBadComposite);
  const std::string_view hash = AsciiTrim(text.substr(bar + 1));
  const std::string name(text.substr(0, bar));
  if (type.hex_length > 0) {
    NormaliseHex(type, hash, out);
    if (!out->ok()) return;
  } else {
    out->value = hash;
    Add(out, IndicatorKind::kOtherHash, std::string(hash));
  }
  out->value = name + '|' + out->value;
}

void NormaliseAddressType(std::string_view text, Normalised* out) {
  const std::optional<Network> network = ParseNetwork(Refang(text));
  if (!network) return Fail(out, ValueProblem::kBadAddress);
  out->value = network->ToString();
  Add(out, network->IsAddress() ? IndicatorKind::kAddress : IndicatorKind::kNetwork, out->value);
}

bool ReadPort(std::string_view text, Normalised* out) {
  auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), out->port);
  const bool good = error == std::errc{} && stop == text.data() + text.size() && out->port > 0;
  if (!good) Fail(out, ValueProblem::kBadPort);
  return good;
}

// "host|port" as MISP stores it, and the forms people type: host:port, [v6]:port.
bool SplitPort(std::string_view text, std::string_view* host, std::string_view* port) {
  std::size_t split = text.rfind('|');
  if (split == std::string_view::npos) split = text.rfind(':');
  if (split == std::string_view::npos) return false;
  *host = AsciiTrim(text.substr(0, split));
  *port = AsciiTrim(text.substr(split + 1));
  if (host->starts_with('[') && host->ends_with(']')) *host = host->substr(1, host->size() - 2);
  return true;
}

void NormaliseAddressPort(std::string_view text, Normalised* out) {
  const std::string plain = Refang(text);
  std::string_view host;
  std::string_view port;
  if (!SplitPort(plain, &host, &port)) return Fail(out, ValueProblem::kBadComposite);
  std::optional<std::string> address = NormaliseAddress(host);
  if (!address) return Fail(out, ValueProblem::kBadAddress);
  if (!ReadPort(port, out)) return;
  out->value = *address + '|' + std::to_string(out->port);
  Add(out, IndicatorKind::kAddress, *std::move(address));
}

bool AddName(std::string_view text, IndicatorKind kind, Normalised* out) {
  if (kind == IndicatorKind::kDomain) text = WithoutWildcard(text);
  std::optional<std::string> name = NormaliseName(text);
  if (!name) {
    Fail(out, ValueProblem::kBadName);
    return false;
  }
  if (name->find('.') == std::string::npos) {
    Fail(out, ValueProblem::kSingleLabel);
    return false;
  }
  Add(out, kind, *std::move(name));
  return true;
}

void NormaliseNameType(std::string_view text, IndicatorKind kind, Normalised* out) {
  if (AddName(Refang(text), kind, out)) out->value = out->indicators[0].value;
}

void NormaliseHostPort(std::string_view text, Normalised* out) {
  const std::string plain = Refang(text);
  std::string_view host;
  std::string_view port;
  if (!SplitPort(plain, &host, &port)) return Fail(out, ValueProblem::kBadComposite);
  if (!AddName(host, IndicatorKind::kHostname, out) || !ReadPort(port, out)) return;
  out->value = out->indicators[0].value + '|' + std::to_string(out->port);
}

void NormaliseDomainIp(std::string_view text, Normalised* out) {
  const std::size_t bar = text.find('|');
  if (bar == std::string_view::npos) return Fail(out, ValueProblem::kBadComposite);
  if (!AddName(Refang(AsciiTrim(text.substr(0, bar))), IndicatorKind::kDomain, out)) return;
  std::optional<std::string> address = NormaliseAddress(Refang(AsciiTrim(text.substr(bar + 1))));
  if (!address) return Fail(out, ValueProblem::kBadAddress);
  out->value = out->indicators[0].value + '|' + *address;
  Add(out, IndicatorKind::kAddress, *std::move(address));
}

void NormaliseUrlType(std::string_view text, Normalised* out) {
  std::string plain = Refang(text);
  const std::optional<Url> url = ParseUrl(plain);
  if (!url) return Fail(out, ValueProblem::kBadUrl);
  if (!url->host_is_address && url->host.find('.') == std::string::npos) {
    return Fail(out, ValueProblem::kSingleLabel);
  }
  const std::size_t mark = plain.find('#');
  const std::string_view fragment =
      mark == std::string::npos ? "" : std::string_view(plain).substr(mark + 1);
  out->fragment_decides =
      !fragment.empty() && (url->target == "/" || fragment[0] == '/' || fragment[0] == '!');
  out->value = std::move(plain);
  Add(out, IndicatorKind::kUrl, url->ToString());
}

void NormaliseEmail(std::string_view text, Normalised* out) {
  std::string plain = Refang(text);
  std::string_view address = plain;
  const std::size_t open = address.rfind('<');
  if (open != std::string_view::npos && address.ends_with('>')) {
    address = address.substr(open + 1, address.size() - open - 2);
  }
  const std::size_t at = address.find('@');
  if (at == std::string_view::npos || at == 0 ||
      address.find('@', at + 1) != std::string_view::npos ||
      address.find_first_of(" \t") != std::string_view::npos) {
    return Fail(out, ValueProblem::kBadEmail);
  }
  const std::optional<std::string> domain = NormaliseName(address.substr(at + 1));
  if (!domain) return Fail(out, ValueProblem::kBadEmail);
  out->value = std::string(address.substr(0, at + 1)) + *domain;
  // No server in use tells Joe@ from joe@, nor does MISP.
  Add(out, IndicatorKind::kEmail, AsciiLower(out->value));
}

// Version 2 names have 16, version 3 names 56 base32 characters (rend-spec-v3 §6).
void NormaliseOnion(std::string_view text, Normalised* out) {
  const std::optional<std::string> name = NormaliseName(WithoutWildcard(Refang(text)));
  if (!name || !name->ends_with(".onion")) return Fail(out, ValueProblem::kBadName);
  std::string_view label = std::string_view(*name).substr(0, name->size() - 6);
  label = label.substr(label.rfind('.') + 1);
  const bool base32 = std::all_of(label.begin(), label.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7');
  });
  if (!base32 || (label.size() != 16 && label.size() != 56))
    return Fail(out, ValueProblem::kBadName);
  out->value = *name;
  Add(out, IndicatorKind::kDomain, *name);
}

void NormaliseMac(std::string_view text, Normalised* out) {
  std::string digits;
  for (const char c : AsciiLower(text)) {
    if (IsAsciiHex(c)) digits.push_back(c);
  }
  if (digits.size() != 12) return Fail(out, ValueProblem::kBadHash);
  for (std::size_t i = 10; i > 0; i -= 2)
    digits.insert(i, ":");
  out->value = digits;
  Add(out, IndicatorKind::kOther, std::move(digits));
}

void NormaliseAutonomousSystem(std::string_view text, Normalised* out) {
  if (AsciiLower(text.substr(0, 2)) == "as") text.remove_prefix(2);
  const std::size_t dot = text.find('.');
  std::uint32_t high = 0;
  std::uint32_t low = 0;
  const auto read = [](std::string_view digits, std::uint32_t* number) {
    auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), *number);
    return error == std::errc{} && stop == digits.data() + digits.size();
  };
  bool good = false;
  if (dot == std::string_view::npos) {
    good = read(text, &low);
  } else {  // asdot (RFC 5396)
    good = read(text.substr(0, dot), &high) && read(text.substr(dot + 1), &low) && high <= 0xFFFF &&
           low <= 0xFFFF;
  }
  if (!good) return Fail(out, ValueProblem::kBadHash);
  out->value = std::to_string((high << 16) + low);
  Add(out, IndicatorKind::kOther, out->value);
}

void NormaliseText(const TypeInfo* type, std::string_view text, Normalised* out) {
  out->value = text;
  if (type == nullptr) return;
  IndicatorKind kind = IndicatorKind::kOther;
  if (type->name == "filename") kind = IndicatorKind::kFilename;
  if (type->name == "user-agent") kind = IndicatorKind::kUserAgent;
  Add(out, kind, out->value);
}

bool HasControlCharacter(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<std::uint8_t>(c) < 0x20 || c == 0x7F; });
}

// Free text, and rules such as yara, may have lines; everything that becomes an indicator may not.
bool MayHaveLines(const TypeInfo* type) {
  if (type == nullptr) return true;
  if (type->shape != Shape::kText) return false;
  return type->name != "filename" && type->name != "user-agent" && type->name != "regkey" &&
         type->name != "mutex" && type->name != "uri";
}

void ByShape(const TypeInfo& type, std::string_view text, Normalised* out) {
  switch (type.shape) {
    case Shape::kText:
      return NormaliseText(&type, text, out);
    case Shape::kLower: {
      out->value = AsciiLower(text);
      return Add(out, IndicatorKind::kOtherHash, out->value);
    }
    case Shape::kUpper: {
      out->value = text;
      for (char& c : out->value) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
      }
      return Add(out, IndicatorKind::kOther, out->value);
    }
    case Shape::kHex:
      return NormaliseHex(type, text, out);
    case Shape::kAddress:
      return NormaliseAddressType(text, out);
    case Shape::kAddressPort:
      return NormaliseAddressPort(text, out);
    case Shape::kDomain:
      return NormaliseNameType(text, IndicatorKind::kDomain, out);
    case Shape::kHostname:
      return NormaliseNameType(text, IndicatorKind::kHostname, out);
    case Shape::kHostPort:
      return NormaliseHostPort(text, out);
    case Shape::kDomainIp:
      return NormaliseDomainIp(text, out);
    case Shape::kUrl:
      return NormaliseUrlType(text, out);
    case Shape::kEmail:
      return NormaliseEmail(text, out);
    case Shape::kFilenameHash:
      return NormaliseFilenameHash(type, text, out);
    case Shape::kOnion:
      return NormaliseOnion(text, out);
    case Shape::kMac:
      return NormaliseMac(text, out);
    case Shape::kAutonomousSystem:
      return NormaliseAutonomousSystem(text, out);
    case Shape::kPort: {
      if (!ReadPort(text, out)) return;
      out->value = std::to_string(out->port);
      return;
    }
  }
}

}  // namespace

std::string_view IndicatorKindName(IndicatorKind kind) {
  return kKindNames[static_cast<std::size_t>(kind)];
}
std::string_view ValueProblemCode(ValueProblem problem) {
  return kProblemCodes[static_cast<std::size_t>(problem)];
}

void Normalise(const TypeInfo* type, std::string_view value, Normalised* out) {
  out->value.clear();
  out->count = 0;
  out->port = 0;
  out->fragment_decides = false;
  out->problem = ValueProblem::kNone;
  const std::string_view text = AsciiTrim(value);
  if (text.empty()) return Fail(out, ValueProblem::kEmpty);
  if (text.size() > kMaxValueBytes) return Fail(out, ValueProblem::kTooLong);
  if (!IsUtf8(text)) return Fail(out, ValueProblem::kNotUtf8);
  if (!MayHaveLines(type) && HasControlCharacter(text))
    return Fail(out, ValueProblem::kControlCharacter);
  if (type == nullptr) return NormaliseText(nullptr, text, out);
  ByShape(*type, text, out);
  if (!out->ok()) out->count = 0;
}

Normalised Normalise(std::string_view type_name, std::string_view value) {
  Normalised normalised;
  Normalise(FindType(type_name), value, &normalised);
  return normalised;
}

}  // namespace gapferry::intel
