// Counts the words of each file that is named, one thread a file.
#include <fstream>
#include <future>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

static long count_words(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  return std::distance(std::istream_iterator<std::string>(file), {});
}

int main(int argc, char** argv) {
  std::vector<std::future<long>> counts;
  for (int i = 1; i < argc; ++i) {
    counts.push_back(std::async(std::launch::async, count_words, argv[i]));
  }
  int status = 0;
  for (std::future<long>& count : counts) {
    try {
      std::cout << count.get() << " words" << std::endl;
    } catch (const std::exception& error) {
      std::cout << error.what() << std::endl;
      status = 1;
    }
  }
  return status;
}
