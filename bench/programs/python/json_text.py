"""JSON: written and read again, sixty times."""

import json

data = [
    {"id": number, "name": f"item {number}", "price": number / 7, "tags": ["a", "bc", f"t{number % 13}"],
     "nested": {"flag": number % 2 == 0, "nothing": None, "text": "ä€\n" * 3}}
    for number in range(2000)
]
size = 0
for _ in range(60):
    text = json.dumps(data)
    data = json.loads(text)
    size += len(text)
print(size, data[-1]["name"])
