#include "collect/extra.h"

namespace gapferry::collect {

void AppendJsonString(std::string_view text, std::string* out) {
  out->push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(*out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

void ExtraWriter::Begin(std::string* extra, std::string_view key) {
  extra_ = extra;
  closers_.clear();
  if (extra_ == nullptr) return;
  start_ = extra_->size();
  // The object's own brace gives way to the next key.
  if (start_ == 0) {
    extra_->push_back('{');
  } else {
    extra_->back() = ',';
  }
  AppendJsonString(key, extra_);
  extra_->push_back(':');
  content_ = extra_->size();
}

void ExtraWriter::Separate() {
  const char last = extra_->back();
  if (extra_->size() > content_ && last != ':' && last != '[' && last != '{')
    extra_->push_back(',');
}

void ExtraWriter::Limit() {
  if (extra_->size() < kMaxExtraBytes) return;
  extra_->resize(start_);
  if (start_ > 0) extra_->back() = '}';
  extra_ = nullptr;
}

void ExtraWriter::Key(std::string_view key) {
  if (extra_ == nullptr) return;
  Separate();
  AppendJsonString(key, extra_);
  extra_->push_back(':');
  Limit();
}

void ExtraWriter::Value(const Scalar& value) {
  if (extra_ == nullptr) return;
  Separate();
  switch (value.form) {
    case Scalar::Form::kNull:
      extra_->append("null");
      break;
    case Scalar::Form::kBool:
      extra_->append(value.flag ? "true" : "false");
      break;
    case Scalar::Form::kText:
      AppendJsonString(value.text, extra_);
      break;
    default:
      extra_->append(value.text);
  }
  Limit();
}

void ExtraWriter::Open(bool object) {
  if (extra_ == nullptr) return;
  Separate();
  extra_->push_back(object ? '{' : '[');
  closers_.push_back(object ? '}' : ']');
  Limit();
}

void ExtraWriter::Close() {
  if (extra_ == nullptr) return;
  extra_->push_back(closers_.back());
  closers_.pop_back();
  Limit();
}

void ExtraWriter::End() {
  if (extra_ == nullptr) return;
  const std::string_view content = std::string_view(*extra_).substr(content_);
  if (content == "null" || content == "\"\"" || content == "[]" || content == "{}") {
    extra_->resize(start_);
    if (start_ > 0) extra_->back() = '}';
  } else {
    extra_->push_back('}');
  }
  extra_ = nullptr;
}

}  // namespace gapferry::collect
