/// The matrix types of the whole house, and the letters that comments use for shapes.
///
/// Activations are row-major [N, C] matrices with N = B*T: one row per token, the rows of one
/// sequence one after the other. Row-major, because a token's channels are read together all the
/// time.
///
///   B batch    T time (sequence length)    N = B*T rows    C channels (the model's width)
///   H heads    G key/value heads           D head width    F hidden width    V vocabulary
///
/// A function that works on one head or one sequence takes a view: a block of a larger matrix, with
/// the larger matrix's stride between its rows. (A `const Matrix&` given a block copies it
/// silently.)
///
/// USES    nothing
#pragma once

#include <Eigen/Core>

namespace limpid {

using Index = Eigen::Index;

template <class Real>
using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// One row: a bias, a gain, the channels of one token. [C]
template <class Real>
using RowVector = Eigen::Matrix<Real, 1, Eigen::Dynamic, Eigen::RowMajor>;

/// A block of a matrix that is written through.
template <class Real>
using View = Eigen::Ref<Matrix<Real>, 0, Eigen::OuterStride<>>;

/// A block of a matrix that is read.
template <class Real>
using ConstView = Eigen::Ref<const Matrix<Real>, 0, Eigen::OuterStride<>>;

}  // namespace limpid
