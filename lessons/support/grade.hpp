// Grading an exercise: parts, in order; in each part first questions with small numbers, whose wrong
// answers are recognised, then the concept's own tests.
//
//   GRADE("forward", "by hand:*,property:*") {
//     expect_equal("y for x = (1, 2, 3, 6)", expected, got,
//                  {{"unbiased_variance", "You divided by C - 1 ...", what that would give}});
//   }
//
// A mistake is known by its numbers: whoever makes it gets exactly these. So the message names the
// mistake only when it is the one. The first answer that is wrong ends the grading.
#pragma once

#include <string>
#include <vector>

#include "limpid/core/matrix.hpp"

namespace limpid::lesson {

struct Mistake {
  std::string name;  ///< one word, as in exercise.md
  std::string why;   ///< what was probably done, and what is wrong with it, in a sentence or two
  Matrix<double> gives;  ///< the answer that this mistake leads to
};

/// Ends the grading unless |expected - got| <= tolerance everywhere. `otherwise`: what to say when
/// no mistake in the list gives `got`.
void expect_equal(const std::string& question, const Matrix<double>& expected,
                  const Matrix<double>& got, const std::vector<Mistake>& mistakes,
                  const std::string& otherwise = "", double tolerance = 1e-9);

struct TextMistake {
  std::string name, why;
  std::string gives;
};

/// The same for an answer that is text. What people cannot see belongs into neither of the two.
void expect_text(const std::string& question, const std::string& expected, const std::string& got,
                 const std::vector<TextMistake>& mistakes, const std::string& otherwise = "");

/// Ends the grading with this mistake unless the condition holds.
void expect(bool holds, const std::string& question, const std::string& mistake,
            const std::string& why);

/// Names the question that comes next, so that a crash, an exception or an endless loop can say in which
/// one it happened. The three above do it themselves: needed only where the learner's code is called before them.
void asking(const std::string& question);

Matrix<double> row(std::initializer_list<double> numbers);

namespace detail {
struct Part {
  Part(const char* part_name, const char* test_cases, void (*body)());
  const char* name;
  const char* tests;  ///< names of the concept's test cases, with *, separated by commas; or ""
  void (*questions)();
};
}  // namespace detail

}  // namespace limpid::lesson

// A function's arguments, the learner's call among them, are computed before it begins. So these macros, which
// have the functions' names, say the question first. (A macro is not expanded within itself.)
#define expect_equal(question, ...) \
  (limpid::lesson::asking(question), expect_equal(question, __VA_ARGS__))
#define expect_text(question, ...) \
  (limpid::lesson::asking(question), expect_text(question, __VA_ARGS__))
#define expect(holds, question, ...) \
  (limpid::lesson::asking(question), expect(holds, question, __VA_ARGS__))

#define LESSON_JOIN_(a, b) a##b
#define LESSON_JOIN(a, b) LESSON_JOIN_(a, b)
#define GRADE(name, tests) LESSON_GRADE(name, tests, LESSON_JOIN(lesson_part_, __LINE__))
#define LESSON_GRADE(name, tests, function)                                                       \
  static void function();                                                                         \
  static const limpid::lesson::detail::Part LESSON_JOIN(function, _entry)(name, tests, function); \
  static void function()
