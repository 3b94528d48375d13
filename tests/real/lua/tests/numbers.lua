-- Each check is a case of its own.
local checks = {
    {"integers wrap around", math.maxinteger + 1 == math.mininteger},
    {"division gives floats", math.type(4 / 2) == "float"},
    {"floor division rounds down", -7 // 2 == -4},
    {"the sine comes from the library of the system", math.abs(math.sin(math.pi)) < 1e-15},
}
print("1.." .. #checks)
for number, check in ipairs(checks) do
    print((check[2] and "ok " or "not ok ") .. number .. " - " .. check[1])
end
