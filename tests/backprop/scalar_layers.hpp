// A transformer's layers, one scalar at a time.
//
// Here stands every formula of the papers as it is written, with a Value for each number: no matrix, no
// backward pass, nothing saved. Value's one walk finds all gradients. The layers in `nn` say the same
// with whole matrices and with a backward pass written by hand; scalar_layers_test.cpp asks both for
// the same numbers. Read a layer here first, then its file in `nn`.
//
//   Numbers   the channels of one token, or a bias, or a row of scores
//   Rows      the tokens of one sequence, or a weight [out, in]
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "limpid/backprop/value.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/core/parameter.hpp"
#include "limpid/model/config.hpp"
#include "limpid/nn/cross_entropy.hpp"

namespace limpid::test::scalar {

using Numbers = std::vector<Value>;
using Rows = std::vector<Numbers>;

// --- To scalars and back --------------------------------------------------------------------------

inline Rows rows_of(const Matrix<double>& m) {
  Rows rows;
  for (Index i = 0; i < m.rows(); ++i) rows.emplace_back(m.row(i).begin(), m.row(i).end());
  return rows;
}

template <class Get>
Matrix<double> matrix_of(const Rows& rows, Get get) {
  Matrix<double> m(static_cast<Index>(rows.size()), static_cast<Index>(rows.at(0).size()));
  for (Index i = 0; i < m.rows(); ++i) {
    for (Index j = 0; j < m.cols(); ++j) {
      m(i, j) = get(rows[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)]);
    }
  }
  return m;
}
inline Matrix<double> numbers_of(const Rows& rows) {
  return matrix_of(rows, [](const Value& value) { return value.number(); });
}
inline Matrix<double> gradients_of(const Rows& rows) {
  return matrix_of(rows, [](const Value& value) { return value.grad(); });
}

// A module's parameters as leaves, by name. A vector is a matrix of one row.
class Weights {
 public:
  explicit Weights(const Parameters<double>& parameters) {
    for (const Parameter<double>& p : parameters) {
      const Index rows = p.shape.size() == 2 ? p.shape[0] : 1;
      rows_[p.name] = rows_of(Eigen::Map<const Matrix<double>>(
          p.value.data(), rows, static_cast<Index>(p.value.size()) / rows));
    }
  }
  const Rows& matrix(const std::string& name) const { return rows_.at(name); }
  // Where a layer has no bias, nothing is added.
  Numbers vector(const std::string& name) const {
    return rows_.contains(name) ? rows_.at(name).at(0) : Numbers{};
  }

 private:
  std::map<std::string, Rows> rows_;
};

// --- One token ------------------------------------------------------------------------------------

inline Value sum(const Numbers& numbers) {
  Value total = 0;
  for (const Value& number : numbers) total += number;
  return total;
}

inline Value mean(const Numbers& numbers) {
  return sum(numbers) / static_cast<double>(numbers.size());
}

inline Value dot(const Numbers& a, const Numbers& b) {
  Value total = 0;
  for (std::size_t i = 0; i < a.size(); ++i) total += a[i] * b[i];
  return total;
}

inline Numbers add(const Numbers& a, const Numbers& b) {
  Numbers total;
  for (std::size_t i = 0; i < a.size(); ++i) total.push_back(a[i] + b[i]);
  return total;
}

// y_o = sum over i of w_oi x_i, + b_o
inline Numbers linear(const Numbers& x, const Rows& weight, const Numbers& bias = {}) {
  Numbers y;
  for (std::size_t o = 0; o < weight.size(); ++o) {
    y.push_back(bias.empty() ? dot(weight[o], x) : dot(weight[o], x) + bias[o]);
  }
  return y;
}

// (x - mean) / sqrt(variance + eps), times the gain, plus the bias
inline Numbers layer_norm(const Numbers& x, const Numbers& gain, const Numbers& bias, double eps) {
  const Value m = mean(x);
  Numbers squares;
  for (const Value& number : x) squares.push_back(pow(number - m, 2));
  const Value deviation = pow(mean(squares) + eps, 0.5);
  Numbers y;
  for (std::size_t c = 0; c < x.size(); ++c)
    y.push_back((x[c] - m) / deviation * gain[c] + bias[c]);
  return y;
}

