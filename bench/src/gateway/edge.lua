-- What our gateway does to an event or a recommendation, in nginx: the same bytes verified with keys derived the same way,
-- verdicts on tokens and used nonces kept the same way, the same limit, the same principal handed on.
local ffi = require "ffi"
local cjson = require "cjson.safe"
local lrucache = require "resty.lrucache"
local base64url = require("ngx.base64").encode_base64url
-- LuaJIT's own bounds are those of a small script; past them it throws compiled code away again and again.
require("jit.opt").start("maxtrace=8000", "maxrecord=16000", "maxmcode=32768", "minstitch=3")
ffi.cdef [[
const void *EVP_sha256(void);
unsigned char *HMAC(const void *md, const void *key, int key_length, const unsigned char *data, size_t n, unsigned char *out, unsigned int *out_length);
unsigned char *SHA256(const unsigned char *data, size_t n, unsigned char *out);
int CRYPTO_memcmp(const void *a, const void *b, size_t n);
]]
local C = ffi.C
local floor, max = math.floor, math.max
local sub, find, match = string.sub, string.find, string.match

local sha256 = C.EVP_sha256()
local mac = ffi.new("unsigned char[32]")
local scratch = ffi.new("unsigned char[?]", 1024 * 1024)

local function hmac(key, text)
  C.HMAC(sha256, key, #key, ffi.cast("const unsigned char *", text), #text, mac, nil)
  return ffi.string(mac, 32)
end

-- HKDF-SHA256 with an empty salt, 32 bytes.
local zeros = string.rep("\0", 32)
local function hkdf(key, info)
  return hmac(hmac(zeros, key), info .. "\1")
end

local function unbase64url(text)
  text = text:gsub("-", "+"):gsub("_", "/")
  return ngx.decode_base64(text .. string.rep("=", (4 - #text % 4) % 4))
end

local function same(given, expected)
  return given ~= nil and #given == #expected and C.CRYPTO_memcmp(given, expected, #expected) == 0
end

local edge = {}
local tenants, keys, sessions, tokens = {}, {}, nil, {}

function edge.init(file)
  local handle = assert(io.open(file))
  local config = assert(cjson.decode(handle:read("*a")))
  handle:close()
  sessions = assert(lrucache.new(20000))
  for _, tenant in ipairs(config.tenants) do
    local session_key = unbase64url(tenant.sessionKey)
    local known = {
      id = tenant.id, limits = tenant.limits, empty_at = 0,
      sessions = { [tenant.generation] = { key = session_key, token = hkdf(session_key, "token") } },
    }
    known.policy = string.format('"requests";q=%d;w=%d', known.limits.burst,
      max(1, math.ceil(known.limits.burst / known.limits.requestsPerSecond)))
    tenants[tenant.id] = known
    local principal = cjson.encode({
      tenant = tenant.id, env = "live", tier = "enterprise", scope = { "events:write", "recommendations:read" },
      auth = "sk", key = tenant.secretKey,
    })
    keys[tenant.secretKey] = {
      tenant = known, key = unbase64url(tenant.requestKey), principal = principal,
      principal_header = base64url(principal), nonces = {}, minutes = {},
    }
  end
end

local function refuse(status)
  return ngx.exit(status)
end

-- The generic cell rate algorithm, as limits/gcra.ts.
local function admit(tenant, now)
  local limits = tenant.limits
  local interval = 1000 / limits.requestsPerSecond
  local empty_at = max(tenant.empty_at, now) + interval
  local over = empty_at - now - limits.burst * interval
  ngx.header["ratelimit-policy"] = tenant.policy
  if over > 0.0005 then return refuse(429) end
  tenant.empty_at = empty_at
  ngx.header["ratelimit"] = '"requests";r=' .. floor(-over / interval + 0.0005) .. ";t=" .. math.ceil((empty_at - now) / 1000)
end

local function verify_token(token)
  local signed, signature = match(token, "^([%w_-]+%.[%w_-]+)%.([%w_-]+)$")
  if not signed then return nil end
  local head, body = match(signed, "^(.-)%.(.+)$")
  local header, claims = cjson.decode(unbase64url(head) or ""), cjson.decode(unbase64url(body) or "")
  if not header or not claims or header.alg ~= "HS256" then return nil end
  local tenant = tenants[claims.tenant]
  local generation = tenant and tenant.sessions[header.kid]
  if not generation or not same(signature, base64url(hmac(generation.token, signed))) then return nil end
  local principal = cjson.encode({
    tenant = tenant.id, env = claims.env, tier = "enterprise", scope = {}, auth = "ec1", key = claims.key,
    anonymousId = claims.sub,
  }):gsub('"scope":{}', '"scope":[]')
  local session = {
    tenant = tenant, origin = claims.origin, ends = claims.exp * 1000, key = hkdf(generation.key, "request " .. claims.jti),
    principal = principal, principal_header = base64url(principal),
  }
  sessions:set(token, session)
  return session
end

local function browser(body, path, now)
  -- By plain finds: those are compiled, patterns are not. What is cut wrongly is no token that anybody signed.
  local line_end = find(body, "\n", 1, true)
  if not line_end or line_end > 2048 or sub(body, 1, 4) ~= "EC1 " then return refuse(400) end
  local token_end = find(body, " ", 5, true)
  local ms_end = token_end and find(body, " ", token_end + 1, true)
  if not ms_end or ms_end > line_end then return refuse(400) end
  local token, ms, signature = sub(body, 5, token_end - 1), sub(body, token_end + 1, ms_end - 1), sub(body, ms_end + 1, line_end - 1)
  local session = sessions:get(token) or verify_token(token)
  if not session then return refuse(401) end
  if ngx.var.http_origin ~= session.origin then return refuse(403) end
  ngx.header["access-control-allow-origin"] = session.origin
  local prefix = "EC1\nPOST " .. path .. "\n" .. ms .. "\n"
  local bytes = ffi.cast("const unsigned char *", body)
  local length = #body - line_end
  ffi.copy(scratch, prefix, #prefix)
  ffi.copy(scratch + #prefix, bytes + line_end, length)
  C.HMAC(sha256, session.key, #session.key, scratch, #prefix + length, mac, nil)
  if not same(signature, base64url(ffi.string(mac, 32))) then return refuse(401) end
  ms = tonumber(ms)
  if not ms or ms > session.ends + 60000 or ms < now - 7 * 86400000 or ms > now + 300000 then return refuse(401) end
  admit(session.tenant, now)
  return session, sub(body, line_end + 1)
end

local re_match = ngx.re.match
local profile =
  [[^endcap=\("@method" "@authority" "@path" "@query" "content-digest" "content-type"\);created=([0-9]{1,12});nonce="([A-Za-z0-9_-]{22})";keyid="([A-Za-z0-9_]{1,64})";alg="hmac-sha256";tag="endcap-v1"$]]

local function server(body, path, now)
  local headers = ngx.var
  local field = headers.http_signature_input or ""
  local parts = re_match(field, profile, "jo")
  local given = sub(headers.http_signature or "", 9, -2)
  if not parts or #given ~= 44 then return refuse(400) end
  local parameters, created, nonce, key_id = sub(field, 8), parts[1], parts[2], parts[3]
  local key = keys[key_id]
  if not key then return refuse(401) end
  created = tonumber(created)
  if math.abs(now / 1000 - created) > 300 then return refuse(401) end
  local digest = headers.http_content_digest
  local base = '"@method": POST\n"@authority": ' .. headers.http_host .. '\n"@path": ' .. path ..
    '\n"@query": ?\n"content-digest": ' .. digest .. '\n"content-type": ' .. headers.content_type ..
    '\n"@signature-params": ' .. parameters
  if not same(given, ngx.encode_base64(hmac(key.key, base))) then return refuse(401) end
  admit(key.tenant, now)
  C.SHA256(ffi.cast("const unsigned char *", body), #body, mac)
  if digest ~= "sha-256=:" .. ngx.encode_base64(ffi.string(mac, 32)) .. ":" then return refuse(400) end
  local minute = floor((created + 300) / 60)
  local used = key.nonces[minute]
  if not used then
    for old in pairs(key.nonces) do if (old + 1) * 60 <= now / 1000 then key.nonces[old] = nil end end
    used = {}
    key.nonces[minute] = used
  end
  if used[nonce] then return refuse(409) end
  used[nonce] = true
  return key, body
end

-- `framed`: to a collector that takes coalesced requests, of one part each.
function edge.access(framed)
  ngx.req.read_body()
  local body = ngx.req.get_body_data()
  if not body then return refuse(400) end
  local path = ngx.var.uri
  local now = floor(ngx.now() * 1000)
  local type = ngx.var.content_type or ""
  local caller, payload
  if sub(type, 1, 10) == "text/plain" then caller, payload = browser(body, path, now) else caller, payload = server(body, path, now) end
  local id = ngx.var.request_id
  ngx.header["endcap-request-id"] = id
  if framed then
    ngx.req.set_body_data('{"p":' .. caller.principal .. ',"r":"' .. id .. '","n":' .. #payload .. "}\n" .. payload .. "\n")
    ngx.var.upstream_type = "application/vnd.endcap.batch+ndjson"
  else
    ngx.req.set_body_data(payload)
    ngx.var.upstream_principal = caller.principal_header
    ngx.var.upstream_type = "application/json"
  end
  ngx.var.upstream_token = tokens.current or "none"
end

-- The internal token, minted outside: PUT here by the bench.
function edge.token()
  ngx.req.read_body()
  tokens.current = ngx.req.get_body_data()
  ngx.say("ok")
end

return edge
