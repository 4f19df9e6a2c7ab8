-- wrk's script: sends the requests of a corpus once each, in order, then ends the run. The corpus stays outside Lua's
-- heap: a table of a hundred thousand strings would cost a walk of the garbage collector now and then.
local ffi = require "ffi"
ffi.cdef [[
int open(const char *path, int flags);
long lseek(int fd, long offset, int whence);
void *mmap(void *addr, size_t length, int prot, int flags, int fd, long offset);
int getpid(void);
int kill(int pid, int sig);
]]
local SIGINT, READ, PRIVATE, SEEK_END = 2, 1, 2, 2

local function map(path)
  local fd = ffi.C.open(path, 0)
  assert(fd >= 0, "cannot read " .. path)
  local size = ffi.C.lseek(fd, 0, SEEK_END)
  return ffi.C.mmap(nil, size, READ, PRIVATE, fd, 0), size
end

local bytes, starts, count
local at = 0

function init(args)
  local data = map(args[1])
  bytes = ffi.cast("const char *", data)
  local index, size = map(args[1] .. ".index")
  starts = ffi.cast("const uint32_t *", index)
  count = tonumber(size) / 4 - 1
  repeats = tonumber(args[2] or "1")
  local pause = tonumber(args[3] or "0")
  if pause > 0 then
    -- wrk asks for it only where it is defined.
    function delay() return math.random(math.floor(pause / 2), math.ceil(pause * 1.5)) end
  end
end

function request()
  if at >= count * repeats then
    -- wrk itself only knows durations; its handler of SIGINT ends the run and reports.
    if at == count * repeats then ffi.C.kill(ffi.C.getpid(), SIGINT) end
    at = at + 1
    wrk.thread:stop()
  end
  local i = at % count
  at = at + 1
  return ffi.string(bytes + starts[i], starts[i + 1] - starts[i])
end

function done(summary, latency)
  io.write(string.format('\n{"requests":%d,"us":%d,"errors":%d,"p50":%d,"p99":%d}\n', summary.requests, summary.duration,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
