// The library: containers, strings, algorithms, streams, virtual calls, dynamic_cast.
#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <sstream>
#include <string>
#include <typeinfo>
#include <unordered_map>
#include <variant>
#include <vector>

#include "case.h"
struct Shape {
  virtual ~Shape() = default;
  virtual int area() const = 0;
};
struct Square : Shape {
  int side;
  explicit Square(int s) : side(s) {}
  int area() const override { return side * side; }
};
struct Line : Shape {
  int area() const override { return 0; }
};
int main() {
  std::vector<int> v(1000);
  std::iota(v.begin(), v.end(), 1);
  std::reverse(v.begin(), v.end());
  std::sort(v.begin(), v.end(),
            [](int a, int b) { return a % 10 != b % 10 ? a % 10 < b % 10 : a < b; });
  say("%d %d %d", v[0], v[500], std::accumulate(v.begin(), v.end(), 0));
  std::map<std::string, int> counts;
  std::istringstream words("the cat and the dog and the bird");
  for (std::string w; words >> w;) counts[w]++;
  for (auto& [word, n] : counts) say("%s %d", word.c_str(), n);
  std::ostringstream out;
  out << 3.25 << ' ' << std::hex << 255 << ' ' << std::boolalpha << true;
  say("%s", out.str().c_str());
  std::vector<std::unique_ptr<Shape>> shapes;
  shapes.push_back(std::make_unique<Square>(4));
  shapes.push_back(std::make_unique<Line>());
  for (auto& s : shapes) say("%d %d", s->area(), dynamic_cast<Square*>(s.get()) != nullptr);
  std::variant<int, std::string> either = "text";
  say("%zu %s", either.index(), std::get<std::string>(either).c_str());
  std::function<int(int)> fib = [&](int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); };
  say("%d", fib(20));
  std::unordered_map<int, int> squares;
  for (int i = 0; i < 1000; i++) squares[i] = i * i;
  say("%zu %d", squares.size(), squares.at(31));
  std::set<int> s(v.begin(), v.end());
  say("%d %d", *s.begin(), *s.rbegin());
  std::deque<int> d;
  for (int i = 0; i < 100; i++) i % 2 ? d.push_back(i) : d.push_front(i);
  say("%d %d", d.front(), d.back());
  say("%s %d", std::to_string(42).c_str(), std::stoi("0x1f", nullptr, 16));
  return 0;
}