// x / sqrt(mean of x^2 + eps), times the gain
inline Numbers rms_norm(const Numbers& x, const Numbers& gain, double eps) {
  Numbers squares;
  for (const Value& number : x) squares.push_back(pow(number, 2));
  const Value length = pow(mean(squares) + eps, 0.5);
  Numbers y;
  for (std::size_t c = 0; c < x.size(); ++c) y.push_back(x[c] / length * gain[c]);
  return y;
}

inline Value gelu_tanh(const Value& x) {
  const double pi = 3.14159265358979323846;
  return 0.5 * x * (1 + tanh(std::sqrt(2 / pi) * (x + 0.044715 * pow(x, 3))));
}

inline Value silu(const Value& x) {
  return x / (1 + exp(-x));
}

// W_down gelu(W_up x + b_up) + b_down
inline Numbers feed_forward(const Numbers& x, const Weights& w, const std::string& name) {
  Numbers hidden = linear(x, w.matrix(name + "up.weight"), w.vector(name + "up.bias"));
  for (Value& number : hidden) number = gelu_tanh(number);
  return linear(hidden, w.matrix(name + "down.weight"), w.vector(name + "down.bias"));
}

// SwiGLU: W_down (silu(W_gate x) * W_up x). The rows of W_gate and W_up stand in one matrix.
inline Numbers gated_feed_forward(const Numbers& x, const Weights& w, const std::string& name) {
  const Numbers both = linear(x, w.matrix(name + "gate_up.weight"));
  const std::size_t half = both.size() / 2;
  Numbers hidden;
  for (std::size_t f = 0; f < half; ++f) hidden.push_back(silu(both[f]) * both[half + f]);
  return linear(hidden, w.matrix(name + "down.weight"));
}

// p_j = e^x_j / sum over i of e^x_i
inline Numbers softmax(const Numbers& x) {
  Numbers exponentials;
  for (const Value& number : x) exponentials.push_back(exp(number));
  const Value total = sum(exponentials);
  Numbers p;
  for (const Value& e : exponentials) p.push_back(e / total);
  return p;
}

// Channels i and i + D/2 of a head turn like the hands of a clock: position * base^(-2i/D) radians.
inline Numbers rotated(const Numbers& x, std::size_t position, double base) {
  const std::size_t half = x.size() / 2;
  Numbers y = x;
  for (std::size_t i = 0; i < half; ++i) {
    const double angle = static_cast<double>(position) *
                         std::pow(base, -static_cast<double>(i) / static_cast<double>(half));
    y[i] = x[i] * std::cos(angle) - x[i + half] * std::sin(angle);
    y[i + half] = x[i] * std::sin(angle) + x[i + half] * std::cos(angle);
  }
  return y;
}

// --- One sequence ---------------------------------------------------------------------------------

// One head: each token mixes the values of the tokens up to itself, by how well their keys fit.
inline Rows causal_attention(const Rows& q, const Rows& k, const Rows& v) {
  Rows y;
  for (std::size_t t = 0; t < q.size(); ++t) {
    Numbers scores;
    for (std::size_t s = 0; s <= t; ++s) {
      scores.push_back(dot(q[t], k[s]) / std::sqrt(static_cast<double>(q[t].size())));
    }
    const Numbers p = softmax(scores);
    Numbers mixture(v[t].size(), 0.0);
    for (std::size_t s = 0; s <= t; ++s) {
      for (std::size_t d = 0; d < mixture.size(); ++d) mixture[d] += p[s] * v[s][d];
    }
    y.push_back(mixture);
  }
  return y;
}

struct Heads {
  std::size_t queries,
      keys;            // heads of queries; heads of keys and values, each of which serves a group
  double rotary_base;  // 0: queries and keys are not turned
};

