// What a notebook cell needs: a place to run, a check, and ways to show something.
//
// A notebook is one .cpp file of cells ("// %% name" begins a code cell, "// %% [markdown]" a text
// cell). Cells hold declarations; statements stand in
//
//   NB_CELL { ... };
//
// which is an object whose initialiser runs the braces at once. A file's objects are initialised
// from top to bottom, so the order of the text is the order of execution: in the compiled program
// as well as in clang-repl, which is fed cell by cell.
//
// In a terminal a notebook prints its text. With LIMPID_NOTEBOOK set it also writes frames, lines
// that begin with the byte 0x1e, from which tools/teach/notebook.py makes the .ipynb and the page:
//
//   0x1e cell LINE            the cell that stands at this line begins
//   0x1e show MIME NAME SIZE  and then SIZE bytes to display
//   0x1e end                  back to text
#pragma once

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "limpid/core/matrix.hpp"

namespace nb {

inline int failures = 0;  // failed checks and exceptions: the program's exit code

inline bool framed() {
  static const bool on = std::getenv("LIMPID_NOTEBOOK") != nullptr;
  return on;
}

// Runs a cell's body. An exception ends the cell, not the notebook.
struct Cell {
  int line;
  template <class Body>
  bool operator<<(Body body) const {
    if (framed()) std::printf("\x1e cell %d\n", line);
    try {
      body();
    } catch (const std::exception& error) {
      ++failures;
      std::printf("cell at line %d: %s\n", line, error.what());
    }
    std::fflush(stdout);
    return true;
  }
};

inline void check(bool holds, const char* condition, int line) {
  if (holds) return;
  ++failures;
  std::printf("line %d: does not hold: %s\n", line, condition);
}

inline void show(const char* mime, const std::string& name, const std::string& data) {
  std::printf("\x1e show %s %s %zu\n%s\x1e end\n", mime, name.c_str(), data.size(), data.c_str());
}

// A picture. Its name is a word; a lesson shows the picture as pictures/NAME.svg.
inline void show_svg(const std::string& name, const std::string& svg) {
  if (framed()) return show("image/svg+xml", name, svg);
  std::printf("[picture: %s]\n", name.c_str());
}

inline void show_html(const std::string& name, const std::string& html) {
  if (framed()) return show("text/html", name, html);
  std::printf("[page: %s]\n", name.c_str());
}

inline void show_markdown(const std::string& text) {
  if (framed()) return show("text/markdown", "text", text);
  std::printf("%s\n", text.c_str());
}

// A matrix with its name, one row a line: few digits, so that they are the same on every machine.
template <class Derived>
void print(const char* name, const Eigen::MatrixBase<Derived>& matrix, int digits = 3) {
  const limpid::Matrix<double> m = matrix.template cast<double>();
  // What would print as -0.000 is 0.
  const double zero = 0.5 * std::pow(10.0, -digits);
  for (limpid::Index i = 0; i < m.rows(); ++i) {
    std::printf("%-12s", i == 0 ? name : "");
    for (limpid::Index j = 0; j < m.cols(); ++j) {
      std::printf(" %*.*f", digits + 5, digits, std::abs(m(i, j)) < zero ? 0.0 : m(i, j));
    }
    std::printf("\n");
  }
}

}  // namespace nb

#define NB_JOIN_(a, b) a##b
#define NB_JOIN(a, b) NB_JOIN_(a, b)
#define NB_CELL \
  [[maybe_unused]] static const bool NB_JOIN(nb_cell_, __COUNTER__) = ::nb::Cell{__LINE__} << []
// A failed check is printed and counted: the notebook's test fails.
#define NB_CHECK(condition) ::nb::check(static_cast<bool>(condition), #condition, __LINE__)
