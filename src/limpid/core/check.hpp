/// Checks at the door of a module. A failed one throws std::invalid_argument with one line that
/// names the module, what was checked, both shapes or values:
///
///   layer_norm: x has shape [12, 64], expected [*, 128]
///
/// USES    core/matrix
/// ERRORS  std::invalid_argument
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"

namespace limpid {

inline constexpr Index kAny = -1;  ///< any number of rows or columns

/// Throws "module: message".
[[noreturn]] LIMPID_API void fail(std::string_view module, const std::string& message);

[[noreturn]] LIMPID_API void fail_shape(std::string_view module, std::string_view what, Index rows,
                                        Index cols, Index expected_rows, Index expected_cols);

/// REQUIRES nothing of the matrix: any Eigen matrix, block or view.
template <class Derived>
void check_shape(std::string_view module, std::string_view what,
                 const Eigen::MatrixBase<Derived>& matrix, Index rows, Index cols) {
  if ((rows != kAny && matrix.rows() != rows) || (cols != kAny && matrix.cols() != cols)) {
    fail_shape(module, what, matrix.rows(), matrix.cols(), rows, cols);
  }
}

/// Throws "module: what is value, expected lowest to highest".
LIMPID_API void check_range(std::string_view module, std::string_view what, Index value,
                            Index lowest, Index highest);

/// A text for a message: the first `longest` bytes and "..." where it has more, never half a character (UTF-8).
LIMPID_API std::string shortened(std::string_view text, std::size_t longest);

/// For conditions that are not shapes. The message is built only when the check fails, so write
///   if (width % heads != 0) fail("multi_head_attention", fmt::format(...));
/// where it needs numbers, and this where it does not.
inline void require(bool condition, std::string_view module, const char* message) {
  if (!condition) fail(module, message);
}

}  // namespace limpid
