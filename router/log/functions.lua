#!lua name=zhiban_@VERSION@
-- The writes of a partition's log. Each function is one atomic step.
--
-- The name carries a digest of this text (@VERSION@, filled in by library.py), so that
-- two releases live side by side on one server during a rolling upgrade. What they keep
-- must then be understood by both: the layout is described in keys.py.
--
-- Three rules hold everywhere, because an error in a function does not undo what it wrote:
-- * every check comes before the first write, and so does a read of every key that will
--   be written, so that a key of a wrong type fails there;
-- * the one write that can still be refused, the first XADD (when the stream holds a later
--   id than `meta` knows), comes first;
-- * all keys are passed in KEYS.
--
-- Numbers are doubles here: offsets and times stay far below 2^53.

local DELIVERY_SPAN_MS = 24 * 3600 * 1000
local MESSAGE_SPAN_MS = 4 * 24 * 3600 * 1000
-- What is remembered is two spans: 48 h and 8 days.

-- Lua's stack bounds unpack() to some 8000 values. Even, as it also cuts key-value pairs.
local CHUNK = 4000

local LOOK_AGAIN, DONE = 1, 0
local APPLIED, AGAIN, LEASE_LOST, OUT_OF_STEP, CORRUPT = 1, 0, -1, -2, -3

local function server_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function whole(number)
  return string.format('%.0f', number)
end

local function stream_id(number)
  return string.format('%.0f-0', number)
end

-- Calls a command on a key with args[from .. to], in chunks.
local function in_chunks(command, key, args, from, to)
  for first = from, to, CHUNK do
    redis.call(command, key, unpack(args, first, math.min(first + CHUNK - 1, to)))
  end
end

-- What a reading command gives for args[from .. to], one answer an argument.
local function look_up(command, key, args, from, to)
  if to - from < CHUNK then
    return redis.call(command, key, unpack(args, from, to))
  end
  local answers, count = {}, 0
  for first = from, to, CHUNK do
    local some = redis.call(command, key, unpack(args, first, math.min(first + CHUNK - 1, to)))
    for i = 1, #some do
      count = count + 1
      answers[count] = some[i]
    end
  end
  return answers
end

-- What args[from .. to] have in the current bucket or the two before it, by position: the
-- check that was stored ('' for messages), false for what is not remembered. A value starts
-- with its arrival, as 4 bytes of milliseconds since its bucket began. What arrived in the
-- oldest bucket is two spans old when as much of the current one has passed, hence
-- `> into_bucket`; nothing in the two younger ones is too old.
local function remembered(buckets, into_bucket, args, from, to)
  if to < from then
    return {}
  end
  local values = look_up('HMGET', buckets[1], args, from, to)
  local before = look_up('HMGET', buckets[2], args, from, to)
  local oldest = look_up('HMGET', buckets[3], args, from, to)
  for i = 1, to - from + 1 do
    local value = values[i] or before[i]
    if not value and oldest[i] and struct.unpack('>I4', oldest[i]) > into_bucket then
      value = oldest[i]
    end
    values[i] = value and string.sub(value, 5)
  end
  return values
end

-- The same for a bucket of facts, which are never too old and have no check.
local function recorded(bucket, args, from, to)
  local values = look_up('SMISMEMBER', bucket, args, from, to)
  for i = 1, #values do
    values[i] = values[i] == 1 and ''
  end
  return values
end

