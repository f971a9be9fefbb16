// Any bytes as a safetensors file. Either its tensors can all be read, and are as large as they say, or there
// is one line of error that begins with the file's name. A good header is the same when it is written and read.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "limpid/formats/safetensors.hpp"

#include "expect.hpp"

namespace {

using namespace limpid;
using fuzz::expect;

void expect_use(const SafetensorsFile& file) {
  std::uint64_t begin = 0;
  for (const TensorInfo& tensor : file.tensors()) {
    expect(tensor.begin == begin, "a tensor begins where the one before it ends");
    begin = tensor.end;
    expect(file.read_bytes(tensor.name).size() == tensor.end - tensor.begin, "all bytes are read");
    std::vector<float> numbers;
    if (fuzz::done_or_one_line(file.path().string() + ": ",
                               [&] { numbers = file.read(tensor.name); })) {
      expect(static_cast<Index>(numbers.size()) == tensor.count(), "all numbers are read");
    }
  }
  SafetensorsHeader header{.tensors = file.tensors(), .metadata = file.metadata()};
  const auto again = SafetensorsHeader::parse("F", header.to_json(), begin);
  expect(again.metadata == header.metadata, "written and read, metadata is the same");
  expect(again.to_json() == header.to_json(), "written and read, a header is the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::MemoryFile memory;
  memory.set({reinterpret_cast<const char*>(data), size});
  fuzz::done_or_one_line(memory.error_begin(), [] { expect_use(SafetensorsFile(memory.path())); });
  return 0;
}
