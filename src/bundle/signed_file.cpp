#include "bundle/signed_file.h"

#include <algorithm>
#include <map>

#include "base/file.h"

namespace gapferry::bundle {
namespace {

constexpr std::string_view kEnding = ".minisig";

std::filesystem::path FolderOf(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

// `<name>.minisig` or `<name>.<KEYID>.minisig`.
bool IsSignatureOf(std::string_view name, std::string_view file) {
  if (!file.starts_with(name) || !file.ends_with(kEnding)) return false;
  if (file.size() < name.size() + kEnding.size()) return false;
  const std::string_view between =
      file.substr(name.size(), file.size() - name.size() - kEnding.size());
  return between.empty() || (between.front() == '.' && ParseKeyId(between.substr(1)).has_value());
}

std::filesystem::path WithEnding(const std::filesystem::path& file, const std::string& infix) {
  std::filesystem::path path = file;
  path += infix + std::string(kEnding);
  return path;
}

}  // namespace

FoundSignatures ReadSignatures(const std::vector<std::filesystem::path>& files) {
  FoundSignatures found;
  std::vector<std::string> unreadable;
  for (const std::filesystem::path& file : files) {
    auto text = ReadRegularFile(file, kMaxSignatureFileBytes);
    auto signature = text.ok() ? ParseSignatureFile(*text) : Result<SignatureFile>(text.error());
    if (!signature.ok()) {
      if (text.ok() && unreadable.size() < kMaxSignatures)
        unreadable.push_back(std::move(text).value());
      found.left_out.push_back(std::move(signature).error().In(file.filename().string()));
    } else if (std::find(found.texts.begin(), found.texts.end(), *text) == found.texts.end()) {
      found.texts.push_back(std::move(text).value());
    }
  }
  if (found.texts.empty()) {
    found.texts = std::move(unreadable);
    found.left_out.clear();
  }
  return found;
}

Result<SignedDocument> ReadSignedFile(const std::filesystem::path& file, std::size_t max_bytes) {
  SignedDocument document;
  GF_TRY(document.bytes, ReadRegularFile(file, max_bytes));
  GF_TRY(const std::vector<std::filesystem::path> files, ListFiles(FolderOf(file)));
  const std::string name = file.filename().string();
  std::vector<std::filesystem::path> beside;
  std::copy_if(files.begin(), files.end(), std::back_inserter(beside),
               [&](const std::filesystem::path& other) {
                 return IsSignatureOf(name, other.filename().string());
               });
  if (beside.size() > kMaxSignatureFiles) beside.resize(kMaxSignatureFiles);
  document.signatures = ReadSignatures(beside).texts;
  return document;
}

Status WriteSignedFile(const std::filesystem::path& file, const SignedDocument& document) {
  std::map<std::string, const std::string*> by_key;
  for (const std::string& text : document.signatures) {
    GF_TRY(const SignatureFile signature, ParseSignatureFile(text));
    by_key.emplace(signature.key_id().ToString(), &text);
  }
  for (const auto& [id, text] : by_key) {
    const bool first = id == by_key.begin()->first;
    GF_CHECK(WriteFileAtomically(WithEnding(file, first ? "" : "." + id), *text));
  }
  return WriteFileAtomically(file, document.bytes);
}

Status AddSignatureFile(const std::filesystem::path& file, const PublicKey& key,
                        const SignatureFile& signature) {
  GF_TRY(const SignedDocument document, ReadSignedFile(file, kMaxRootBytes));
  const std::string id = signature.key_id().ToString();
  for (const std::string& text : document.signatures) {
    const auto there = ParseSignatureFile(text);
    if (there.ok() && there->trusted_comment() == signature.trusted_comment() &&
        Verify(key, Hash512(AsBytes(document.bytes)), *there).ok()) {
      return Error::Make(Kind::kUsage, "key {} has signed {} already", id, file.string())
          .Hint("a threshold counts keys, not signatures; another key must sign");
    }
  }
  return WriteFileAtomically(WithEnding(file, "." + id), signature.Serialize());
}

}  // namespace gapferry::bundle
