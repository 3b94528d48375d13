-- Sorting, moving and metatables.
local list = {5, 2, 8, 1}
table.sort(list, function(a, b) return a > b end)
assert(table.concat(list, " ") == "8 5 2 1")
assert(select("#", table.unpack(list, 2, 3)) == 2)

local counted = setmetatable({}, {__index = function(_, key) return #key end})
assert(counted.four == 4)

local function tree(depth)
    return depth == 0 and {} or {tree(depth - 1), tree(depth - 1)}
end
local function leaves(node)
    return #node == 0 and 1 or leaves(node[1]) + leaves(node[2])
end
assert(leaves(tree(10)) == 1024)
