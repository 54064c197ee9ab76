"""Buckets in Redis, which the processes of one gateway share: taken from in one step, by Redis' own clock.

What is done while Redis is away is the business of who asks.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.rates.buckets import Take, Taken, told
from gateway.redis import Redis, Script

# Times are whole microseconds: numbers of Lua are doubles, and Redis would cut their fractions off in answers.
_TAKE = Script("""
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local full, allowed = {}, true
for i, key in ipairs(KEYS) do
  local interval, window, tokens = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
  local at = tonumber(redis.call('GET', key) or now)
  if at < now then at = now end
  full[i] = at - now
  if full[i] + interval * tokens > window then allowed = false end
end
if allowed then
  for i, key in ipairs(KEYS) do
    local later = full[i] + tonumber(ARGV[3 * i - 2]) * tonumber(ARGV[3 * i])
    redis.call('SET', key, string.format('%.0f', now + later), 'PX', math.ceil(later / 1000) + 1)
  end
end
local answer = { allowed and 1 or 0 }
for i, each in ipairs(full) do answer[i + 1] = math.floor(each) end
return answer
""")


class SharedBuckets:
    """Buckets that all processes with the same ``server.redis`` have together."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def take(self, takes: Sequence[Take]) -> Taken:
        """As ``Buckets.take``.

        Raises:
            RedisAway: nobody knows whether anything was taken.
        """
        arguments: list[int] = []
        for take in takes:
            interval = max(1, round(take.rate.interval * 1e6))
            arguments += (interval, interval * take.rate.burst, take.tokens)
        keys = [self._redis.key("rate", take.key) for take in takes]
        allowed, *full = await self._redis.run(_TAKE, keys, arguments)
        taken = told(takes, [each / 1e6 for each in full])
        return Taken(bool(allowed), taken.left, taken.wait if not allowed else (0.0,) * len(full))
