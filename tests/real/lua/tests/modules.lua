-- A module is found at its path from the workspace's root, where tests start.
package.path = "tests/?.lua"
local queue = require("queue")
local turns = queue.new()
for turn = 1, 3 do turns:push(turn) end
assert(turns:pop() == 1 and turns:pop() == 2 and #turns == 1)
