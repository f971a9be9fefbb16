/// Sentence splitting: where does a sentence end? Not at every full stop.
///
///   Dr. A. Weber paid 3.50 for it. "Too much?" she asked. No... Not at all!
///   `---------------------------' `--------------------' `---' `---------'     4 sentences
///
/// A run of stops (. ! ? … and those of other scripts), with the quotes and brackets that close
/// behind it, ends a sentence, except where
///
///   no white space follows                       3.50, e.g. this address: limpid.example
///   a small letter follows                       "Too much?" she asked
///   an abbreviation stands before a name         Dr. Weber, e.g. Rome, cf. page 4
///   an abbreviation stands before a number       No. 5, Fig. 2; but: She said no. Then she left.
///   one capital stands alone                     A. Weber, U.S. Army; but: So am I. You too.
///   the sentence would be a bare number          1. Open the box.
///
/// The stops of scripts that have none of these uses (。 ？ ؟ ۔ । ። and more) always end one, and so
/// does an empty line. Rules only guess: "in the U.S. He left" stays whole here, "am 3. Mai" is
/// cut, and a sentence that begins with a small letter is taken for a part of the one before.
///
/// Why is there no sentence tokenizer? A vocabulary helps only if its entries come again. Of 6717
/// sentences in 400 KB of tales, whose world is small on purpose, 6658 occur once. With the first
/// half as vocabulary 99.7% of the second half's sentences are unknown, and 1.2% of its words
/// (invented names). sentence_test.cpp measures and prints it.
///
/// SOURCE  Unicode Standard Annex 29, section 5 (the properties); the rules are our own
/// USES    tokenizer/character_class, tokenizer/utf8
/// COST    one walk over the text
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"

namespace limpid {

/// The length in bytes of the first sentence, without the white space behind it.
/// REQUIRES text does not begin with white space and is not empty.
LIMPID_API std::size_t sentence_length(std::string_view text);

/// The sentences, as views into the text. Between them stands white space and nothing else.
LIMPID_API std::vector<std::string_view> split_sentences(std::string_view text);

}  // namespace limpid
