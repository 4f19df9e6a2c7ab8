/**
 * One tenant's bucket, in one hash: `level` tokens left at `at`, and what each gateway asks for (`g:<gateway>` =
 * `<demand>:<time>`). A gateway gives back what it holds unused, pays what it owes, and is given its part by demand of
 * what is there. Redis's own clock counts, so gateways' clocks need not agree.
 *
 * KEYS[1] the tenant; ARGV: gateway, tokens a second, burst, given back, owed, demand (0: it leaves).
 * Answers the tokens given and the tokens left, whole.
 */
export const leaseScript = `
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local me, rate, burst = "g:" .. ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local back, owed, demand = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local fields = redis.call("HGETALL", KEYS[1])
local level, at, total, mineAt = burst, now, demand, now
for n = 1, #fields, 2 do
  local name, value = fields[n], fields[n + 1]
  if name == "level" then level = tonumber(value)
  elseif name == "at" then at = tonumber(value)
  else
    local asked, seen = value:match("^([^:]+):(.+)$")
    if name == me then mineAt = tonumber(seen)
    elseif now - tonumber(seen) > 1000 then redis.call("HDEL", KEYS[1], name)
    else total = total + tonumber(asked) end
  end
end
level = math.min(burst, level + math.max(0, now - at) * rate / 1000 + back)
level = math.max(-burst, level - owed)
local given = 0
if demand > 0 then
  local share = demand / total
  local earned = math.min(1000, math.max(0, now - mineAt)) * rate / 1000
  given = math.floor(math.min(level, math.max(level, earned) * share))
  if given < 1 and level >= 1 then given = 1 end
  given = math.max(0, given)
  level = level - given
  redis.call("HSET", KEYS[1], me, demand .. ":" .. now)
else
  redis.call("HDEL", KEYS[1], me)
end
redis.call("HSET", KEYS[1], "level", tostring(level), "at", tostring(now))
redis.call("PEXPIRE", KEYS[1], math.ceil(2000 * burst / rate) + 10000)
return { given, math.max(0, math.floor(level)) }
`;
