#include "limpid/nn/multi_head_attention.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/core/parallel.hpp"
#include "limpid/nn/attention_mask.hpp"
#include "limpid/nn/flash_attention.hpp"
#include "limpid/nn/scaled_dot_product_attention.hpp"

namespace limpid {
namespace {

constexpr const char* kMultiHead = "multi_head_attention";

AttentionOptions completed(AttentionOptions options) {
  if (options.width < 1 || options.heads < 1) {
    fail(kMultiHead, fmt::format("width is {} and heads is {}, expected both >= 1", options.width,
                                 options.heads));
  }
  if (options.head_width == 0) {
    if (options.width % options.heads != 0) {
      fail(kMultiHead, fmt::format("width is {}, expected a multiple of the {} heads",
                                   options.width, options.heads));
    }
    options.head_width = options.width / options.heads;
  }
  if (options.kv_heads == 0) options.kv_heads = options.heads;
  if (options.head_width < 1) {
    fail(kMultiHead, fmt::format("head_width is {}, expected >= 1", options.head_width));
  }
  if (options.kv_heads < 1 || options.heads % options.kv_heads != 0) {
    fail(kMultiHead, fmt::format("heads is {}, expected a multiple of the {} kv_heads",
                                 options.heads, options.kv_heads));
  }
  if (options.flash_from < 0) {
    fail(kMultiHead, fmt::format("flash_from is {}, expected >= 0", options.flash_from));
  }
  return options;
}

// The keys and values that one call attends to: those of x itself, or those of a cache.
template <class Real>
struct Memory {
  ConstView<Real> keys, values;  // [B * stride, G * D]
  Index stride;                  // rows from one sequence's first to the next one's
  Index length;                  // rows of each sequence that count; the queries are the last
  std::span<const std::uint8_t> visible;  // [B * stride] or empty

