-- Asks Countersign whether a request is let in, for haproxy-forward-auth.cfg.

local socket = "unix@/etc/countersign/edge/ask.sock"
local timeout = 5000

-- Who is asking: only Countersign says so.
local identity = {
  "x-forwarded-user", "x-forwarded-tenant", "x-forwarded-roles", "client-cert", "client-cert-chain", "countersign-assertion",
}

-- Between the client and HAProxy, or about a body that is not sent along.
local hop = {
  ["connection"] = true, ["content-length"] = true, ["expect"] = true, ["host"] = true, ["keep-alive"] = true, ["te"] = true,
  ["trailer"] = true, ["transfer-encoding"] = true, ["upgrade"] = true,
}

-- HAProxy counts the values of a header from 0, and takes them from 1.
local function question(txn)
  local headers = {}
  for name, values in pairs(txn.http:req_get_headers()) do
    if not hop[name] then
      local list = {}
      for i = 0, #values do
        list[#list + 1] = values[i]
      end
      headers[name] = list
    end
  end
  headers["x-original-method"] = { txn.f:method() }
  headers["x-original-uri"] = { txn.f:pathq() }
  headers["x-original-host"] = { txn.f:req_fhdr("host") }
  return headers
end

local function refuse(txn, status, headers, body)
  local reply = txn:reply({ status = status })
  for _, name in ipairs({ "content-type", "cache-control", "www-authenticate", "retry-after" }) do
    local values = headers[name]
    for i = 0, values and #values or -1 do
      reply:add_header(name, values[i])
    end
  end
  reply:set_body(body)
  txn:done(reply)
end

core.register_action("countersign", { "http-req" }, function(txn)
  local answer = core.httpclient():get({
    url = "http://id.example.org/auth/check",
    dst = socket,
    headers = question(txn),
    timeout = timeout,
  })
  -- Nothing but a yes is a yes.
  if answer == nil or answer.status ~= 200 then
    local failed = answer == nil or answer.status < 400
    return refuse(txn, failed and 503 or answer.status, failed and {} or answer.headers, failed and "" or answer.body)
  end
  for _, name in ipairs(identity) do
    txn.http:req_del_header(name)
    local values = answer.headers[name]
    if values ~= nil then
      txn.http:req_set_header(name, values[0])
    end
  end
end)
