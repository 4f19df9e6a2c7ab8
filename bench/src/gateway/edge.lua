-- What our gateway does to an event or a recommendation, in nginx: the same bytes verified with keys derived the same way,
-- verdicts on tokens and used nonces kept the same way, the same limit, the same principal handed on.
local ffi = require "ffi"
local cjson = require "cjson.safe"
local lrucache = require "resty.lrucache"
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

local function base64url(bytes)
  return (ngx.encode_base64(bytes, true):gsub("+", "-"):gsub("/", "_"))
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
  local line_end = find(sub(body, 1, 2048), "\n", 1, true)
  local line = line_end and sub(body, 1, line_end - 1)
  local token, ms, signature = match(line or "", "^EC1 ([%w_.-]+) (%d+) ([%w_-]+)$")
  if not token then return refuse(400) end
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
  if ms > session.ends + 60000 or ms < now - 7 * 86400000 or ms > now + 300000 then return refuse(401) end
  admit(session.tenant, now)
  return session, sub(body, line_end + 1)
end

local function server(body, path, now)
  local headers = ngx.var
  local parameters = match(headers.http_signature_input or "", "^endcap=(.+)$")
  local given = match(headers.http_signature or "", "^endcap=:([%w+/]+=):$")
  local created, nonce, key_id
  if parameters then
    created, nonce, key_id = match(parameters,
      '^%("@method" "@authority" "@path" "@query" "content%-digest" "content%-type"%);created=(%d+);nonce="([%w_-]+)";keyid="([%w_]+)";alg="hmac%-sha256";tag="endcap%-v1"$')
  end
  if not created or not given then return refuse(400) end
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
