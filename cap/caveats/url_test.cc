#include "cap/caveats/url.h"

#include <gtest/gtest.h>

namespace cloche::cap {
namespace {

// The host in one form, or "!" and why there is none.
std::string host(std::string_view url) {
  auto found = host_of_url(url);
  return found.ok() ? found->text : "!" + found.error().message;
}

TEST(Url, FindsTheHost) {
  EXPECT_EQ(host("https://example.com"), "example.com");
  EXPECT_EQ(host("HTTPS://Example.COM/"), "example.com");
  EXPECT_EQ(host("http://api.example.com:8080/a/b?c=d@e#f"), "api.example.com");
  EXPECT_EQ(host("wss://a_b-c.example?x"), "a_b-c.example");
  EXPECT_EQ(host("https://localhost#top"), "localhost");
  EXPECT_EQ(host("https://192.0.2.1/"), "192.0.2.1");
  EXPECT_EQ(host("https://[2001:DB8:0:0::1]:443/"), "[2001:db8::1]");
  EXPECT_EQ(host("https://[::1]"), "[::1]");
  EXPECT_EQ(host("https://xn--bcher-kva.example/%C3%BC"), "xn--bcher-kva.example");
  EXPECT_EQ(host("https://1.example.com"), "1.example.com");
}

TEST(Url, RefusesWhatReadersDisagreeAbout) {
  for (const char* url : {"https://example.com@evil.test/",
                          "https://user:pass@example.com/",
                          "https://@example.com",
                          "https://example.com\\@evil.test/",
                          "https://evil.test\\example.com",
                          "https:/example.com",
                          "https:example.com",
                          "https:///example.com",
                          "//example.com",
                          "example.com",
                          "",
                          "https://",
                          "https:///",
                          "https://?x",
                          "https://#x",
                          "://example.com",
                          "https://exam%70le.com",
                          "https://example.com%2eevil.test",
                          "https://ex ample.com",
                          "https://example.com/a b",
                          "https://example.com\t",
                          " https://example.com",
                          "https://example.com\n",
                          "https://ex\xc3\xa4mple.com",
                          "https://example.com/\xc3\xa4",
                          "https://\xef\xbd\x85xample.com",
                          "https://example.com.",
                          "https://.example.com",
                          "https://example..com",
                          "https://-a.example",
                          "https://a-.example",
                          "https://example.com:",
                          "https://example.com:x",
                          "https://example.com:65536",
                          "https://example.com:-1",
                          "https://example.com:80:80",
                          "https://127.1",
                          "https://0x7f000001",
                          "https://2130706433",
                          "https://017700000001",
                          "https://127.0.0.0x1",
                          "https://127.0.0.01",
                          "https://256.0.0.1",
                          "https://1.2.3.4.5",
                          "https://[::1",
                          "https://::1",
                          "https://[::1]x",
                          "https://[fe80::1%25eth0]",
                          "https://[::ffff:127.0.0.1]",
                          "https://[::ffff:7f00:1]",
                          "https://[::7f00:1]",
                          "https://[::127.0.0.1]",
                          "https://[]",
                          "https://[v1.a]",
                          "https://a[::1]",
                          "ftp://example.com",
                          "file:///etc/passwd",
                          "javascript://example.com/%0aalert(1)",
                          "data:text/html,x",
                          "https://example.com/%",
                          "https://example.com/%zz",
                          "https://example.com/{a}",
                          "https://example.com|evil.test",
                          "https://a,b.example",
                          "https://(a).example",
                          "https+x://example.com",
                          "https://*.example.com"}) {
    EXPECT_EQ(host(url)[0], '!') << url << " " << host(url);
  }
  EXPECT_EQ(host(std::string_view("https://example.com\0.evil.test", 30))[0], '!');
}

TEST(Url, HasItsLimits) {
  const std::string label(63, 'a');
  EXPECT_EQ(host("https://" + label + ".test"), label + ".test");
  EXPECT_EQ(host("https://" + label + "a.test")[0], '!');
  EXPECT_EQ(host("https://a.test/" + std::string(8192 - 15, 'x')), "a.test");
  EXPECT_EQ(host("https://a.test/" + std::string(8192 - 14, 'x'))[0], '!');
  std::string name = "a";
  while (name.size() < 253) name += ".a";
  EXPECT_EQ(host("https://" + name), name);
  EXPECT_EQ(host("https://" + name + ".a")[0], '!');
}

TEST(HostPattern, MatchesAHostOrNamesBeneathIt) {
  const auto matches = [](const char* pattern, const char* text) {
    return HostPattern::parse(pattern).value().matches(parse_host(text).value());
  };
  EXPECT_TRUE(matches("example.com", "EXAMPLE.com"));
  EXPECT_FALSE(matches("example.com", "www.example.com"));
  EXPECT_TRUE(matches("*.example.com", "a.b.example.com"));
  EXPECT_FALSE(matches("*.example.com", "example.com"));
  EXPECT_FALSE(matches("*.example.com", "badexample.com"));
  EXPECT_TRUE(matches("[2001:db8::0:1]", "[2001:db8::1]"));
  EXPECT_FALSE(matches("127.0.0.1", "[::1]"));
  for (const char* pattern :
       {"", "*", "*.", "a.*", "*.1.2.3.4", "*.[::1]", "**.a", "https://a", "a:80", "a/b", "a."}) {
    EXPECT_FALSE(HostPattern::parse(pattern).ok()) << pattern;
  }
}

}  // namespace
}  // namespace cloche::cap
