#include "tests/support/child_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

extern char** environ;

namespace deadletter::test {
namespace {

struct Pipe {
  int read_end = -1;
  int write_end = -1;
  Pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe failed");
    read_end = ends[0];
    write_end = ends[1];
  }
};

std::vector<std::string> Environment(const std::map<std::string, std::string>& added) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    // Whoever runs the tests may have the address of a real platform in there.
    if (text.starts_with("DEADLETTER_")) continue;
    if (!added.contains(text.substr(0, text.find('=')))) environment.push_back(text);
  }
  for (const auto& [name, value] : added) environment.push_back(name + "=" + value);
  return environment;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& text : strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// In the child: only what is safe between fork and exec.
[[noreturn]] void Execute(char** arguments, char** environment, const char* folder, int out,
                          int err) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = open("/dev/null", O_RDONLY);
  if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
      dup2(err, STDERR_FILENO) < 0) {
    _exit(127);
  }
  // A socket of the test's that lived on here could not be closed by the test any more.
  if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) _exit(127);
  if (*folder != '\0' && chdir(folder) != 0) _exit(127);
  execvpe(arguments[0], arguments, environment);
  _exit(127);
}

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> command, ChildOptions options) {
  const Pipe out;
  const Pipe err;
  std::vector<std::string> environment = Environment(options.environment);
  const std::vector<char*> arguments = Pointers(command);
  const std::vector<char*> variables = Pointers(environment);
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("fork failed");
  if (pid_ == 0) {
    Execute(const_cast<char**>(arguments.data()), const_cast<char**>(variables.data()),
            options.folder.c_str(), out.write_end, err.write_end);
  }
  close(out.write_end);
  close(err.write_end);
  threads_.emplace_back([this, descriptor = out.read_end] { Read(descriptor, true); });
  threads_.emplace_back([this, descriptor = err.read_end] { Read(descriptor, false); });
  threads_.emplace_back([this] { Reap(); });
}

ChildProcess::~ChildProcess() {
  Signal(SIGKILL);
  threads_.clear();
}

void ChildProcess::Read(int descriptor, bool is_standard_output) {
  std::string partial;
  std::array<char, 4096> buffer;
  while (true) {
    const ssize_t count = read(descriptor, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    const std::lock_guard lock(mutex_);
    if (is_standard_output) standard_output_.append(buffer.data(), static_cast<std::size_t>(count));
    partial.append(buffer.data(), static_cast<std::size_t>(count));
    for (std::size_t end = partial.find('\n'); end != std::string::npos; end = partial.find('\n')) {
      lines_.push_back(partial.substr(0, end));
      partial.erase(0, end + 1);
    }
    changed_.notify_all();
  }
  close(descriptor);
  const std::lock_guard lock(mutex_);
  if (!partial.empty()) lines_.push_back(partial);
  --open_streams_;
  changed_.notify_all();
}

void ChildProcess::Reap() {
  // Seen as ended, but not yet reaped: until exit_ is set the pid stays ours to signal.
  siginfo_t info{};
  while (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  const std::lock_guard lock(mutex_);
  int status = 0;
  waitpid(pid_, &status, 0);
  exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  changed_.notify_all();
}

std::optional<std::string> ChildProcess::WaitForLine(const std::string& text,
                                                     std::chrono::milliseconds limit,
                                                     std::size_t from) {
  std::unique_lock lock(mutex_);
  std::optional<std::string> found;
  const auto look = [&] {
    const auto begin = lines_.begin() + static_cast<std::ptrdiff_t>(std::min(from, lines_.size()));
    const auto line = std::find_if(begin, lines_.end(), [&](const std::string& candidate) {
      return candidate.find(text) != std::string::npos;
    });
    if (line != lines_.end()) found = *line;
    return found.has_value();
  };
  changed_.wait_for(lock, limit, [&] { return look() || (exit_ && open_streams_ == 0); });
  return found;
}

std::optional<int> ChildProcess::WaitForExit(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, limit, [this] { return exit_.has_value(); })) return std::nullopt;
  // A process that it left behind may hold the streams open for ever.
  changed_.wait_for(lock, std::chrono::seconds(1), [this] { return open_streams_ == 0; });
  return exit_;
}

bool ChildProcess::WaitForStop(std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  siginfo_t info{};
  while (std::chrono::steady_clock::now() < deadline) {
    info.si_pid = 0;
    if (waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid == pid_) {
      return true;
    }
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, std::chrono::milliseconds(5), [this] { return exit_.has_value(); }))
      return false;
  }
  return false;
}

void ChildProcess::Signal(int signal) {
  const std::lock_guard lock(mutex_);
  if (!exit_) kill(pid_, signal);
}

std::size_t ChildProcess::lines() const {
  const std::lock_guard lock(mutex_);
  return lines_.size();
}

std::string ChildProcess::output() const {
  const std::lock_guard lock(mutex_);
  std::string all;
  for (const std::string& line : lines_) all += line + "\n";
  return all;
}

std::string ChildProcess::standard_output() const {
  const std::lock_guard lock(mutex_);
  return standard_output_;
}

Finished RunProgram(std::vector<std::string> command, ChildOptions options,
                    std::chrono::milliseconds limit) {
  ChildProcess child(std::move(command), std::move(options));
  const auto status = child.WaitForExit(limit);
  if (!status)
    return {-1, child.standard_output(), child.output() + "(still running after its limit)\n"};
  return {*status, child.standard_output(), child.output()};
}

}  // namespace deadletter::test
