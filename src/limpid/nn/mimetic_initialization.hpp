/// Mimetic initialization: attention that begins by looking for its like and handing on what it finds.
///
/// A model that has learned to recall a fact has built a circuit out of two parts: a head that looks from
/// the place where a word is wanted to the place where it was told, and a path that carries the word over
/// unchanged. From small random weights neither part pays before the other one works, so for a long time
/// nothing pulls at either. Trained models end near the identity in both, so we start there:
///
///   Wout_h Wv_h, summed over the heads  =  copying I        what is attended to is handed on as it is
///                                                           (G D = C; fewer value rows project)
///   Wq_h^T Wk_h  =  likeness^2 P_g  +  small noise          like looks for like; P_g projects on D of the
///                                                           C directions, other ones for each group
///
/// Only the start changes: the shapes, the forward and the training stay what they were.
///
///   random rows of length 1, at right angles       basis   [G * D, C]
///   value rows of group g    sqrt(copying) basis_g;   out columns of head h   sqrt(copying) basis_g^T G/H
///   key rows of group g      += likeness basis'_g;    query rows of head h    += likeness basis'_g
///
/// SOURCE  Trockman, Kolter 2023, "Mimetic Initialization of Self-Attention Layers", arXiv:2305.09828
/// SHAPES  as nn/multi_head_attention
/// USES    core, nn/multi_head_attention
/// REQUIRES attention is fresh: its weights are small random numbers
#pragma once

#include "limpid/core/export.hpp"
#include "limpid/core/rng.hpp"
#include "limpid/nn/multi_head_attention.hpp"

namespace limpid {

struct MimeticOptions {
  double copying = 2;
  double likeness = 0.5;
};

template <class Real>
LIMPID_API void mimetic_initialization(MultiHeadAttention<Real>& attention, Rng& rng,
                                       const MimeticOptions& options = {});

}  // namespace limpid
