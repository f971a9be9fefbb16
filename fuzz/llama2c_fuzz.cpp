// Any bytes as a llama2.c checkpoint and as its tokenizer.bin.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "limpid/formats/llama2c_checkpoint.hpp"
#include "limpid/formats/llama2c_tokenizer.hpp"

#include "expect.hpp"
#include "holds.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace limpid;
  static fuzz::MemoryFile memory;
  memory.set({reinterpret_cast<const char*>(data), size});
  fuzz::done_or_one_line(memory.error_begin(), [&] {
    const Config config = Llama2cFile(memory.path()).config();
    fuzz::expect(config.parameter_count() <= static_cast<Index>(size / 4),
                 "a model is no larger than its file");
  });
  fuzz::done_or_one_line(memory.error_begin(), [&] {
    const auto tokenizer = read_llama2c_tokenizer(memory.path());
    const std::string_view text(reinterpret_cast<const char*>(data), size < 200 ? size : 200);
    fuzz::expect(tokenizer->decode(tokenizer->encode(text)) == text, "decode gives the text back");
    fuzz::expect_places(*tokenizer, text, Specials::as_text);
  });
  return 0;
}
