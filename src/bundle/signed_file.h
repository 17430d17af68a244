// bundle/signed_file.h: a document and its signatures as files in one folder: `root-0002.json`,
// `root-0002.json.minisig`, and for further signers `root-0002.json.<KEYID>.minisig`. So a root can
// be signed and checked with minisign alone.
#pragma once

#include <filesystem>

#include "bundle/root.h"

namespace gapferry::bundle {

// Signature files read beside one document: more than anybody makes, so that what is no signature
// hides none.
constexpr std::size_t kMaxSignatureFiles = 4096;

// What lies beside a document as its signatures. Copies of one count once, and nothing that is none
// counts; if there is nothing else, that is what `texts` holds, so that its fault can be told.
struct FoundSignatures {
  std::vector<std::string> texts;
  std::vector<Error> left_out;  // files that are no signatures, beside some that are
};
[[nodiscard]] FoundSignatures ReadSignatures(const std::vector<std::filesystem::path>& files);

// The signatures in the order of their file names, as ReadSignatures takes them. No signature file
// is no error here: nothing that comes back is believed before CheckRole. Follows no link. Errors:
// kNotFound, kTooLarge, kIo: those of the document.
[[nodiscard]] Result<SignedDocument> ReadSignedFile(const std::filesystem::path& file,
                                                    std::size_t max_bytes);
// The signatures first: a document is there only when it is signed. The lowest key id takes the
// short name. Errors: kMalformed for a signature that does not parse; kIo, kNoSpace.
[[nodiscard]] Status WriteSignedFile(const std::filesystem::path& file,
                                     const SignedDocument& document);
// One more signature beside `file`, named after its key: the short name is left to `minisign -S`,
// which overwrites what it finds there. One of the same name that does not fit is replaced. Error:
// kUsage if `key` has signed already.
[[nodiscard]] Status AddSignatureFile(const std::filesystem::path& file, const PublicKey& key,
                                      const SignatureFile& signature);

}  // namespace gapferry::bundle
