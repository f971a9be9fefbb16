/// Reading JSON and asking it for its parts, as the readers of tokenizers' files do: every answer has
/// the type that was asked for, or there is an error that says the place.
///
///   model.vocab is [], expected object
///   model.dropout is 0.1, expected null: it is not supported
///   normalizer.clean_text is false, expected true
///
/// `place` stands before the key in messages: "model.", "added_tokens[3].". Json is nlohmann::json;
/// these are templates so that no header need include it.
///
/// USES    formats/file_handle
/// ERRORS  std::runtime_error, one line; a reader puts its file's name before it
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "limpid/core/export.hpp"

namespace limpid {

/// Throws the message.
[[noreturn]] LIMPID_API void reject(const std::string& message);

/// A text as JSON. `watch` is nlohmann's callback, which sees each part as it is read.
template <class Json>
LIMPID_API Json parse_json(std::string_view text, const typename Json::parser_callback_t& watch);

/// A callback for the parser that refuses a key which occurs twice in its object (readers differ about
/// which of the two counts) and what nests deeper than so many levels.
template <class Json>
LIMPID_API typename Json::parser_callback_t unique_keys(int deepest);

/// A value as it stands in the file, shortened, for messages.
template <class Json>
LIMPID_API std::string shown(const Json& value);

/// object[key], or null when it is not there.
template <class Json>
LIMPID_API const Json& get(const Json& object, const char* key);

/// object[key], which must be of a type.
template <class Json>
LIMPID_API const Json& get(const Json& object, const std::string& place, const char* key,
                           typename Json::value_t type);

/// object[key], which must be a text.
template <class Json>
LIMPID_API const std::string& get_text(const Json& object, const std::string& place,
                                       const char* key);

/// object[key] must be this value.
template <class Json>
LIMPID_API void expect_value(const Json& object, const std::string& place, const char* key,
                             const Json& expected);

/// Settings that would change the ids, and that no tokenizer here has: missing, null, false or "".
template <class Json>
LIMPID_API void expect_unset(const Json& object, const std::string& place,
                             std::initializer_list<const char*> keys);

}  // namespace limpid
