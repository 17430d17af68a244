// collect/content_decoder.h: takes the encoding off a body (RFC 9110 §8.4.1). libcurl could, but
// does not tell a body that breaks off within its encoding from a whole one. Adapter: zlib stays in
// content_decoder.cpp.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/result.h"

namespace gapferry::collect {

// What is asked for.
constexpr std::string_view kAcceptEncoding = "Accept-Encoding: gzip, deflate";

class ContentDecoder {
 public:
  using TakeBytes = std::function<Status(std::string_view bytes)>;

  // `encoding`: of the header Content-Encoding; empty, "identity" and "none": none. Error:
  // kMalformed for one that was not asked for.
  [[nodiscard]] static Result<ContentDecoder> For(std::string_view encoding);
  ContentDecoder(ContentDecoder&&) noexcept;
  ContentDecoder& operator=(ContentDecoder&&) noexcept;
  ~ContentDecoder();

  // Errors: kNetwork for bytes that are not so encoded, and those of `take`.
  [[nodiscard]] Status Take(std::string_view bytes, const TakeBytes& take);
  // Whether the body may end here. Error: kNetwork.
  [[nodiscard]] Status CheckEnd() const;

 private:
  struct Stream;
  explicit ContentDecoder(std::unique_ptr<Stream> stream);

  std::unique_ptr<Stream> stream_;  // null: as they are
};

}  // namespace gapferry::collect
