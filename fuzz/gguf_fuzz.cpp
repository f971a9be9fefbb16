// Any bytes as a GGUF file: its header, its shape, its tokenizer and every row of its tensors.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "limpid/formats/gguf_config.hpp"
#include "limpid/formats/gguf_file.hpp"
#include "limpid/formats/gguf_tokenizer.hpp"

#include "expect.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace limpid;
  static fuzz::MemoryFile memory;
  memory.set({reinterpret_cast<const char*>(data), size});
  fuzz::done_or_one_line(memory.error_begin(), [&] {
    const GgufFile file(memory.path());
    std::vector<float> row;
    for (const GgufTensor& tensor : file.tensors()) {
      fuzz::expect(tensor.bytes() <= size, "a tensor is no larger than its file");
      row.resize(static_cast<std::size_t>(tensor.shape.back()));
      for (Index i = 0; i < tensor.rows(); ++i) file.read_row(tensor, i, row);
      file.release(tensor);
    }
    fuzz::done_or_one_line(memory.error_begin(), [&] {
      const Index numbers = read_gguf_config(file).model.config.parameter_count();
      // A quantised number takes more than half a byte.
      fuzz::expect(numbers <= static_cast<Index>(2 * size), "a model is no larger than its file");
    });
    const auto tokenizer = read_gguf_tokenizer(file.keys(), memory.path());
    const std::string_view text(reinterpret_cast<const char*>(data), size < 200 ? size : 200);
    fuzz::expect(tokenizer->decode(tokenizer->encode(text)) == text, "decode gives the text back");
  });
  return 0;
}