-- Puts digests and values by turns into the current bucket. A bucket that this made expires
-- as a whole, when the last id that can be in it is no longer wanted.
local function remember(bucket, made, number, span_ms)
  if #made == 0 then
    return
  end
  in_chunks('HSET', bucket, made, 1, #made)
  if redis.call('HLEN', bucket) <= #made / 2 then
    redis.call('EXPIREAT', bucket, whole((number + 3) * span_ms / 1000))
  end
end

-- The kinds of ids in a call to append, by their number in the plan: where the digests lie
-- in `args`, what is remembered of them (`seen`, by position), what this call adds
-- (`fresh`, digest to check) and the same as it is written (`made`; with `arrived`, but for
-- facts). Nil when the arguments do not add up.
local function append_kinds(keys, args)
  local months = #keys - 8
  local drafts, deliveries = tonumber(args[3]), tonumber(args[4])
  local kinds = {bodies = 5 + months}
  local to = kinds.bodies + drafts
  for kind = 0, 1 + months do
    local count = tonumber(args[4 + kind])
    kinds[kind] = {from = to + 1, to = to + count, used = 0, fresh = {}, made = {}, letter = 'f'}
    to = to + count
    if kind == 0 then
      to = to + deliveries
    end
  end
  kinds[0].letter, kinds[1].letter = 'd', 'm'
  return to == #args and kinds or nil
end

-- Takes the next draft's ids from the plan into `ids`: the kind of each, and which of its kind it
-- is. Gives how many, and where the next draft's begin.
local function append_ids(plan, kinds, at, ids)
  local high, low = string.byte(plan, at, at + 1)
  local count = high * 256 + low
  for i = 1, count do
    at = at + 2
    high, low = string.byte(plan, at, at + 1)
    local kind = kinds[high * 256 + low]
    kind.used = kind.used + 1
    ids.kinds[i], ids.nths[i] = kind, kind.used
  end
  return count, at + 2
end

-- Judges a draft by its ids: 'c' conflicting, 'd' 'm' 'f' a repeat, 'a' to be appended.
local function append_verdict(args, ids, count)
  local conflict, again, other = false, false, nil
  for i = 1, count do
    local kind, nth = ids.kinds[i], ids.nths[i]
    local had = kind.seen[nth] or kind.fresh[args[kind.from + nth - 1]]
    if had and kind.letter == 'd' then
      conflict, again = conflict or had ~= args[kind.to + nth], true
    elseif had then
      other = other or kind.letter
    end
  end
  return conflict and 'c' or again and 'd' or other or 'a'
end

-- Notes what a judged draft makes us remember: all its ids when it is appended; its
-- delivery alone when its message or fact was there before.
local function append_note(args, ids, count, letter)
  for i = 1, count do
    local kind, nth = ids.kinds[i], ids.nths[i]
    local digest = args[kind.from + nth - 1]
    if (letter == 'a' or kind.letter == 'd') and not kind.fresh[digest] then
      local check = kind.letter == 'd' and args[kind.to + nth] or ''
      kind.fresh[digest] = check
      kind.made[#kind.made + 1] = digest
      if kind.arrived then
        kind.made[#kind.made + 1] = kind.arrived .. check
      end
    end
  end
end

-- Writes what was judged: the entries, and what is to be remembered. Gives the new tail.
local function append_write(keys, args, kinds, letters, now, tail)
  local at = whole(now)
  for draft = 1, #letters do
    if letters[draft] == 'a' then
      tail = tail + 1
      redis.call('XADD', keys[1], stream_id(tail), 't', at, 'b', args[kinds.bodies + draft])
    end
  end
  remember(keys[3], kinds[0].made, math.floor(now / DELIVERY_SPAN_MS), DELIVERY_SPAN_MS)
  remember(keys[6], kinds[1].made, math.floor(now / MESSAGE_SPAN_MS), MESSAGE_SPAN_MS)
  for kind = 2, #keys - 7 do
    in_chunks('SADD', keys[7 + kind], kinds[kind].made, 1, #kinds[kind].made)
  end
  return tail
end

-- append: adds drafts to the inbox and drops repeats.
--
-- KEYS  1 inbox  2 meta
--       3-5 delivery buckets, the current one and the two before it
--       6-8 message buckets, likewise
--       9.. fact buckets, one a month that occurs
-- ARGV  1 '1' to write `meta` even when nothing is appended (so that a WAIT behind it
--         also covers what made the drafts repeats), else '0'
--       2 the plan, numbers of 2 bytes, big-endian: for each draft how many ids it has, then
--         the kind of each: 0 delivery, 1 message, 2.. the fact bucket KEYS[7 + kind]
--       3 how many drafts  4 how many delivery ids  5 how many message ids
--       6.. how many fact ids, for each fact bucket
--       then the bodies, the delivery digests, their checks, the message digests and the
--       fact digests bucket by bucket, each in the order of the plan
-- Gives {0, time of arrival, first offset given, a letter for each draft}, or
--       {1, now} when the buckets are not those of now: call again with the right ones.
-- Not allow-oom: a full server refuses it before it starts.
local function append(keys, args)
  local inbox, meta = keys[1], keys[2]
  local known = redis.call('HMGET', meta, 'tail', 'clock')
  local tail = tonumber(known[1] or 0)
  local now = math.max(server_ms(), tonumber(known[2] or 0))
  local day, four_days = math.floor(now / DELIVERY_SPAN_MS), math.floor(now / MESSAGE_SPAN_MS)
  local tag = string.sub(inbox, 1, -6)
  for back = 0, 2 do
    if keys[3 + back] ~= tag .. 'seen:d:' .. whole(day - back)
        or keys[6 + back] ~= tag .. 'seen:m:' .. whole(four_days - back) then
      return {LOOK_AGAIN, now}
    end
  end
  local kinds = append_kinds(keys, args)
  if not kinds then
    return redis.error_reply('ERR append: the arguments do not add up')
  end
  local into = {[0] = now % DELIVERY_SPAN_MS, [1] = now % MESSAGE_SPAN_MS}
  for kind = 0, 1 do
    local buckets = {keys[3 + 3 * kind], keys[4 + 3 * kind], keys[5 + 3 * kind]}
    kinds[kind].arrived = struct.pack('>I4', into[kind])
    kinds[kind].seen = remembered(buckets, into[kind], args, kinds[kind].from, kinds[kind].to)
  end
  for kind = 2, #keys - 7 do
    kinds[kind].seen = recorded(keys[7 + kind], args, kinds[kind].from, kinds[kind].to)
  end
  -- The same two tables for all drafts: tables of its own would cost each a twentieth more.
  local letters, ids, count, at = {}, {kinds = {}, nths = {}}, 0, 1
  for draft = 1, tonumber(args[3]) do
    count, at = append_ids(args[2], kinds, at, ids)
    letters[draft] = append_verdict(args, ids, count)
    if letters[draft] ~= 'c' and letters[draft] ~= 'd' then
      append_note(args, ids, count, letters[draft])
    end
  end

  local first = tail + 1
  tail = append_write(keys, args, kinds, letters, now, tail)
  if tail >= first or args[1] == '1' then
    redis.call('HSET', meta, 'tail', whole(tail), 'clock', whole(now))
  end
  return {DONE, now, first, table.concat(letters)}
end

-- Whether this token and nonce hold the lease now.
local function holds(lease, token, nonce)
  local held = redis.call('HMGET', lease, 'token', 'nonce', 'expires')
  return held[1] == token and held[2] == nonce and server_ms() < tonumber(held[3] or 0)
end

-- commit: makes one step of the owner visible, all of it or nothing.
--
-- KEYS  1 lease  2 meta  3 inbox  4 facts  5 records
-- ARGV  1 token  2 nonce  3 batch id  4 seq  5 offset  6 clock in ms  7 schema  8 facts ('' none)
--       9 how many of the arguments from 10 on are record keys and values by turns; the
--         keys of records to delete come behind them
-- Gives {code, why}: 1 applied; 0 this very batch was the last one applied; -1 the lease is
--       not held or has expired; -2 out of step; -3 the log holds something that cannot be.
-- allow-oom: what is consumed can be trimmed, so a full server must let it happen.
local function commit(keys, args)
  local lease, meta, inbox, facts, records = unpack(keys)
  local seq, offset, clock = tonumber(args[4]), tonumber(args[5]), tonumber(args[6])
  local known = redis.call('HMGET', meta, 'seq', 'offset', 'tail', 'clock', 'batch')
  local known_seq, known_offset = tonumber(known[1] or 0), tonumber(known[2] or 0)
  local tail, known_clock = tonumber(known[3] or 0), tonumber(known[4] or 0)
  -- Asked first: a batch that was applied stays applied, whoever holds the lease by now.
  if known[5] == args[3] and known_seq == seq then
    return {AGAIN, ''}
  end
  if not holds(lease, args[1], args[2]) then
    return {LEASE_LOST, 'the lease is not held, or has expired'}
  end
  if seq ~= known_seq + 1 or offset < known_offset or offset > tail then
    return {OUT_OF_STEP, string.format(
      'commit %.0f at offset %.0f does not follow %.0f at %.0f of %.0f',
      seq, offset, known_seq, known_offset, tail)}
  end
  if offset < tail then
    -- The server's clock was set back between a reading and the next append: the owner has
    -- let time pass that the next entry precedes, so replay would decide otherwise.
    local id = stream_id(offset + 1)
    local waiting = redis.call('XRANGE', inbox, id, id)[1]
    if not waiting then
      return {CORRUPT, 'inbox entry ' .. id .. ' is not there'}
    end
    if tonumber(waiting[2][2]) < clock then
      return {OUT_OF_STEP, 'the clock is beyond the next entry, ' .. id}
    end
  end
  local changes = 9 + tonumber(args[9])
  if changes > #args or (changes - 9) % 2 ~= 0 then
    return redis.error_reply('ERR commit: the arguments do not add up')
  end
  redis.call('HLEN', records)

  if args[8] ~= '' then
    redis.call('XADD', facts, stream_id(seq), 'b', args[8])
  end
  in_chunks('HSET', records, args, 10, changes)
  in_chunks('HDEL', records, args, changes + 1, #args)
  redis.call('HSET', meta, 'seq', whole(seq), 'offset', whole(offset),
    'clock', whole(math.max(clock, known_clock)), 'committed', whole(clock),
    'batch', args[3], 'schema', args[7])
  return {APPLIED, ''}
end

-- acquire: grants the lease when nobody holds it or the holder's has expired.
--
-- KEYS  1 lease
-- ARGV  1 owner  2 nonce  3 for how many ms
-- Gives {token, expires in ms}, or nil.
local function acquire(keys, args)
  local lease, now, ttl = keys[1], server_ms(), tonumber(args[3])
  local held = redis.call('HMGET', lease, 'token', 'expires', 'ttl')
  local expires, held_ttl = tonumber(held[2] or 0), tonumber(held[3] or 0)
  if now < expires then
    -- Only when the server's clock was set back: nobody shall wait longer than the ttl.
    if expires > now + held_ttl then
      redis.call('HSET', lease, 'expires', whole(now + held_ttl))
    end
    return nil
  end
  local token = tonumber(held[1] or 0) + 1
  redis.call('HSET', lease, 'owner', args[1], 'token', whole(token), 'nonce', args[2],
    'expires', whole(now + ttl), 'ttl', whole(ttl))
  return {token, now + ttl}
end

-- renew: prolongs the lease of its holder.
--
-- KEYS  1 lease
-- ARGV  1 token  2 nonce  3 for how many ms from now
-- Gives when it expires in ms, or nil when it is not held or has expired.
local function renew(keys, args)
  if not holds(keys[1], args[1], args[2]) then
    return nil
  end
  local ttl = tonumber(args[3])
  local expires = server_ms() + ttl
  redis.call('HSET', keys[1], 'expires', whole(expires), 'ttl', whole(ttl))
  return expires
end

-- release: lets the next owner in at once; the token's counter stays.
--
-- KEYS  1 lease
-- ARGV  1 token  2 nonce
-- Gives 1, or 0 when the lease was not held.
local function release(keys, args)
  if not holds(keys[1], args[1], args[2]) then
    return 0
  end
  redis.call('HSET', keys[1], 'nonce', '', 'expires', '0')
  return 1
end

-- Drops a stream's entries up to `upto`, `most` of them at a time; 1 when some remain.
local function cut(stream, upto, most)
  local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  if not first then
    return 0
  end
  local from = tonumber(string.match(first[1], '^%d+'))
  local last = math.min(upto, from + most - 1)
  if last >= from then
    redis.call('XTRIM', stream, 'MINID', '=', stream_id(last + 1))
  end
  return last < upto and 1 or 0
end

-- trim: forgets entries that nobody reads any more, never beyond what is consumed.
--
-- KEYS  1 meta  2 inbox  3 facts
-- ARGV  1 last inbox offset to forget  2 last facts sequence to forget
--       3 how many offsets of each to forget at most, so that the server is not held up
-- Gives 1 when more remains to be trimmed, else 0.
local function trim(keys, args)
  local known = redis.call('HMGET', keys[1], 'offset', 'seq')
  local most = tonumber(args[3])
  redis.call('XLEN', keys[3])
  local inbox_left = cut(keys[2], math.min(tonumber(args[1]), tonumber(known[1] or 0)), most)
  local facts_left = cut(keys[3], math.min(tonumber(args[2]), tonumber(known[2] or 0)), most)
  return math.max(inbox_left, facts_left)
end

-- Draining must be possible on a full server, so all but append are allow-oom.
local function register(name, callback)
  redis.register_function{
    function_name = 'zhiban_@VERSION@_' .. name, callback = callback, flags = {'allow-oom'}}
end

redis.register_function('zhiban_@VERSION@_append', append)
register('commit', commit)
register('acquire', acquire)
register('renew', renew)
register('release', release)
register('trim', trim)
