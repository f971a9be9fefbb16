/// Multi-head attention: several small attentions side by side, each free to look for something
/// else, and a linear layer that mixes what they found.
///
///   q, k, v = x Wqkv^T + b                    one product for all heads, then cut by columns
///   y_h     = attention(q_h, k_g, v_g)        for every head h, on columns of width D
///   y       = [y_1 .. y_H] Wout^T + b
///
/// Splitting is only a way of looking: head h of sequence b is the block of rows b*T .. b*T + T - 1
/// and columns h*D .. h*D + D - 1 of a larger matrix. No number is moved or copied to split the
/// heads or to merge them.
///
///               columns of the qkv rows                       [N, (H + 2G) * D]
///   +-------+-----+-------+-------+-----+-------+-------+-----+-------+
///   |  q_1  | ... |  q_H  |  k_1  | ... |  k_G  |  v_1  | ... |  v_G  |
///   +-------+-----+-------+-------+-----+-------+-------+-----+-------+
///
/// Grouped-query attention: H heads of queries share G heads of keys and values, H/G each (G = H is
/// the classic, G = 1 multi-query). Keys and values are what a generator must remember, so fewer of
/// them make it cheaper. In backward their gradients add over the group.
///
/// Long sequences use flash attention (options.flash_from), which keeps one number per query where
/// the maps have T: the same results to rounding. Whoever wants to look at the maps asks for them with
/// context.attention_maps.
///
/// Without positions attention does not know order: permute the tokens and the outputs are
/// permuted. Order comes from the causal mask, from rotary positions (queries and keys are turned
/// here), or from positions that were added to x before.
///
/// SOURCE  Vaswani et al. 2017, arXiv:1706.03762, section 3.2.2; grouped queries:
///         Ainslie et al. 2023, arXiv:2305.13245
/// SHAPES  x, y, dy, dx [N, C];  qkv.weight [(H + 2G) * D, C], rows: queries, keys, values;
///         out.weight [C, H * D];  probabilities [T, T] or log_sum_exp [T] for each of B * H
/// SAVES   see Cache; the T * T maps, where there are any, grow with the square of the length
/// USES    core, nn/attention_mask, nn/context, nn/flash_attention, nn/initial_deviation, nn/kv_cache,
///         nn/linear, nn/rotary, nn/scaled_dot_product_attention
/// ERRORS  std::invalid_argument when the options are impossible or x, masks or cache do not fit
/// COST    2 N C D (2H + 2G) operations for the products with weights and 4 N T H D for attention
///         (half when causal and long) forward; twice that backward, of attention 2.5 times with flash
#pragma once

#include <optional>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/core/parameter.hpp"
#include "limpid/core/rng.hpp"
#include "limpid/nn/context.hpp"
#include "limpid/nn/initial_deviation.hpp"
#include "limpid/nn/kv_cache.hpp"
#include "limpid/nn/linear.hpp"
#include "limpid/nn/rotary.hpp"

namespace limpid {

struct AttentionOptions {
  Index width = 0;       ///< C
  Index heads = 1;       ///< H
  Index kv_heads = 0;    ///< G; 0 means as many as heads
  Index head_width = 0;  ///< D; 0 means width / heads
  bool causal = true;
  bool bias = true;
  std::optional<RotaryOptions> rotary = {};
  Index flash_from = 512;  ///< flash attention for T >= this; 1 means always, 0 never
};

template <class Real>
class LIMPID_API MultiHeadAttention {
 public:
  using Matrix = limpid::Matrix<Real>;

  struct Cache {
    typename Linear<Real>::Cache qkv;   ///< x, for the gradient of qkv.weight
    Matrix rows;                        ///< q, k, v (turned): each product needs the other factor
    std::vector<Matrix> probabilities;  ///< maps, number b * H + h: softmax's backward
    std::vector<RowVector<Real>> log_sum_exp;  ///< in their place with flash attention
    typename Linear<Real>::Cache out;          ///< merged heads: out.weight's gradient; flash's y
    Index bytes() const;
  };

  MultiHeadAttention() = default;
  /// `out` writes into the residual stream, so deep models draw it smaller, by this factor.
  MultiHeadAttention(const AttentionOptions& attention_options, Rng& rng, double out_scale = 1);

  /// Each row attends to the rows of its own sequence in x. context.key_mask hides rows from all.
  Matrix forward(Matrix x, const Context& context, Cache* cache) const;
  Matrix backward(const Matrix& dy, const Context& context, const Cache& cache);

  /// Each row attends to the rows remembered in `past` too; the new rows are appended to it, and
  /// past.length grows by context.time. REQUIRES context.offset == past.length, a causal layer
  Matrix forward_cached(Matrix x, const Context& context, KeyValueCache<Real>& past) const;
  /// An empty cache of the right width.
  KeyValueCache<Real> make_cache(Index batch, Index capacity) const;

  Parameters<Real> parameters();

  AttentionOptions options;  // with the zeros filled in
  Linear<Real> qkv, out;
  std::optional<Rotary<Real>> rotary;

 private:
  // The columns of a qkv row: queries, then keys, then as many values.
  Index query_columns() const { return options.heads * options.head_width; }
  Index key_columns() const { return options.kv_heads * options.head_width; }
  void check_rows(const char* what, const Matrix& rows, const Context& context) const;
  Matrix project(Matrix x, const Context& context, typename Linear<Real>::Cache* cache) const;
};

}  // namespace limpid
