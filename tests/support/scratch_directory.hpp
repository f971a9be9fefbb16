// A directory of a test's own below the system's temporary one, removed when the test ends.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace limpid::test {

class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "limpid-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
    path_ = name;
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

  // How many files it holds.
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
  }

 private:
  std::filesystem::path path_;
};

// Plain writing and reading, independent of what is tested.
inline void put(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) throw std::runtime_error(path.string() + ": cannot be written");
}

inline std::string get(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path.string() + ": cannot be opened");
  return {std::istreambuf_iterator<char>(file), {}};
}

// The message that an action fails with, with the directory's own path taken out; says so when it
// does not fail or when the message is not exactly one line.
template <class Action>
std::string failure(const std::filesystem::path& directory, Action&& action) {
  std::string message;
  try {
    action();
    return "no error";
  } catch (const std::runtime_error& error) {
    message = error.what();
  } catch (const std::invalid_argument& error) {
    message = error.what();
  }
  if (message.empty() || message.find('\n') != std::string::npos) return "not one line: " + message;
  const std::string prefix = directory.string() + "/";
  if (!directory.empty() && message.starts_with(prefix)) message.erase(0, prefix.size());
  return message;
}

}  // namespace limpid::test
