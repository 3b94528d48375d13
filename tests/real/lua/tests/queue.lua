-- First in, first out.
local Queue = {}
Queue.__index = Queue

local function new() return setmetatable({}, Queue) end
function Queue:push(item) self[#self + 1] = item end
function Queue:pop() return table.remove(self, 1) end

return {new = new}
