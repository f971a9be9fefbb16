/// Activations: the bend between two linear layers. Without one, two linear layers are one.
///
///   relu       max(0, x)                                              slope 0 or 1
///   gelu_erf   x * Phi(x),  Phi(x) = (1 + erf(x / sqrt 2)) / 2        Phi(x) + x * phi(x)
///   gelu_tanh  x * (1 + tanh u) / 2,  u = sqrt(2/pi) (x + 0.044715 x^3)
///                                     (1 + tanh u) / 2 + x * (1 - tanh^2 u) / 2 * du/dx
///   silu       x * s,  s = 1 / (1 + e^-x)                             s * (1 + x * (1 - s))
///
/// Phi is the probability that a normal number is below x: GELU lets x through in that proportion.
/// The tanh form is an approximation that became the standard with GPT-2; the two differ by up to
/// 5e-4, so a model must run with the one it was trained with.
///
/// SOURCE  Hendrycks, Gimpel 2016, arXiv:1606.08415 (GELU, both forms); Elfwing, Uchibe, Doya 2017,
///         arXiv:1702.03118 (SiLU); Nair, Hinton 2010 (ReLU)
/// SHAPES  x, y, dy, dx all the same; blocks of larger matrices too
/// SAVES   nothing of its own: backward needs x, which the caller keeps, and computes tanh or e^-x
///         again. Keeping those would double the memory and save no time: on large matrices the
///         time goes into reading and writing, and gelu_tanh takes no longer than relu
/// USES    core
/// ERRORS  std::invalid_argument when the shapes differ
/// COST    one pass; float goes through Eigen's vectorised tanh and exp, erf through the C library
#pragma once

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"

namespace limpid {

enum class Activation { relu, gelu_tanh, gelu_erf, silu };

/// y = f(x). y may be x.
template <class Real>
LIMPID_API void activation_forward(Activation kind, const ConstView<Real>& x, View<Real> y);

/// dx = dy * f'(x). dx may be dy.
template <class Real>
LIMPID_API void activation_backward(Activation kind, const ConstView<Real>& x,
                                    const ConstView<Real>& dy, View<Real> dx);

}  // namespace limpid