  ConstView<Real> key_head(Index b, Index g, Index D) const {
    return keys.block(b * stride, g * D, length, D);
  }
  ConstView<Real> value_head(Index b, Index g, Index D) const {
    return values.block(b * stride, g * D, length, D);
  }
  AttentionMask mask(Index b, bool causal, Index queries) const {
    if (visible.empty()) return {causal, length - queries, {}};
    return {
        causal, length - queries,
        visible.subspan(static_cast<std::size_t>(b * stride), static_cast<std::size_t>(length))};
  }
};

// All heads of all sequences, merged: [N, H * D]. Each head writes its own block. Flash or plain is
// decided by the number of queries (and by who wants the maps), not by the keys: a few queries, as in
// decoding, have no large matrix to avoid.
template <class Real>
Matrix<Real> attend(ConstView<Real> queries, const Memory<Real>& memory,
                    const AttentionOptions& options, const Context& context,
                    typename MultiHeadAttention<Real>::Cache* cache) {
  const Index H = options.heads, D = options.head_width, T = context.time;
  const Index group = H / options.kv_heads;
  Matrix<Real> merged(context.rows(), H * D);
  const bool flash = options.flash_from > 0 && T >= options.flash_from && !context.attention_maps;
  if (cache != nullptr) {
    const auto pieces = static_cast<std::size_t>(context.batch * H);
    cache->probabilities.resize(flash ? 0 : pieces);
    cache->log_sum_exp.resize(flash ? pieces : 0);
  }
  // A head of a few numbers is not worth waking a thread for.
  const Index grain = 1 + kGrain / (1 + T * memory.length * D);
  parallel_for(context.batch * H, grain, [&](Index begin, Index end) {
    for (Index piece = begin; piece < end; ++piece) {
      const Index b = piece / H, h = piece % H, g = h / group;
      const auto head = static_cast<std::size_t>(piece);
      const View<Real> y = merged.block(b * T, h * D, T, D);
      const ConstView<Real> q = queries.block(b * T, h * D, T, D);
      const ConstView<Real> k = memory.key_head(b, g, D), v = memory.value_head(b, g, D);
      const AttentionMask mask = memory.mask(b, options.causal, T);
      if (flash) {
        flash_attention<Real>(y, q, k, v, mask,
                              cache != nullptr ? &cache->log_sum_exp[head] : nullptr);
      } else {
        scaled_dot_product_attention<Real>(
            y, q, k, v, mask, cache != nullptr ? &cache->probabilities[head] : nullptr);
      }
    }
  });
  return merged;
}

}  // namespace

template <class Real>
MultiHeadAttention<Real>::MultiHeadAttention(const AttentionOptions& attention_options, Rng& rng,
                                             double out_scale)
    : options(completed(attention_options)),
      qkv(options.width, (options.heads + 2 * options.kv_heads) * options.head_width, options.bias,
          rng),
      out(options.heads * options.head_width, options.width, options.bias, rng,
          out_scale * initial_deviation(options.width)) {
  if (options.rotary) rotary.emplace(options.head_width, *options.rotary);
}

template <class Real>
void MultiHeadAttention<Real>::check_rows(const char* what, const Matrix& rows,
                                          const Context& context) const {
  check_shape(kMultiHead, what, rows, context.rows(), options.width);
  if (rows.rows() == 0)
    fail(kMultiHead, fmt::format("{} has no rows, expected at least one", what));
  const auto entries = static_cast<Index>(context.key_mask.size());
  if (entries != 0 && entries != context.rows()) {
    fail(kMultiHead, fmt::format("key_mask has {} entries, expected {}", entries, context.rows()));
  }
}

// Queries, keys and values of every row, turned to their positions: [N, (H + 2G) * D].
template <class Real>
auto MultiHeadAttention<Real>::project(Matrix x, const Context& context,
                                       typename Linear<Real>::Cache* cache) const -> Matrix {
  check_rows("x", x, context);
  Matrix rows = qkv.forward(std::move(x), cache);
  if (rotary) rotary->forward(rows.leftCols(query_columns() + key_columns()), context);
  return rows;
}

//   rows   = x Wqkv^T           [N, (H + 2G) D]   queries, keys and values side by side
//   merged = every head's y     [N, H D]          head h in columns h D to (h + 1) D
//   out    = merged Wout^T      [N, C]
template <class Real>
auto MultiHeadAttention<Real>::forward(Matrix x, const Context& context, Cache* cache) const
    -> Matrix {
  Matrix rows = project(std::move(x), context, cache != nullptr ? &cache->qkv : nullptr);
  const Memory<Real> own{rows.middleCols(query_columns(), key_columns()),
                         rows.rightCols(key_columns()), context.time, context.time,
                         context.key_mask};
  Matrix merged = attend<Real>(rows.leftCols(query_columns()), own, options, context, cache);
  if (cache != nullptr) cache->rows = std::move(rows);
  return out.forward(std::move(merged), cache != nullptr ? &cache->out : nullptr);
}

template <class Real>
auto MultiHeadAttention<Real>::forward_cached(Matrix x, const Context& context,
                                              KeyValueCache<Real>& past) const -> Matrix {
  require(options.causal, kMultiHead,
          "a cache needs causal attention: old rows would see the new ones");
  check_shape(kMultiHead, "past.keys", past.keys, kAny, options.kv_heads * options.head_width);
  past.check_fits(context);
  Matrix rows = project(std::move(x), context, nullptr);
  past.append(rows.middleCols(query_columns(), key_columns()), rows.rightCols(key_columns()),
              context);
  const Memory<Real> all{past.keys, past.values, past.capacity, past.length, past.visible};
  return out.forward(attend<Real>(rows.leftCols(query_columns()), all, options, context, nullptr),
                     nullptr);
}

// From the last line to the first: out gives dmerged; each head makes dq, dk and dv of its columns; rotary
// turns dq and dk back; qkv gives dx.
template <class Real>
auto MultiHeadAttention<Real>::backward(const Matrix& dy, const Context& context,
                                        const Cache& cache) -> Matrix {
  const Index H = options.heads, G = options.kv_heads, D = options.head_width;
  const Index T = context.time, group = H / G;
  check_rows("dy", dy, context);
  check_shape(kMultiHead, "cache.rows", cache.rows, context.rows(), qkv.weight.rows());
  const bool flash = !cache.log_sum_exp.empty();
  const std::size_t heads = flash ? cache.log_sum_exp.size() : cache.probabilities.size();
  if (static_cast<Index>(heads) != context.batch * H) {
    fail(kMultiHead, fmt::format("cache has {} heads, expected {}", heads, context.batch * H));
  }
  const Matrix dmerged = out.backward(dy, cache.out);  // [N, H * D]

  // The heads of a group add to the same dk and dv: one piece takes them one after the other, so no
  // two threads write to one place, and the order of the sum does not depend on them.
  Matrix drows(cache.rows.rows(), cache.rows.cols());
  const Memory<Real> own{cache.rows.middleCols(query_columns(), key_columns()),
                         cache.rows.rightCols(key_columns()), T, T, context.key_mask};
  parallel_for(context.batch * G, 1, [&](Index piece, Index) {
    const Index b = piece / G, g = piece % G;
    View<Real> dk = drows.middleCols(query_columns(), key_columns()).block(b * T, g * D, T, D);
    View<Real> dv = drows.rightCols(key_columns()).block(b * T, g * D, T, D);
    dk.setZero();
    dv.setZero();
    for (Index h = g * group; h < (g + 1) * group; ++h) {
      const auto head = static_cast<std::size_t>(b * H + h);
      const View<Real> dq = drows.block(b * T, h * D, T, D);
      const ConstView<Real> dy_head = dmerged.block(b * T, h * D, T, D);
      const ConstView<Real> q = cache.rows.block(b * T, h * D, T, D);
      const ConstView<Real> k = own.key_head(b, g, D), v = own.value_head(b, g, D);
      const AttentionMask mask = own.mask(b, options.causal, T);
      if (flash) {
        const ConstView<Real> y = cache.out.x.block(b * T, h * D, T, D);
        flash_attention_backward<Real>(dq, dk, dv, dy_head, q, k, v, y, mask,
                                       cache.log_sum_exp[head]);
      } else {
        scaled_dot_product_attention_backward<Real>(dq, dk, dv, dy_head, q, k, v, mask,
                                                    cache.probabilities[head]);
      }
    }
  });
  if (rotary) rotary->backward(drows.leftCols(query_columns() + key_columns()), context);
  return qkv.backward(drows, cache.qkv);
}

template <class Real>
KeyValueCache<Real> MultiHeadAttention<Real>::make_cache(Index batch, Index capacity) const {
  return KeyValueCache<Real>(batch, capacity, options.kv_heads * options.head_width);
}

template <class Real>
Index MultiHeadAttention<Real>::Cache::bytes() const {
  Index numbers = rows.size();
  for (const Matrix& p : probabilities) numbers += p.size();
  for (const RowVector<Real>& l : log_sum_exp) numbers += l.size();
  return qkv.bytes() + out.bytes() + numbers * static_cast<Index>(sizeof(Real));
}

template <class Real>
auto MultiHeadAttention<Real>::parameters() -> Parameters<Real> {
  Parameters<Real> all;
  append_parameters(all, "qkv", qkv.parameters());
  append_parameters(all, "out", out.parameters());
  return all;
}

template class MultiHeadAttention<float>;
template class MultiHeadAttention<double>;

}  // namespace limpid
