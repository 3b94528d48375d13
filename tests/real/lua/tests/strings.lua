-- Patterns, formats and packed bytes.
assert(("key = value"):match("^(%w+)%s*=%s*(%w+)$") == "key")
assert(("a,b,,c"):gsub(",", ";") == "a;b;;c")
assert(string.format("%5.2f|%-4d|%q", 3.14159, 7, "x\ny") == ' 3.14|7   |"x\\\ny"')
assert(#string.pack(">I4i2", 1, -1) == 6)
assert(utf8.len("grün") == 4)
local ok, why = pcall(string.rep, "x", -1, {})
assert(not ok and why:find("string expected"))
