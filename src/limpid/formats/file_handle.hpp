/// An open file that closes itself, and how every error about a file reads.
///
/// All readers and writers of this area speak through `fail_file`: one line that begins with the
/// file, then the place in it, what was expected and what came. Names that come out of a stranger's
/// file go through `in_quotes`, so that a line break or a megabyte in them stays out of the
/// message.
///
///   runs/a/model.safetensors: tensor "wte.weight": end is 4096, expected at most 1024
///
/// USES    core
/// ERRORS  std::runtime_error
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

#include "limpid/core/export.hpp"

namespace limpid {

/// Throws "path: message", on one line whatever the two contain.
[[noreturn]] LIMPID_API void fail_file(const std::filesystem::path& path,
                                       const std::string& message);

/// Runs a step and returns what it returns; what goes wrong in it is said of this file.
template <class Step>
auto in_file(const std::filesystem::path& path, Step&& step) {
  try {
    return step();
  } catch (const std::runtime_error& error) {
    fail_file(path, error.what());
  } catch (const std::invalid_argument& error) {  // from what the file describes
    fail_file(path, error.what());
  }
}

/// Throws "path: cannot be opened: Permission denied", with the system's reason for `error`.
[[noreturn]] LIMPID_API void fail_system(const std::filesystem::path& path, std::string_view what,
                                         int error);

/// The text in double quotes, control characters escaped, cut after 80 bytes.
LIMPID_API std::string in_quotes(std::string_view text);

/// Owns a file descriptor of the system.
class LIMPID_API FileHandle {
 public:
  FileHandle() = default;
  explicit FileHandle(int descriptor) : descriptor_(descriptor) {}
  FileHandle(FileHandle&& other) noexcept : descriptor_(other.release()) {}
  FileHandle& operator=(FileHandle&& other) noexcept;
  FileHandle(const FileHandle&) = delete;
  FileHandle& operator=(const FileHandle&) = delete;
  ~FileHandle() { close(); }

  /// REQUIRES flags without O_CREAT or O_TRUNC
  /// ERRORS  the file is not there, or may not be opened
  static FileHandle open_existing(const std::filesystem::path& path, int flags);

  int get() const { return descriptor_; }
  bool is_open() const { return descriptor_ >= 0; }
  /// False when the system reports, only now, that earlier writing failed.
  bool close();

 private:
  int release();
  int descriptor_ = -1;
};

}  // namespace limpid
