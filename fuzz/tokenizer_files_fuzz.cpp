// Any bytes as a file that describes a tokenizer. Either there is a tokenizer, and it does what every
// tokenizer does, or there is one line of error that begins with the file's name.
//
// The first byte chooses the format: t tokenizer.json; g encoder.json, a zero byte, vocab.bpe;
// r and R a rank file of tiktoken. The end of the bytes is a text to encode as well.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "limpid/formats/gpt2_vocabulary.hpp"
#include "limpid/formats/tiktoken_ranks.hpp"
#include "limpid/formats/tokenizer_json.hpp"

#include "holds.hpp"

namespace {

using namespace limpid;
using fuzz::expect;

constexpr std::size_t kTextBytes = 200;

std::unique_ptr<Tokenizer> read(char format, std::string_view file) {
  std::unique_ptr<Tokenizer> tokenizer;
  fuzz::done_or_one_line("F: ", [&] {
    if (format == 't') {
      tokenizer = from_tokenizer_json(file, "F");
    } else if (format == 'g') {
      const std::size_t end = file.find('\0');
      const std::string_view merges =
          end == std::string_view::npos ? std::string_view() : file.substr(end + 1);
      tokenizer = std::make_unique<BytePairTokenizer>(
          from_gpt2_vocabulary({"F", file.substr(0, end)}, {"F", merges}));
    } else if (format == 'r' || format == 'R') {
      const RankEncoding encoding{format == 'r' ? Pattern::gpt2 : Pattern::cl100k,
                                  {{"<|endoftext|>", 260}}};
      tokenizer = std::make_unique<BytePairTokenizer>(from_tiktoken_ranks(file, encoding, "F"));
    }
  });
  return tokenizer;
}

// A tokenizer may know too few characters, or cut within one: then it must say so.
void expect_use(const Tokenizer& tokenizer, std::string_view text) {
  try {
    fuzz::expect_round_trip(tokenizer, text);
  } catch (const std::invalid_argument& error) {
    const std::string_view kind = tokenizer.kind();
    const bool spells_all = kind == "bpe" || kind == "byte";
    expect(!spells_all, "bytes can spell every text");
    expect(kind == "wordpiece" || !tokenizer.unknown(), "nothing is unknown to an unknown token");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::unique_ptr<Tokenizer> tokenizer = read(input.front(), input.substr(1));
  if (tokenizer == nullptr) return 0;
  expect_use(*tokenizer, input.substr(size - std::min(size, kTextBytes)));
  // What was read can be written, and read as the same.
  const std::string json = to_tokenizer_json(*tokenizer);
  expect(from_tokenizer_json(json, "F")->fingerprint() == tokenizer->fingerprint(),
         "written and read, a tokenizer is the same");
  return 0;
}
