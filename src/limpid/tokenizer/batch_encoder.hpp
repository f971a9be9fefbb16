/// Many texts at once, on all threads.
///
/// The texts are dealt out in runs of about the same number of bytes, one run to a thread. Each
/// thread keeps a cache of its own (EncodeCache) from run to run and from call to call, so nobody
/// waits for a lock and the second batch is faster than the first. Which thread does what changes
/// no token.
///
/// USES    core, tokenizer/tokenizer
/// ERRORS  as Tokenizer::encode: of several bad texts, the first one's
/// COST    a cache per thread: 4 MB for byte pairs
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/tokenizer.hpp"

namespace limpid {

class LIMPID_API BatchEncoder {
 public:
  /// REQUIRES the tokenizer lives longer than this
  explicit BatchEncoder(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

  /// The tokens of each text.
  std::vector<std::vector<TokenId>> encode(std::span<const std::string_view> texts,
                                           Specials specials = Specials::as_text);

 private:
  const Tokenizer& tokenizer_;
  std::vector<std::unique_ptr<EncodeCache>> caches_;  // one per run
};

}  // namespace limpid
