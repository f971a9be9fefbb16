/// BERT's words: what WordPiece cuts into pieces. Unlike the patterns of pretokenizer.hpp this step
/// forgets: white space, and with `lower_case` capitals and accents, do not come back.
///
///   "Où est l'Œuvre, 世界?"   lower_case   ou| est| l| '| œuvre| ,| 世| 界| ?
///                             as it is     Où| est| l| '| Œuvre| ,| 世| 界| ?
///
///   1. Drop U+0000, U+FFFD (so bytes that are not UTF-8 too), control and format characters and
///      those of private use.
///   2. Every kind of white space is a space. Chinese characters stand alone.
///   3. lower_case: small letters; decompose (NFD: é is e and an accent); drop the accents (Mn).
///   4. Cut at spaces; each sign of punctuation is a word: Unicode's P.. and all signs of ASCII.
///
/// Small letters are taken character by character: a Greek word keeps σ at its end. Dropping marks
/// suits Latin; of Devanagari it drops vowels (नमस्ते gives नमसत), as BERT's uncased models did.
///
/// Implementations differ in private use and in newer characters, whose class depends on the version
/// of Unicode: on fuzzed texts of characters assigned before 2002 this one agreed with Hugging Face's.
///
/// SOURCE  Devlin et al. 2018, arXiv:1810.04805, section 3 (input); its published BasicTokenizer
/// USES    tokenizer/character_class, tokenizer/utf8
/// COST    a few copies of the text
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"

namespace limpid {

LIMPID_API std::vector<std::string> bert_words(std::string_view text, bool lower_case);

}  // namespace limpid
