#include "limpid/tokenizer/utf8_stream.hpp"

#include <utility>

#include "limpid/tokenizer/utf8.hpp"

namespace limpid {

std::string Utf8Stream::push(std::string_view bytes) {
  // What was held back and what has come form one text.
  const std::string text = std::exchange(pending_, {}).append(bytes);
  std::string shown;
  shown.reserve(text.size());
  std::string_view rest = text;
  while (!rest.empty()) {
    const CodePoint point = first_code_point(rest);
    if (point.incomplete) break;
    if (point.valid) {
      shown.append(rest.substr(0, point.length));
    } else {
      append_utf8(shown, kReplacement);
    }
    rest.remove_prefix(point.length);
  }
  pending_ = rest;
  return shown;
}

std::string Utf8Stream::flush() {
  // What waits is the beginning of one character, hence one maximal subpart.
  std::string shown;
  if (!pending_.empty()) append_utf8(shown, kReplacement);
  pending_.clear();
  return shown;
}

std::string to_valid_utf8(std::string_view bytes) {
  Utf8Stream stream;
  std::string shown = stream.push(bytes);
  return shown += stream.flush();
}

}  // namespace limpid
