// A bigram model: counting, probabilities, loss; and p - y, for models that do not count. What each thing
// is, says lessons/01-tour/exercises/1-implement/bigram.hpp. Write what is missing, then grade it:
//
//   ./dev learn tour
//
// Matrices are Eigen's. Useful: m(i, j), m.row(i).sum(), m.row(i).maxCoeff(), m.rows(), m.cols(); and with
// .array() element by element: (m.row(i).array() - number).exp(), m.row(i) /= number.
#include "bigram.hpp"

#include <cmath>
#include <cstddef>

#include "support/todo.hpp"

namespace limpid::lesson {

void Bigram::count(const Ids& text) {
  //> // text[1] came right after text[0], text[2] after text[1], ... Each such pair belongs to
  //> // counts(before, next). A text may be empty, too.
  //> todo("counting: add every pair of neighbours to counts");
  for (std::size_t i = 1; i < text.size(); ++i) {
    counts(text[i - 1], text[i]) += 1;
  }
  //<
}

double Bigram::probability(std::int32_t before, std::int32_t next) const {
  //> // How often did `next` come after `before`, of all that came after `before`? And every pair
  //> // counts once more than it came.
  //> todo("probabilities: the share of this pair");
  const auto vocab = static_cast<double>(counts.cols());
  return (counts(before, next) + 1) / (counts.row(before).sum() + vocab);
  //<
}

double nats_per_token(const Bigram& model, const Ids& text) {
  //> // std::log is the logarithm to base e.
  //> todo("loss: the mean of -ln probability");
  double sum = 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    sum -= std::log(model.probability(text[i - 1], text[i]));
  }
  return sum / static_cast<double>(text.size() - 1);
  //<
}

Matrix<double> loss_gradient(const Matrix<double>& scores, const Ids& targets) {
  Matrix<double> gradient(scores.rows(), scores.cols());
  for (Index i = 0; i < scores.rows(); ++i) {
    const std::int32_t target = targets[static_cast<std::size_t>(i)];
    //> // Fill gradient.row(i): belief minus truth, where belief is the softmax of scores.row(i).
    //> // The loss is the mean over all rows.
    //> static_cast<void>(target);
    //> todo("gradient: p - y, for the mean over the rows");
    gradient.row(i) = (scores.row(i).array() - scores.row(i).maxCoeff()).exp().matrix();
    gradient.row(i) /= gradient.row(i).sum();
    gradient(i, target) -= 1;
    gradient.row(i) /= static_cast<double>(scores.rows());
    //<
  }
  return gradient;
}

}  // namespace limpid::lesson
