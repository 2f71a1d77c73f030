"""Regular expressions over a text of log lines."""

import re

lines = [f"2026-11-{n % 28 + 1:02} 12:{n % 60:02} host{n % 17} user{n}@example.org GET /path/{n * 7919 % 1000}?q={n} {n % 5}00"
         for n in range(6000)]
text = "\n".join(lines)
request = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d) (\w+) (\S+)@([\w.]+) (GET|POST) (/\S*?)\?q=(\d+) (\d{3})")
found = 0
for _ in range(16):
    found += sum(int(match.group(8)) for match in request.finditer(text))
    found += len(re.findall(r"(?:host1[0-5]|host[2-4]) ", text)) + len(re.sub(r"\d+", "#", text))
    found += len(re.split(r"[ ?=/@]+", text))
print(found)
