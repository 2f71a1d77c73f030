#@ needs: jq
# jq: paths, filters, construction, sorting, raw output, errors.
cat >f <<'E'
{"name": "x", "list": [3, 1, 2], "nested": {"a": {"b": true}}, "people": [{"n": "bob", "age": 30}, {"n": "al", "age": 25}]}
E
jq . f
jq -c . f
jq .name f
jq -r .name f
jq '.list | sort' -c f
jq '.list | add, length, max' f
jq -c '.people | map(select(.age > 26))' f
jq -r '.people[] | "\(.n) is \(.age)"' f
jq -c 'keys' f
jq '.nested.a.b' f
jq '.missing' f
jq -c '[.people[].age] | {min: min, max: max}' f
jq -n '[range(5)] | map(. * .) | add'
jq -c 'to_entries | map(.key)' f
jq -r '.people | sort_by(.age)[] | [.n, .age] | @csv' f
jq -c 'del(.people, .nested)' f
jq --arg v 5 -n '$v | tonumber + 1'
jq -s -c . <<<'1 2 3'
jq -c 'group_by(.a)' <<<'[{"a":1},{"a":2},{"a":1}]'
jq -e .missing f
echo $?
echo '{bad' | jq . 2>/dev/null || echo malformed
jq -r 'test("b.b")' <<<'"bob"'
jq -c 'split(",")' <<<'"a,b"'
jq -n 'reduce range(1; 101) as $i (0; . + $i)'
jq -n '"\u00e9" | length'
