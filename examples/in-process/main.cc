// An executor that runs the handler itself. Usage: in-process FOLDER
#include <deadletter/handler.h>
#include <deadletter/version.h>

#include <iostream>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: in-process FOLDER\n";
    return 2;
  }
  std::string error;
  const auto handler =
      deadletter::Handler::Open({.config_file = "", .settings = {{"data_dir", argv[1]}}}, error);
  if (!handler) {
    std::cerr << error << "\n";
    return 1;
  }
  handler->Start();
  handler->Start();  // warns in the log and does nothing
  std::cout << "deadletter " << deadletter::Version()
            << (handler->IsRunning() ? " runs" : " does not run") << "\n";
  handler->Stop();
  std::cout << (handler->IsRunning() ? "still runs" : "stopped") << "\n";
  return handler->IsRunning() ? 1 : 0;
}
