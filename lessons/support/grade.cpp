// The program that grades one exercise. It writes what it found to the file named by its argument, one
// "key words" per line, for tools/teach/learn.py; stdout is left to the learner.
#define DOCTEST_CONFIG_IMPLEMENT
#include "support/grade.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>

#if __has_include(<execinfo.h>)
#include <execinfo.h>
#include <unistd.h>
#endif

#include "support/todo.hpp"

#undef expect_equal  // the functions themselves are defined here
#undef expect_text
#undef expect

namespace limpid::lesson {

namespace {

std::FILE* report = stdout;
int tests_run = 0;

void say(const char* key, const std::string& words) {
  std::string line;
  for (const char c : words + "\n") {
    if (c != '\n') {
      line += c;
      continue;
    }
    std::fprintf(report, "%s %s\n", key, line.c_str());
    line.clear();
  }
  std::fflush(report);
}

struct Failed {};  // the grading has said why

std::vector<detail::Part>& parts() {
  static std::vector<detail::Part> all;
  return all;
}

bool equal(const Matrix<double>& a, const Matrix<double>& b, double tolerance) {
  return a.rows() == b.rows() && a.cols() == b.cols() &&
         (a.size() == 0 || (a - b).cwiseAbs().maxCoeff<Eigen::PropagateNaN>() <= tolerance);
}

std::string text(const Matrix<double>& m) {
  const Index rows = std::min<Index>(m.rows(), 6), cols = std::min<Index>(m.cols(), 8);
  std::string out = m.size() == 0 ? "(nothing)" : "";
  for (Index i = 0; i < rows; ++i) {
    if (i > 0) out += "\n";
    for (Index j = 0; j < cols; ++j) {
      char number[32];
      // Small numbers without the minus of -0.0000, and NaN without its sign, which says nothing.
      const double shown = std::abs(m(i, j)) < 5e-5 ? 0.0 : m(i, j);
      std::snprintf(number, sizeof number, " %9.4f", std::isnan(shown) ? std::abs(shown) : shown);
      out += number;
    }
    if (cols < m.cols()) out += " ...";
  }
  return rows < m.rows() ? out + "\n ..." : out;
}

// The first assertion of the concept's own tests that fails.
struct FirstFailure : doctest::IReporter {
  explicit FirstFailure(const doctest::ContextOptions&) {}
  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats& stats) override {
    tests_run = static_cast<int>(stats.numTestCasesPassingFilters);
  }
  void test_case_start(const doctest::TestCaseData& data) override {
    test = &data;
    asking(std::string("the module's own test: ") + data.m_name);
  }
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const doctest::TestCaseException& e) override {
    tell(test->m_file.c_str(), test->m_line, std::string("it threw: ") + e.error_string.c_str());
  }
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData& data) override {
    if (!data.m_failed) return;
    std::string found = std::string(data.m_expr) + "   with   " + data.m_decomp.c_str();
    if (data.m_threw) found = std::string(data.m_expr) + "   threw   " + data.m_exception.c_str();
    tell(data.m_file, data.m_line, found);
  }
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}

  void tell(const char* file, int line, const std::string& found) {
    if (told) return;
    told = true;
    say("test", test->m_name);
    say("where", std::string(file) + ":" + std::to_string(line));
    say("found", found);
    std::string captured;
    for (int i = 0; i < get_num_active_contexts(); ++i) {
      std::ostringstream words;
      get_active_contexts()[i]->stringify(&words);
      captured += (i > 0 ? ", " : "") + words.str();
    }
    if (!captured.empty()) say("found", captured);
  }

  const doctest::TestCaseData* test = nullptr;
  bool told = false;
};

REGISTER_REPORTER("first_failure", 1, FirstFailure);

// How many of the concept's tests passed.
int own_tests(const detail::Part& part) {
  if (std::string(part.tests).empty()) return 0;
  doctest::Context context;
  context.addFilter("test-case", part.tests);
  context.setOption("reporters", "first_failure");
  context.setOption("abort-after", 1);
  if (context.run() != 0) throw Failed{};
  if (tests_run == 0) throw std::logic_error(std::string("no test case matches ") + part.tests);
  return tests_run;
}

