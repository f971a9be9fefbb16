#include "limpid/nn/mimetic_initialization.hpp"

#include <cmath>

namespace limpid {
namespace {

// Rows of length 1 at right angles to each other: random ones, each freed of its shares in those above
// it (Gram and Schmidt). More rows than the space has directions begin a new set.
template <class Real>
Matrix<Real> random_basis(Index rows, Index cols, Rng& rng) {
  Matrix<Real> basis(rows, cols);
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < cols; ++j) basis(i, j) = static_cast<Real>(rng.normal());
    // Once more for what rounding left of the first time.
    for (int time = 0; time < 2; ++time) {
      for (Index above = i / cols * cols; above < i; ++above) {
        basis.row(i) -= basis.row(i).dot(basis.row(above)) * basis.row(above);
      }
      basis.row(i).normalize();
    }
  }
  return basis;
}

}  // namespace

template <class Real>
void mimetic_initialization(MultiHeadAttention<Real>& attention, Rng& rng,
                            const MimeticOptions& options) {
  const AttentionOptions& shape = attention.options;
  const Index D = shape.head_width, H = shape.heads, G = shape.kv_heads;
  View<Real> query_rows = attention.qkv.weight.topRows(H * D);
  View<Real> key_rows = attention.qkv.weight.middleRows(H * D, G * D);
  View<Real> value_rows = attention.qkv.weight.bottomRows(G * D);

  const auto likeness = static_cast<Real>(options.likeness);
  const auto copying = static_cast<Real>(std::sqrt(options.copying));
  const Matrix<Real> like = random_basis<Real>(G * D, shape.width, rng);
  key_rows += likeness * like;
  value_rows = copying * random_basis<Real>(G * D, shape.width, rng);
  for (Index h = 0; h < H; ++h) {
    const Index g = h * G / H;
    query_rows.middleRows(h * D, D) += likeness * like.middleRows(g * D, D);
    // The heads of a group share its values: each hands on its part of them.
    attention.out.weight.middleCols(h * D, D) =
        value_rows.middleRows(g * D, D).transpose() * (static_cast<Real>(G) / static_cast<Real>(H));
  }
}

template void mimetic_initialization(MultiHeadAttention<float>&, Rng&, const MimeticOptions&);
template void mimetic_initialization(MultiHeadAttention<double>&, Rng&, const MimeticOptions&);

}  // namespace limpid
