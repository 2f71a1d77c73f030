"""Dicts, sets and sorting: words counted, grouped and put in order."""

words, state = [], 12345
for _ in range(300000):
    state = (state * 1103515245 + 12345) & 0x7FFFFFFF
    words.append("w%d" % (state >> 16 & 8191))
counts = {}
for word in words:
    counts[word] = counts.get(word, 0) + 1
groups = {}
for word, count in counts.items():
    groups.setdefault(count, set()).add(word)
ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
numbers = sorted(int(word[1:]) for word in words)
common = set(words[:150000]) & set(words[150000:])
joined = {left + right: index for index, (left, right) in enumerate(zip(words, reversed(words)))}
print(ranked[:3], len(groups), sum(numbers[::100]), len(common), len(joined))
