/// The tensors of a file beside our parameters: which rows of which parameter each of them is, and
/// in which order.
///
/// The order differs where positions turn pairs of channels (nn/rotary). Here channel i of a head of
/// width D turns with channel i + D/2; in llama2.c's and GGUF's files with its neighbour. So the
/// files hold the rows of the queries' and keys' weights in another order, for each head:
///
///   theirs   0  1    2  3        4  5            width 6
///   ours     0  3    1  4        2  5            row r is row r/2, of the second half when r is odd
///
/// The other rows, and biases and gains, stand as they do here.
///
/// SOURCE  Su et al. 2021, arXiv:2104.09864, section 3.4.2 (neighbours turn together)
/// USES    core, formats/file_handle, formats/tensor_names, model/config
/// ERRORS  std::invalid_argument when names, parameters and configuration disagree: a mistake of this
///         program, not of a file
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/core/parameter.hpp"
#include "limpid/formats/tensor_names.hpp"
#include "limpid/model/config.hpp"

namespace limpid {

struct LIMPID_API ModelTensor {
  std::string name;          ///< in the file
  std::vector<Index> shape;  ///< [out, in], or [C]
  std::span<float> numbers;  ///< whole rows of one of our parameters
  Index turned_width = 0;    ///< D when the rows of each head come in the order above, else 0

  Index row_size() const { return shape.back(); }
  Index rows() const { return static_cast<Index>(numbers.size()) / row_size(); }
  /// Our numbers for the file's row.
  std::span<float> row(Index theirs) const;
};

/// Every parameter paired with the tensors of these names, in the order of the names. Queries and
/// keys come with their rows in the other order; who wants them as they are takes `numbers`. `place` stands
/// before messages.
LIMPID_API std::vector<ModelTensor> model_tensors(const std::vector<TensorName>& names,
                                                  const Config& config,
                                                  const Parameters<float>& parameters,
                                                  const char* place = "model_tensors");

/// No tensor says how many positions a rotary table has, so a file may promise any number of them: not more
/// than some millions of numbers, or than the model has itself.
/// ERRORS  std::runtime_error: the configuration in `path` asks for more
LIMPID_API void expect_small_tables(const std::filesystem::path& path, const Config& config);

}  // namespace limpid
