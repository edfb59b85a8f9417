// The table in docs/wso2.md: each of its cases is asked of a running server over a Carbon home.
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { type CarbonServer, carbonServer, envelope, type Told } from '../../../support/carbon-server.ts'
import { type Ask, type Certificates, type HomeSource, makeCertificates, type Row } from './row.ts'
import { groups } from './table.ts'

const certificates = makeCertificates()
/** the last one, which the next cases mostly share */
let open: { source: HomeSource; server: CarbonServer } | undefined
after(() => open?.server[Symbol.asyncDispose]())

for (const { title, home, rows } of groups) {
  describe(title, () => {
    for (const row of rows) {
      test(`${row.when}: ${row.ours}`, async () => {
        assert.equal(await outcome(row, row.home ?? home), row.ours)
      })
    }
  })
}

test('every case is the same, tightened or otherwise, and says why', () => {
  const rows = groups.flatMap(group => group.rows)
  assert.deepEqual(
    rows.filter(({ tightened, differs }) => tightened !== undefined && differs !== undefined),
    [],
  )
  // Where the original refuses, this server may not let anybody in without saying why.
  const looser = rows.filter(
    row => /^(?:refused|asks for|error|no connection)/.test(row.original) && isUser(row) && row.differs === undefined,
  )
  assert.deepEqual(
    looser.map(({ when }) => when),
    [],
  )
  const stricter = rows.filter(
    row => !/^(?:refused|asks for|error|no connection)/.test(row.original) && !isUser(row) && !row.tightened,
  )
  assert.deepEqual(
    stricter.map(({ when }) => when),
    [],
  )
  assert.equal(
    new Set(groups.flatMap(group => group.rows.map(({ when }) => `${group.title} ${when}`))).size,
    rows.length,
  )
})

function isUser({ ours }: Row): boolean {
  return !/^[a-z]+(?:_[a-z]+)+$|^forbidden$|does not start/.test(ours)
}

async function outcome(row: Row, source: HomeSource): Promise<string> {
  try {
    const told = await decide(await serverFor(source), row)
    return told.user ?? told.code ?? nobodyIn(told)
  } catch (error) {
    if (/every authenticator is switched off/.test(String(error))) return 'the server does not start'
    throw error
  }
}

async function serverFor(source: HomeSource): Promise<CarbonServer> {
  if (open?.source === source) return open.server
  await open?.server[Symbol.asyncDispose]()
  open = undefined
  const server = await carbonServer(source(certificates))
  open = { source, server }
  return server
}

async function decide(server: CarbonServer, { ask, next = [] }: Row): Promise<Told> {
  let told: Told | undefined
  const cookies: string[] = []
  for (const each of [ask, ...next]) {
    if (told !== undefined) assert.equal(told.status, 200, 'the request before was let in')
    told = await server.ask(requestOf(each, cookies.join('; ') || undefined))
    cookies.push(...[told.headers['set-cookie'] ?? []].flat().map(each => each.split(';')[0]!))
  }
  return told!
}

function requestOf(ask: Ask, cookie: string | undefined) {
  const { to = 'soap', certificate = 'imported', domain, headerName = 'UserName', header, authorization } = ask
  const issued = certificate === null ? undefined : (certificates[certificate as keyof Certificates] as never)
  const headers = {
    [headerName]: header,
    Authorization: authorization,
    Cookie: cookie,
    'WSO2-Identity-User': ask.identityUser,
  }
  const place = domain === undefined ? '' : `/t/${domain}`
  if (to === 'rest') return { certificate: issued, path: `${place}/scim2/Me`, headers }
  const { service, body } = calls[to]
  return {
    certificate: issued,
    method: 'POST',
    path: `${place}/services/${service}`,
    headers: { ...headers, 'Content-Type': 'text/xml; charset=UTF-8' },
    body: envelope(body, ask.blocks),
  }
}

const calls = {
  soap: {
    service: 'LoggedUserInfoAdmin',
    body: '<p:getUserInfo xmlns:p="http://loggeduserinfo.services.core.carbon.wso2.org"/>',
  },
  users: {
    service: 'RemoteUserStoreManagerService',
    body: '<p:isExistingUser xmlns:p="http://service.ws.um.carbon.wso2.org"><p:userName>alice</p:userName></p:isExistingUser>',
  },
  open: {
    service: 'AuthenticationAdmin',
    body: '<p:getAuthenticatorName xmlns:p="http://authentication.services.core.carbon.wso2.org"/>',
  },
}

function nobodyIn({ status }: Told): string {
  return status === 200 ? 'nobody in particular' : `status ${status}`
}