bool grade(const detail::Part& part) {
  say("began", part.name);
  try {
    part.questions();
    say("passed", std::string(part.name) + " " + std::to_string(own_tests(part)));
    return true;
  } catch (const Failed&) {
  } catch (const Todo& missing) {
    say("todo", missing.what());
    say("where", std::string(missing.file) + ":" + std::to_string(missing.line));
  } catch (const std::exception& error) {
    say("threw", error.what());
  }
  say("failed", part.name);
  return false;
}

// When the program dies it says where it was: the calls that had not ended, as addresses for learn.py to
// look up. A stack that is full has no room for that, hence a second one.
#if __has_include(<execinfo.h>)
void say_where_and_die(int signal) {
  void* calls[64];
  const int count = backtrace(calls, 64);
  for (int i = 0; i < count; ++i) {
    char line[40];
    const int length = std::snprintf(line, sizeof line, "call %p\n", calls[i]);
    if (write(fileno(report), line, static_cast<std::size_t>(length)) != length) break;
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void watch_for_crashes() {
  void* call;
  backtrace(&call, 1);  // the first one loads a library, which a dying program had better not do
  static char stack[1 << 16];
  stack_t second{};
  second.ss_sp = stack;
  second.ss_size = sizeof stack;
  sigaltstack(&second, nullptr);
  struct sigaction action {};
  action.sa_handler = say_where_and_die;
  action.sa_flags = SA_ONSTACK;
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGXCPU}) {
    sigaction(signal, &action, nullptr);
  }
}
#else
void watch_for_crashes() {}
#endif

}  // namespace

void asking(const std::string& question) {
  say("asking", question);
}

void expect_equal(const std::string& question, const Matrix<double>& expected,
                  const Matrix<double>& got, const std::vector<Mistake>& mistakes,
                  const std::string& otherwise, double tolerance) {
  if (equal(expected, got, tolerance)) return;
  say("question", question);
  say("expected", text(expected));
  say("got", text(got));
  for (const Mistake& mistake : mistakes) {
    if (equal(mistake.gives, expected, 10 * tolerance)) {
      throw std::logic_error("the question cannot tell " + mistake.name + " from what is right");
    }
    if (!equal(mistake.gives, got, tolerance)) continue;
    say("mistake", mistake.name);
    say("why", mistake.why);
    throw Failed{};
  }
  if (got.rows() != expected.rows() || got.cols() != expected.cols()) {
    say("why", "The shape is not the one expected.");
  } else if (!got.allFinite()) {
    say("why",
        "Some numbers are not numbers: a division by 0, a root of a negative number, 0 times "
        "infinity, infinity minus infinity, or memory that nothing was written to.");
  } else if (!otherwise.empty()) {
    say("why", otherwise);
  }
  throw Failed{};
}

void expect_text(const std::string& question, const std::string& expected, const std::string& got,
                 const std::vector<TextMistake>& mistakes, const std::string& otherwise) {
  if (expected == got) return;
  say("question", question);
  say("expected", expected);
  say("got", got.empty() ? "(nothing)" : got);
  for (const TextMistake& mistake : mistakes) {
    if (mistake.gives == expected) {
      throw std::logic_error("the question cannot tell " + mistake.name + " from what is right");
    }
    if (mistake.gives != got) continue;
    say("mistake", mistake.name);
    say("why", mistake.why);
    throw Failed{};
  }
  if (!otherwise.empty()) say("why", otherwise);
  throw Failed{};
}

void expect(bool holds, const std::string& question, const std::string& mistake,
            const std::string& why) {
  if (holds) return;
  say("question", question);
  say("mistake", mistake);
  say("why", why);
  throw Failed{};
}

Matrix<double> row(std::initializer_list<double> numbers) {
  Matrix<double> m(1, static_cast<Index>(numbers.size()));
  std::copy(numbers.begin(), numbers.end(), m.data());
  return m;
}

detail::Part::Part(const char* part_name, const char* test_cases, void (*body)())
    : name(part_name), tests(test_cases), questions(body) {
  parts().push_back(*this);
}

}  // namespace limpid::lesson

int main(int argc, char** argv) {
  using namespace limpid::lesson;
  if (argc > 1) report = std::fopen(argv[1], "w");
  if (report == nullptr) return 2;
  watch_for_crashes();
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // what was printed before a crash is shown
  for (const detail::Part& part : parts()) {
    if (!grade(part)) return 1;
  }
  return 0;
}
