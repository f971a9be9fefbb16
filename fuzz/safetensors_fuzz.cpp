// Any bytes as a safetensors file: its header, and every tensor as bytes and as floats.
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "limpid/formats/safetensors.hpp"

#include "model_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace limpid;
  const auto path = fuzz::as_file(data, size);
  fuzz::expect_one_line(path, [&] {
    const SafetensorsFile file(path);
    for (const TensorInfo& tensor : file.tensors()) {
      fuzz::expect(file.read_bytes(tensor.name).size() <= size,
                   "a tensor is no larger than its file");
      fuzz::expect_one_line(path, [&] { file.read(tensor.name); });
    }
  });
  return 0;
}