// All heads: cut the channels, let each head look for itself, put what they found side by side.
inline Rows multi_head_attention(const Rows& x, const Weights& w, const std::string& name,
                                 const Heads& heads) {
  Rows qkv;
  for (const Numbers& token : x) {
    qkv.push_back(linear(token, w.matrix(name + "qkv.weight"), w.vector(name + "qkv.bias")));
  }
  const std::size_t width = qkv[0].size() / (heads.queries + 2 * heads.keys);
  // A row of qkv is cut like this:  q_1 .. q_H  k_1 .. k_G  v_1 .. v_G
  const auto piece = [&](std::size_t number) {
    Rows rows;
    for (const Numbers& token : qkv) {
      const auto begin = token.begin() + static_cast<std::ptrdiff_t>(number * width);
      rows.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(width));
    }
    return rows;
  };
  const auto turned = [&](Rows rows) {
    for (std::size_t t = 0; t < rows.size() && heads.rotary_base > 0; ++t) {
      rows[t] = rotated(rows[t], t, heads.rotary_base);
    }
    return rows;
  };
  Rows merged(x.size());
  for (std::size_t h = 0; h < heads.queries; ++h) {
    const std::size_t g = h / (heads.queries / heads.keys);
    const Rows found = causal_attention(turned(piece(h)), turned(piece(heads.queries + g)),
                                        piece(heads.queries + heads.keys + g));
    for (std::size_t t = 0; t < x.size(); ++t) {
      merged[t].insert(merged[t].end(), found[t].begin(), found[t].end());
    }
  }
  Rows y;
  for (const Numbers& token : merged) {
    y.push_back(linear(token, w.matrix(name + "out.weight"), w.vector(name + "out.bias")));
  }
  return y;
}

// The whole model: a row of logits after each token.
inline Rows decoder(const std::vector<std::int32_t>& ids, const Weights& w, const Config& config) {
  const bool gpt2 = config.family == Family::gpt2;
  const auto norm = [&](const Rows& x, const std::string& name) {
    Rows y;
    for (const Numbers& token : x) {
      y.push_back(gpt2 ? layer_norm(token, w.vector(name + "gain"), w.vector(name + "bias"),
                                    config.norm_epsilon)
                       : rms_norm(token, w.vector(name + "gain"), config.norm_epsilon));
    }
    return y;
  };
  const Heads heads{static_cast<std::size_t>(config.heads),
                    static_cast<std::size_t>(config.kv_heads), gpt2 ? 0 : config.rotary_base};

  Rows x;
  for (std::size_t t = 0; t < ids.size(); ++t) {
    x.push_back(w.matrix("embedding.weight")[static_cast<std::size_t>(ids[t])]);
    if (gpt2) x[t] = add(x[t], w.matrix("positions.weight")[t]);
  }
  for (Index layer = 0; layer < config.layers; ++layer) {
    const std::string block = "blocks." + std::to_string(layer) + ".";
    const Rows seen =
        multi_head_attention(norm(x, block + "norm1."), w, block + "attention.", heads);
    for (std::size_t t = 0; t < x.size(); ++t) x[t] = add(x[t], seen[t]);
    const Rows normed = norm(x, block + "norm2.");
    for (std::size_t t = 0; t < x.size(); ++t) {
      x[t] = add(x[t], gpt2 ? feed_forward(normed[t], w, block + "feed_forward.")
                            : gated_feed_forward(normed[t], w, block + "feed_forward."));
    }
  }
  Rows logits;
  for (const Numbers& token : norm(x, "final_norm.")) {
    // Tied: the rows that tokens were read from are those that the outcome is compared with.
    logits.push_back(linear(token, w.matrix(config.tied ? "embedding.weight" : "head.weight")));
  }
  return logits;
}

// The mean of -log p(target) over the targets that count.
inline Value cross_entropy(const Rows& logits, const std::vector<std::int32_t>& targets) {
  Numbers losses;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (targets[i] == kIgnore) continue;
    losses.push_back(-log(softmax(logits[i])[static_cast<std::size_t>(targets[i])]));
  }
  return mean(losses);
}

}  // namespace limpid::test::scalar
