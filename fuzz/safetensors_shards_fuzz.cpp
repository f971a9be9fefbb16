// Any bytes as model.safetensors.index.json, beside two good shards. Either every tensor of the index is found where
// it says, or there is one line of error that begins with a file of the directory.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "limpid/formats/safetensors.hpp"
#include "limpid/formats/safetensors_shards.hpp"

#include "expect.hpp"

namespace {

namespace fs = std::filesystem;

// Lives as long as the program.
struct Directory {
  fs::path path = fs::temp_directory_path() / ("limpid-fuzz-" + std::to_string(::getpid()));
  Directory() {
    fs::create_directory(path);
    const std::vector<float> numbers{1, 2, 3};
    limpid::write_safetensors(path / "a", {},
                              {{limpid::tensor_to_write<float>("x", {3}, numbers)}});
    limpid::write_safetensors(path / "b", {},
                              {{limpid::tensor_to_write<float>("y", {3}, numbers)}});
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() { fs::remove_all(path); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace limpid;
  static const Directory directory;
  std::ofstream(directory.path / "model.safetensors.index.json", std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  fuzz::done_or_one_line(directory.path.string() + "/", [&] {
    const SafetensorsShards shards(directory.path);
    for (const std::string& name : shards.names()) {
      fuzz::expect(shards.file_of(name).read(name) == std::vector<float>{1, 2, 3},
                   "a tensor is where the index says");
    }
  });
  return 0;
}
