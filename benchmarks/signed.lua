-- Walks through a file of signed bodies ("signature<TAB>body" a line, path in $BODIES), so that no body comes twice.
-- wrk has no HMAC of its own; the file is written before the load begins and read before the clock starts.
local ready = {}
local at = 0
wrapped = 0
local seen

function setup(thread)
  seen = thread
end

function init(args)
  for line in io.lines(os.getenv("BODIES")) do
    local tab = line:find("\t", 1, true)
    local headers = {
      ["Content-Type"] = "application/json",
      ["x-loopback-signature"] = line:sub(1, tab - 1),
    }
    ready[#ready + 1] = wrk.format("POST", nil, headers, line:sub(tab + 1))
  end
end

function request()
  at = at + 1
  if at > #ready then
    wrapped = 1
    at = 1
  end
  return ready[at]
end

function done(summary, latency, requests)
  local errors = summary.errors.connect + summary.errors.read + summary.errors.write
    + summary.errors.status + summary.errors.timeout
  io.write(string.format(
    'LOAD {"requests": %d, "seconds": %f, "errors": %d, "wrapped": %s, "p50_ms": %f, "p99_ms": %f}\n',
    summary.requests, summary.duration / 1e6, errors, tostring(seen:get("wrapped") == 1),
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
