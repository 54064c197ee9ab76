"""``RedisAllowance``: the calls that all processes of one gateway make to a source, counted in Redis in one step.

What waits, and what is done while Redis is away, is decided by whoever asks.
"""

from __future__ import annotations

from gateway.redis import Redis, RedisAway, Script
from resolvers import AllowanceAway, Rate, Turn

# Times are whole microseconds: numbers of Lua are doubles, and Redis would cut their fractions off in answers. A day
# is Redis' own: processes whose clocks differ must not have two of them.
_TAKE = Script("""
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval, window, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local per_day, day = tonumber(ARGV[4]), math.floor(clock[1] / 86400)
local today = 0
if per_day > 0 then
  local kept = redis.call('GET', KEYS[2])
  if kept then
    local of, count = string.match(kept, '^(%d+):(%d+)$')
    if of and tonumber(of) == day then today = tonumber(count) end
  end
  if today >= per_day then return { 0, (day + 1) * 86400000000 - now } end
end
local wait = 0
if interval > 0 then
  local full = tonumber(redis.call('GET', KEYS[1]) or now) or now
  if full < now then full = now end
  full = full + interval
  wait = full - window - now
  if wait > most then return { 0, math.ceil(wait) } end
  redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000) + 1)
end
if per_day > 0 then
  redis.call('SET', KEYS[2], string.format('%.0f:%.0f', day, today + 1), 'EX', 90000)
end
return { 1, math.max(0, math.ceil(wait)) }
""")


class RedisAllowance:
    """As ``SharedAllowance``."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def take(self, name: str, rate: Rate, most_wait: float) -> Turn:
        """As ``SharedAllowance.take``."""
        keys = [self._redis.key("source", name), self._redis.key("source", name, "day")]
        interval = max(1, round(rate.interval * 1e6)) if rate.interval else 0
        numbers = (interval, interval * rate.burst, max(0, int(most_wait * 1e6)), rate.per_day or 0)
        try:
            granted, wait = await self._redis.run(_TAKE, keys, numbers)
        except RedisAway as error:
            raise AllowanceAway(str(error)) from error
        except (TypeError, ValueError) as error:
            raise AllowanceAway("an answer that is none") from error
        return Turn(int(wait) / 1e6, granted=bool(granted))

    async def close(self) -> None:
        """Gives back its connections; called once."""
        await self._redis.close()
