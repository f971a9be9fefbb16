/// Rotary positions: turn every pair of channels of a query or key by an angle that grows with its
/// position. Turned by m and n steps, a query and a key meet at the angle between them, so their
/// dot product knows only how far apart they are: m - n.
///
///   angle(m, i) = m * base^(-2i / D)                     m position, i = 0 .. D/2 - 1 the pair
///   a' = a cos(angle) - b sin(angle)
///   b' = a sin(angle) + b cos(angle)
///
/// The first pair turns by one radian per token, the last by about 1/base: fast hands for near
/// neighbours, slow ones for far away. Cos and sin share the angle, and values are not turned.
///
/// Backward: gradients pass a linear map through its transpose, and a rotation's transpose turns back:
///
///   da = da' cos(angle) + db' sin(angle)
///   db = -da' sin(angle) + db' cos(angle)
///
/// Which two channels make pair i is a habit of model families:
///
///   interleaved (the paper, llama2.c, GGUF)      (2i, 2i + 1)
///   split halves (GPT-NeoX, Hugging Face Llama)  (i, i + D/2)
///
/// They are the same function after a permutation of a head's channels; done once to the rows of
/// the query and key weights (`permute_rotary_rows`), it carries a model from one family to the
/// other.
///
/// The table of cos and sin is made by the constructor, in double, because float cannot hold an
/// angle of 100,000 radians to better than 0.004. It never changes, so the layers of a model, which all
/// turn by the same angles, share one; and threads may share the object.
///
/// SOURCE  Su et al. 2021, "RoFormer", arXiv:2104.09864, section 3.2.2 (their theta_i is
///         base^(-2i/D))
/// SHAPES  x, dx [N, heads * D], turned in place;  cosines, sines [positions, D/2]
/// SAVES   nothing: the angles depend on positions only
/// USES    core, nn/context
/// ERRORS  std::invalid_argument when D is odd or not positive, base or positions are not positive, a
///         position is beyond the table, or x does not fit
/// COST    3 operations per number of x; the memory of one table for all objects of the same D, base and
///         positions
#pragma once

#include <memory>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/nn/context.hpp"

namespace limpid {

enum class RotaryLayout { interleaved, split_halves };

struct RotaryOptions {
  RotaryLayout layout = RotaryLayout::split_halves;
  double base = 10000;
  Index positions = 2048;  ///< rows of the table: the longest sequence
};

/// cos and sin of every angle.
template <class Real>
struct RotaryTable {
  Matrix<Real> cosines, sines;  ///< [positions, D/2]
};

template <class Real>
class LIMPID_API Rotary {
 public:
  Rotary(Index head_width, const RotaryOptions& options);

  /// Turns every head of x: row n of a sequence stands at position context.offset + n.
  void forward(View<Real> x, const Context& context) const;
  /// Turns dx back.
  void backward(View<Real> dx, const Context& context) const;

  RotaryOptions options;
  std::shared_ptr<const RotaryTable<Real>> table;

 private:
  void turn(View<Real> x, const Context& context, Real direction) const;
};

/// Channel c of a head in layout `to` is channel permutation[c] of that head in layout `from`.
LIMPID_API std::vector<Index> rotary_permutation(Index head_width, RotaryLayout from,
                                                 RotaryLayout to);

/// The rows of a query or key weight, carried from one layout to the other within each head. A bias
/// goes as a matrix of one column.
/// SHAPES  weight [heads * D, C]
template <class Real>
LIMPID_API Matrix<Real> permute_rotary_rows(ConstView<Real> weight, Index head_width,
                                            RotaryLayout from, RotaryLayout to);

}  // namespace limpid
