/// The shape of a model, in one struct: what a model file must say before its numbers mean
/// anything.
///
/// Two families are built from the same parts:
///
///   gpt2    learned positions, layer norm, GELU (tanh), biases, tied embedding
///           Radford et al. 2019
///   llama   rotary positions, RMS norm, SwiGLU, grouped-query attention, no biases
///           Touvron et al. 2023
///
/// USES    core
/// ERRORS  validate() throws std::invalid_argument with one line: the key, its value, what was
///         expected
#pragma once

#include <cstdint>
#include <string_view>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"

namespace limpid {

enum class Family { gpt2, llama };

LIMPID_API std::string_view family_name(Family family);
/// ERRORS  std::invalid_argument naming the families there are
LIMPID_API Family family_from_name(std::string_view name);

struct LIMPID_API Config {
  Family family = Family::gpt2;
  Index vocab = 0;     ///< V: rows of the embedding, and of the head
  Index context = 64;  ///< the longest sequence, in tokens
  Index layers = 4;    ///< L: blocks
  Index heads = 4;     ///< H
  Index kv_heads = 4;  ///< G: each serves heads / kv_heads query heads
  Index width = 128;   ///< C
  Index hidden = 512;  ///< F: inside the feed-forward
  double dropout = 0;
  double norm_epsilon = 1e-5;
  double rotary_base = 10000;  ///< llama only
  bool tied = true;            ///< the head is the embedding's matrix, used the other way round

  Index head_width() const { return width / heads; }

  /// Throws unless a model can be built from this.
  void validate() const;

  /// Trainable numbers, and those among them that are position embeddings (a table look-up, no
  /// product).
  Index parameter_count() const;
  Index position_count() const;

  /// Floating point operations of one training step per token at this sequence length: 6 per
  /// parameter of a product (2 forward, 4 backward; positions and an untied embedding are looked up), and
  /// attention's two products, the masked half counted:
  ///   6 (parameters - looked up) + 12 layers width time
  double training_flops_per_token(Index time) const;

  bool operator==(const Config&) const = default;
};

}  // namespace limpid
