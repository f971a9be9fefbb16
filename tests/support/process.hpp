// Runs ./limpid as a user does, and tells what it printed and how it ended.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace limpid::test {

struct Outcome {
  int status = -1;  ///< exit status; 128 + the signal's number when a signal ended it
  std::string out, err;
};

struct ProcessOptions {
  std::string input = {};                   ///< what stands on stdin
  std::optional<rlim_t> largest_file = {};  ///< bytes; writing more fails, as on a full disk
};

class Process {
 public:
  explicit Process(const std::vector<std::string>& arguments, const ProcessOptions& options = {})
      : in_(std::tmpfile()), out_(std::tmpfile()), err_(std::tmpfile()) {
    if (in_ == nullptr || out_ == nullptr || err_ == nullptr) throw std::runtime_error("tmpfile");
    std::fwrite(options.input.data(), 1, options.input.size(), in_);
    std::rewind(in_);
    std::vector<char*> argv{const_cast<char*>(LIMPID_PROGRAM)};
    for (const std::string& argument : arguments)
      argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    id_ = ::fork();
    if (id_ < 0) throw std::runtime_error("fork");
    if (id_ > 0) return;
    // The child. More threads than cores must sleep while they wait, or tests take minutes.
    ::setenv("OMP_WAIT_POLICY", "passive", 1);
    ::dup2(::fileno(in_), 0);
    ::dup2(::fileno(out_), 1);
    ::dup2(::fileno(err_), 2);
    if (options.largest_file) {
      std::signal(SIGXFSZ, SIG_IGN);  // an error instead of a signal
      const rlimit limit{*options.largest_file, *options.largest_file};
      ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ::execv(LIMPID_PROGRAM, argv.data());
    ::_exit(127);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    if (!ended_) {
      kill();
      wait();
    }
    for (std::FILE* file : {in_, out_, err_}) std::fclose(file);
  }

  void kill(int signal = SIGKILL) { ::kill(id_, signal); }

  // Looks again and again until `seen` is true; false when the program ended before.
  bool wait_until(const std::function<bool()>& seen) {
    while (!seen()) {
      if (::waitpid(id_, &raw_status_, WNOHANG) == id_) {
        ended_ = true;
        return false;
      }
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    return true;
  }

  Outcome wait() {
    while (!ended_ && ::waitpid(id_, &raw_status_, 0) < 0 && errno == EINTR) {
    }
    ended_ = true;
    const int status =
        WIFEXITED(raw_status_) ? WEXITSTATUS(raw_status_) : 128 + WTERMSIG(raw_status_);
    return {status, content(out_), content(err_)};
  }

 private:
  static std::string content(std::FILE* file) {
    std::string text;
    std::rewind(file);
    for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
    return text;
  }

  std::FILE *in_, *out_, *err_;
  pid_t id_ = -1;
  int raw_status_ = 0;
  bool ended_ = false;
};

inline Outcome run_limpid(const std::vector<std::string>& arguments,
                          const ProcessOptions& options = {}) {
  return Process(arguments, options).wait();
}

// The one line that a mistake of the user's gives; says so when anything else came.
inline std::string complaint(const Outcome& outcome) {
  if (outcome.status == 0) return "no error";
  if (outcome.status >= 128) return "ended by signal " + std::to_string(outcome.status - 128);
  const std::string& text = outcome.err;
  if (!text.starts_with("limpid: ") || text.find('\n') != text.size() - 1) {
    return "not one line: " + text;
  }
  return text.substr(8, text.size() - 9);
}

}  // namespace limpid::test
