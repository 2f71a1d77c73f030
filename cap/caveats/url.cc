#include "cap/caveats/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace cloche::cap {
namespace {

constexpr size_t kMaxHostName = 253, kMaxLabel = 63;
constexpr std::string_view kSchemes[] = {"http", "https", "ws", "wss"};

Error refused(const char* why) { return make_error(Code::kInvalidArgument, "%s", why); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_hex(char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f'); }
bool all_of(std::string_view text, bool (*test)(char)) {
  return std::all_of(text.begin(), text.end(), test);
}

std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

// Takes what stands before `separator`, and it, off `rest`; all when there is none.
std::string_view take_until(std::string_view& rest, char separator) {
  const std::string_view part = rest.substr(0, rest.find(separator));
  rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  return part;
}

bool is_byte(std::string_view text) {
  if (text.empty() || text.size() > 3 || !all_of(text, is_digit)) return false;
  if (text.size() > 1 && text[0] == '0') return false;
  int value = 0;
  for (const char c : text) value = value * 10 + (c - '0');
  return value <= 255;
}

bool is_dotted_quad(std::string_view text) {
  if (std::count(text.begin(), text.end(), '.') != 3) return false;
  for (int i = 0; i < 4; ++i) {
    if (!is_byte(take_until(text, '.'))) return false;
  }
  return true;
}

// Readers take a host with such a label at its end for an IPv4 address in some notation.
bool looks_like_number(std::string_view label) {
  if (all_of(label, is_digit)) return true;
  return label.size() >= 2 && label[0] == '0' && lower(label[1]) == 'x' &&
         all_of(label.substr(2), is_hex);
}

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > kMaxLabel) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  return all_of(label, [](char c) {
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' || c == '_';
  });
}

Result<Host> parse_ipv6(std::string_view text) {
  if (!text.ends_with(']')) return refused("the host's bracket does not close");
  const std::string inner(text.substr(1, text.size() - 2));
  in6_addr address;
  if (inner.find_first_not_of("0123456789abcdefABCDEF:") != std::string::npos ||
      inet_pton(AF_INET6, inner.c_str(), &address) != 1) {
    return refused("the host is no plain IPv6 address");
  }
  static constexpr uint8_t kZeros[12] = {};
  static constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  const bool compatible = std::memcmp(address.s6_addr, kZeros, 12) == 0 &&
                          (address.s6_addr[12] | address.s6_addr[13] | address.s6_addr[14]) != 0;
  if (compatible || std::memcmp(address.s6_addr, kMapped, 12) == 0) {
    return refused("the host is an IPv4 address inside an IPv6 one");
  }
  char canonical[INET6_ADDRSTRLEN];
  CHECK(inet_ntop(AF_INET6, &address, canonical, sizeof canonical));
  return Host{Host::Type::kIpv6, "[" + std::string(canonical) + "]"};
}

// Characters that stand in a URL as themselves; a percent sign must begin an escape.
Status check_characters(std::string_view url) {
  for (size_t i = 0; i < url.size(); ++i) {
    const auto byte = static_cast<unsigned char>(url[i]);
    if (byte <= 0x20 || byte >= 0x7F) {
      return refused("the URL has a space, a control character or a character beyond ASCII");
    }
    if (std::strchr("\\\"<>^`{|}", url[i]))
      return refused("the URL has a backslash or one of \"<>^`{|}");
    if (url[i] == '%' && (i + 2 >= url.size() || !is_hex(url[i + 1]) || !is_hex(url[i + 2]))) {
      return refused("the URL has a percent sign that begins no escape");
    }
  }
  return ok_status();
}

// Takes a port and the colon before it off the end of the host and port.
Status drop_port(std::string_view& authority) {
  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon == std::string_view::npos) return ok_status();
  const std::string_view port = authority.substr(colon + 1);
  if (port.empty() || port.size() > 5 || !all_of(port, is_digit) ||
      std::stoi(std::string(port)) > 65535) {
    return refused("the URL's port is no number up to 65535");
  }
  authority = authority.substr(0, colon);
  return ok_status();
}

}  // namespace

Result<Host> parse_host(std::string_view text) {
  if (text.empty()) return refused("the host is empty");
  if (text.size() > kMaxHostName) return refused("the host is too long");
  if (text.front() == '[') return parse_ipv6(text);
  if (is_dotted_quad(text)) return Host{Host::Type::kIpv4, std::string(text)};
  const size_t dot = text.rfind('.');
  if (looks_like_number(dot == std::string_view::npos ? text : text.substr(dot + 1))) {
    return refused("the host is a number, but no dotted quad, or ends in a dot");
  }
  for (std::string_view rest = text; !rest.empty();) {
    if (!is_label(take_until(rest, '.'))) {
      return refused("the host is not made of labels of letters, digits, - and _");
    }
  }
  return Host{Host::Type::kName, lowered(text)};
}

Result<Host> host_of_url(std::string_view url) {
  if (url.size() > kMaxUrl) return refused("the URL is longer than 8192 bytes");
  TRY(check_characters(url));
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos)
    return refused("the URL does not begin with a scheme and ://");
  if (std::find(std::begin(kSchemes), std::end(kSchemes), lowered(url.substr(0, scheme))) ==
      std::end(kSchemes)) {
    return refused("the URL's scheme is not http, https, ws or wss");
  }
  std::string_view authority = url.substr(scheme + 3);
  const std::string_view rest =
      authority.substr(std::min(authority.find_first_of("/?#"), authority.size()));
  authority.remove_suffix(rest.size());
  if (authority.find('@') != std::string_view::npos) return refused("the URL has user information");
  TRY(drop_port(authority));
  return parse_host(authority);
}

Result<HostPattern> HostPattern::parse(std::string_view text) {
  const bool subdomains = text.starts_with("*.");
  Host host = TRY(parse_host(subdomains ? text.substr(2) : text));
  if (subdomains && host.type != Host::Type::kName) {
    return refused("*. stands before an address, which has no names beneath it");
  }
  return HostPattern(std::move(host), subdomains);
}

bool HostPattern::matches(const Host& host) const {
  if (!subdomains_) return host == host_;
  return host.type == Host::Type::kName && host.text.ends_with("." + host_.text);
}

}  // namespace cloche::cap
