// The host of a URL, read so that no two readers can disagree about it.
//
// A strict part of RFC 3986: what one program takes for one host and another for some other host is
// refused, however it was meant. Refused are user information, backslashes, percent signs and
// anything beyond ASCII in the host, spaces and control characters anywhere, numbers as hosts that
// are no dotted quad, IPv4 inside IPv6, zones, empty labels and a dot at the end.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace cloche::cap {

// In one form: names in lower case, IPv4 as a dotted quad, IPv6 as RFC 5952 writes it, in brackets.
struct Host {
  enum class Type : uint8_t { kName, kIpv4, kIpv6 };
  Type type = Type::kName;
  std::string text;
  bool operator==(const Host&) const = default;
};

// The host of an http, https, ws or wss URL; kInvalidArgument with what is wrong with it. Any port,
// path, query and fragment may follow. Linear time.
Result<Host> host_of_url(std::string_view url);
inline constexpr size_t kMaxUrl = 8192;  // bytes

// A host alone, as it stands in a URL. kInvalidArgument.
Result<Host> parse_host(std::string_view text);

// A host, or "*." and a name: any name that ends in it and has at least one label more.
class HostPattern {
 public:
  static Result<HostPattern> parse(std::string_view text);  // kInvalidArgument
  bool matches(const Host& host) const;
  std::string text() const { return (subdomains_ ? "*." : "") + host_.text; }

 private:
  HostPattern(Host host, bool subdomains) : host_(std::move(host)), subdomains_(subdomains) {}
  Host host_;
  bool subdomains_;
};

}  // namespace cloche::cap
