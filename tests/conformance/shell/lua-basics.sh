# lua: a script with arguments, tables, strings, coroutines, closures, errors, files, pipes and modules.
#@ needs: lua5.4
cat >script.lua <<'L'
print(#arg, arg[1], arg[2])
local t = {}
for word in ("the quick brown fox"):gmatch("%a+") do t[#t + 1] = word:upper() end
table.sort(t)
print(table.concat(t, ","), 7 // 2, 7 / 2, 2^53 | 0, 1 << 40, math.maxinteger, 0x7fffffff + 1)
local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i * i) end end)
print(co(), co(), co())
print(pcall(error, { code = 7 }), select(2, pcall(function() local x = nil; return x.y end)))
print(string.format("%5.2f|%-6s|%q|%x", math.pi, "ab", 'a "b"\n', 255), ("x"):rep(3, "-"))
local f <close> = setmetatable({}, { __close = function() print("closed") end })
local out = assert(io.open("out", "w")); out:write("line 1\nline 2\n"); out:close()
for line in io.lines("out") do io.write("[", line, "]") end
print(io.popen("echo from a shell | tr a-z A-Z"):read("a"))
print(os.execute("exit 3"))
print(require("mod").answer, os.getenv("NAME"), utf8.char(228, 8364), #utf8.char(8364))
print(os.time({ year = 2026, month = 1, day = 2, hour = 12 }) - os.time({ year = 2026, month = 1, day = 1, hour = 12 }))
io.stderr:write("to stderr\n")
local function deep(n) return n == 0 and 0 or 1 + deep(n - 1) end
print(deep(10000), select(2, pcall(function() local function r() return 1 + r() end return r() end)) ~= nil)
os.exit(5)
L
echo 'return { answer = 42 }' >mod.lua
NAME=value lua5.4 script.lua one 'two three'
echo "status $?"
echo 'print(1 + 1) print(_VERSION)' | lua5.4 -
lua5.4 -e 'print(("%d"):format(3.0))' -e 'x = ' 2>&1 | sed 's/^[^:]*: //'
lua5.4 -e 'local s = 0; for i = 1, 3000000 do s = s + i % 7 end print(s)'
rm -f script.lua mod.lua out
