/// The part of a tokenizer.json that says how text is cut into pieces (tokenizer_json.hpp).
///
///   none                    null
///   none, to bytes          {"type": "ByteLevel", "use_regex": false, ...}
///   gpt2, to bytes          {"type": "ByteLevel", "use_regex": true, ...}       it knows this pattern
///   words                   {"type": "Split", "pattern": {"Regex": "..."}, "behavior": "Isolated", ...}
///   others, to bytes        {"type": "Sequence", "pretokenizers": [Split, ByteLevel]}
///
/// USES    formats/json_fields, tokenizer/pretokenizer
/// ERRORS  std::runtime_error, one line, when a step or a pattern has no equal here
#pragma once

#include <string>
#include <string_view>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/pretokenizer.hpp"

namespace limpid {

struct Cutting {
  Pattern pattern = Pattern::none;
  bool to_bytes = false;  ///< pieces are spelt in GPT-2's alphabet of bytes (byte_alphabet.hpp)
  bool operator==(const Cutting&) const = default;
};

LIMPID_API std::string to_pretokenizer_json(const Cutting& cutting);
LIMPID_API Cutting from_pretokenizer_json(std::string_view json);

}  // namespace limpid
