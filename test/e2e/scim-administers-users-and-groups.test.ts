import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { enterpriseUserSchema } from '../../src/identity/users/claims.ts'
import { until } from '../support/home.ts'
import { run } from '../support/run.ts'
import { core, groupBody, messages, openScim, patchBody, userBody } from '../support/scim.ts'

const server = await openScim()
const admin = server.as('admin')
const { home, url } = server

test('a user is made, read, replaced, patched and removed', async () => {
  const made = await admin('POST', '/Users', {
    body: userBody('bjensen', {
      externalId: 'b-1',
      name: { givenName: 'Barbara', familyName: 'Jensen' },
      emails: [{ value: 'b@example.com', type: 'work', primary: true }],
      phoneNumbers: [{ value: '+1 555', type: 'mobile' }],
      addresses: [{ type: 'work', country: 'US', locality: 'Hollywood' }],
      password: 'long enough 1',
      [enterpriseUserSchema]: { department: 'Tours', manager: { value: 'boss' } },
    }),
  })
  assert.equal(made.status, 201)
  const { id, meta, ...rest } = made.body
  assert.equal(made.headers['content-type'], 'application/scim+json; charset=utf-8')
  assert.equal(made.headers.location, `${url}/scim2/Users/${id}`)
  assert.equal(meta.location, `${url}/scim2/Users/${id}`)
  assert.equal(made.headers.etag, meta.version)
  assert.equal(meta.resourceType, 'User')
  assert.deepEqual(rest, {
    schemas: [`${core}:User`, enterpriseUserSchema],
    externalId: 'b-1',
    userName: 'bjensen',
    active: true,
    name: { givenName: 'Barbara', familyName: 'Jensen' },
    emails: [{ value: 'b@example.com', type: 'work', primary: true }],
    phoneNumbers: [{ value: '+1 555', type: 'mobile' }],
    addresses: [{ type: 'work', country: 'US', locality: 'Hollywood' }],
    [enterpriseUserSchema]: { department: 'Tours', manager: { value: 'boss', $ref: `${url}/scim2/Users/boss` } },
  })
  const kept = await home.directory.users.findById('default', id)
  assert.deepEqual(
    kept?.attributes.find(({ name }) => name === 'http://wso2.org/claims/emailaddress'),
    { name: 'http://wso2.org/claims/emailaddress', value: 'b@example.com', parts: { primary: true, type: 'work' } },
  )
  for (const [claim, value] of [
    ['givenname', 'Barbara'],
    ['lastname', 'Jensen'],
    ['mobile', '+1 555'],
    ['country', 'US'],
    ['department', 'Tours'],
  ] as const)
    assert.equal(kept?.attributes.find(({ name }) => name === `http://wso2.org/claims/${claim}`)?.value, value)
  assert.equal((await home.users.checkPassword('default', 'bjensen', 'long enough 1')).kind, 'right')

  assert.deepEqual((await admin('GET', `/Users/${id}`)).body, made.body)
  const replaced = await admin('PUT', `/Users/${id}`, {
    body: userBody('bjensen', { title: 'Guide', id: 'x', groups: [{ value: 'admin' }] }),
  })
  assert.equal(replaced.status, 200)
  assert.deepEqual(Object.keys(replaced.body), ['schemas', 'id', 'userName', 'active', 'title', 'meta'])
  assert.equal((await home.users.checkPassword('default', 'bjensen', 'long enough 1')).kind, 'right')

  const patched = await admin('PATCH', `/Users/${id}`, {
    body: patchBody({ op: 'Replace', path: 'active', value: 'False' }, { op: 'add', path: 'nickName', value: 'Babs' }),
  })
  assert.deepEqual([patched.status, patched.body.active, patched.body.nickName], [200, false, 'Babs'])
  assert.equal((await home.directory.users.find('default', 'bjensen'))?.state, 'locked')
  assert.equal(
    (await admin('PUT', `/Users/${id}`, { body: userBody('bjensen') })).body.active,
    false,
    'what is not said of active opens nobody',
  )

  assert.equal((await admin('DELETE', `/Users/${id}`)).status, 204)
  for (const method of ['GET', 'DELETE']) {
    const { status, body } = await admin(method, `/Users/${id}`)
    assert.equal(status, 404)
    assert.deepEqual([body.schemas, body.status, body.code], [[`${messages}:Error`], '404', 'not_found'])
    assert.ok(body.requestId && body.remedy && body.detail)
  }
})

test('a group is a role: whoever is put into it has it', async () => {
  const bob = await server.addUser('bob')
  const carol = await server.addUser('carol')
  const made = await admin('POST', '/Groups', { body: groupBody('buyer', [bob.id]) })
  assert.equal(made.status, 201)
  const { id } = made.body
  assert.deepEqual(made.body.members, [
    { value: bob.id, $ref: `${url}/scim2/Users/${bob.id}`, display: 'bob', type: 'User' },
  ])
  assert.deepEqual((await admin('GET', `/Users/${bob.id}`)).body.groups, [
    { value: id, $ref: `${url}/scim2/Groups/${id}`, display: 'buyer', type: 'direct' },
  ])
  await admin('PATCH', `/Groups/${id}`, {
    body: patchBody({ op: 'add', path: 'members', value: [{ value: carol.id }] }),
  })
  assert.deepEqual((await home.directory.users.find('default', 'carol'))?.roles, ['buyer'])
  await admin('PATCH', `/Groups/${id}`, { body: patchBody({ op: 'remove', path: `members[value eq "${bob.id}"]` }) })
  assert.deepEqual((await home.directory.users.find('default', 'bob'))?.roles, [])
  const stranger = await admin('PATCH', `/Groups/${id}`, {
    body: patchBody({ op: 'add', path: 'members', value: [{ value: 'nobody' }] }),
  })
  assert.deepEqual([stranger.status, stranger.body.scimType], [400, 'invalidValue'])
  const renamed = await admin('PUT', `/Groups/${id}`, { body: groupBody('customer', [carol.id]) })
  assert.deepEqual([renamed.status, renamed.body.displayName], [200, 'customer'])
  assert.equal(
    (await admin('GET', `/Groups?filter=displayName+eq+"CUSTOMER"&excludedAttributes=members`)).body.Resources[0]
      .members,
    undefined,
  )
  assert.equal((await admin('DELETE', `/Groups/${id}`)).status, 204)
  assert.deepEqual((await home.directory.users.find('default', 'carol'))?.roles, [])
})

test('nobody is made twice, not in another case either', async () => {
  await admin('POST', '/Users', { body: userBody('dave') })
  for (const name of ['dave', 'DAVE']) {
    const { status, body } = await admin('POST', '/Users', { body: userBody(name) })
    assert.deepEqual([status, body.scimType, body.code], [409, 'uniqueness', 'conflict'], name)
  }
  await admin('POST', '/Groups', { body: groupBody('staff') })
  assert.equal((await admin('POST', '/Groups', { body: groupBody('Staff') })).body.scimType, 'uniqueness')
  const erin = await admin('POST', '/Users', { body: userBody('erin') })
  const renamed = await admin('PATCH', `/Users/${erin.body.id}`, {
    body: patchBody({ op: 'replace', path: 'userName', value: 'Dave' }),
  })
  assert.deepEqual([renamed.status, renamed.body.scimType], [409, 'uniqueness'])
  assert.equal(
    (
      await admin('PATCH', `/Users/${erin.body.id}`, {
        body: patchBody({ op: 'replace', path: 'userName', value: 'Erin' }),
      })
    ).body.userName,
    'Erin',
  )
})

test('searches: filter, order, pages, attributes, by GET and by POST', async () => {
  for (const name of ['s-anna', 's-berta', 's-cleo'])
    await admin('POST', '/Users', { body: userBody(name, { title: name === 's-cleo' ? 'Queen' : 'Clerk' }) })
  const names = async (query: string) => {
    const { body } = await admin('GET', `/Users?${query}`)
    return [
      body.totalResults,
      body.startIndex,
      body.itemsPerPage,
      ...body.Resources.map(({ userName }: { userName: string }) => userName),
    ]
  }
  const mine = `filter=${encodeURIComponent('userName sw "s-"')}`
  assert.deepEqual(await names(mine), [3, 1, 3, 's-anna', 's-berta', 's-cleo'])
  assert.deepEqual(await names(`${mine}&startIndex=2&count=1`), [3, 2, 1, 's-berta'])
  assert.deepEqual(await names(`${mine}&startIndex=9`), [3, 9, 0])
  assert.deepEqual(await names(`${mine}&startIndex=-3&count=1`), [3, 1, 1, 's-anna'])
  assert.deepEqual(await names(`${mine}&count=-1`), [3, 1, 0])
  assert.deepEqual(await names(`${mine}&sortBy=title&sortOrder=descending`), [3, 1, 3, 's-cleo', 's-berta', 's-anna'])
  const { body } = await admin('POST', '/Users/.search', {
    body: {
      schemas: [`${messages}:SearchRequest`],
      filter: 'userName sw "s-" and title eq "clerk"',
      attributes: ['userName', 'meta.location'],
      startIndex: 1,
      count: 1,
    },
  })
  assert.equal(body.totalResults, 2)
  assert.deepEqual(Object.keys(body.Resources[0]), ['schemas', 'id', 'userName', 'meta'])
  assert.deepEqual(Object.keys(body.Resources[0].meta), ['location'])
  for (const [query, scimType] of [
    ['filter=userName', 'invalidFilter'],
    ['filter=password+pr', 'invalidFilter'],
    ['sortBy=groups', 'invalidValue'],
    ['sortOrder=upwards', 'invalidValue'],
    ['count=many', 'invalidValue'],
    ['count=1&count=2', 'invalidSyntax'],
    ['filter=%FF', 'invalidSyntax'],
    ['attributes=id&excludedAttributes=name', 'invalidValue'],
  ] as const) {
    const answer = await admin('GET', `/Users?${query}`)
    assert.deepEqual([answer.status, answer.body.scimType], [400, scimType], query)
  }
})

test('/Me is the user that the certificate acts as', async () => {
  await server.addUser('mia', ['/permission/admin/login'])
  const mia = server.as('mia')
  assert.equal((await mia('GET', '/Me')).body.userName, 'mia')
  const changed = await mia('PATCH', '/Me', {
    body: patchBody({ op: 'replace', value: { nickName: 'M', password: 'another password' } }),
  })
  assert.deepEqual([changed.status, changed.body.nickName, changed.body.password], [200, 'M', undefined])
  assert.equal((await home.users.checkPassword('default', 'mia', 'another password')).kind, 'right')
  const renamed = await mia('PATCH', '/Me', { body: patchBody({ op: 'replace', path: 'userName', value: 'ops' }) })
  assert.deepEqual([renamed.status, renamed.body.scimType], [400, 'mutability'])
  assert.equal((await mia('GET', '/Users')).status, 403)
  assert.equal((await mia('DELETE', '/Me')).status, 403)
})

test('the documents about the server need no user', async () => {
  const anyone = server.as()
  const config = await anyone('GET', '/ServiceProviderConfig')
  assert.equal(config.status, 200)
  assert.deepEqual(config.body.filter, { supported: true, maxResults: 1000 })
  assert.deepEqual(
    config.body.authenticationSchemes.map(({ type }: { type: string }) => type),
    ['mutualtls', 'httpbasic'],
  )
  assert.equal((await anyone('GET', '/ResourceTypes')).body.totalResults, 2)
  assert.equal((await anyone('GET', '/ResourceTypes/User')).body.schema, `${core}:User`)
  assert.equal((await anyone('GET', '/Schemas')).body.totalResults, 3)
  assert.equal((await anyone('GET', `/Schemas/${core}:Group`)).body.name, 'Group')
  assert.equal((await anyone('GET', '/Schemas/urn:x')).status, 404)
  assert.equal((await anyone('GET', '/Schemas?filter=id+pr')).status, 403)
  assert.equal(
    (await anyone('GET', '/t/wso2.com/scim2/Schemas')).body.Resources[0].meta.location,
    `${url}/t/wso2.com/scim2/Schemas/${core}:User`,
  )
})

test('whoever is not known is told so in the words of the standard, and the ways to sign in', async () => {
  const { status, headers, body } = await server.as()('GET', '/Users')
  assert.equal(status, 401)
  assert.match(String(headers['www-authenticate']), /^Basic /)
  assert.deepEqual([body.schemas, body.status, body.code], [[`${messages}:Error`], '401', 'certificate_required'])
})

test('curl does it, too', async () => {
  const { keyPem, chainPem } = server.certificate('admin')
  const file = (name: string, content: string) => {
    const path = join(home.folder, name)
    writeFileSync(path, content)
    return path
  }
  const { stdout } = await run('curl', [
    ...['-sS', '--fail-with-body', '--cacert', file('ca.pem', home.serverAuthority.pem)],
    ...['--cert', file('admin.pem', chainPem), '--key', file('admin.key', keyPem)],
    ...['-H', 'Content-Type: application/json', '-H', 'Accept: application/json', '-i'],
    ...['-d', JSON.stringify(userBody('by-curl')), `${url}/scim2/Users`],
  ])
  assert.match(stdout, /201/)
  assert.match(stdout, /content-type: application\/json/i)
  assert.ok(await home.directory.users.find('default', 'by-curl'))
})

test('every change is recorded, with who made it', async () => {
  const recorded = (fields: object) =>
    home
      .audit()
      .filter(({ kind }) => kind === 'user-changed' || kind === 'role-changed')
      .some(record =>
        Object.entries(fields).every(([name, value]) => JSON.stringify(record[name]) === JSON.stringify(value)),
      )
  // A record waits a tenth of a second for others.
  const find = (fields: object) => until(() => recorded(fields), JSON.stringify(fields))
  await find({ actor: 'admin', action: 'added', user: 'bjensen' })
  await find({ actor: 'admin', action: 'locked', user: 'bjensen', changed: ['state', 'attributes'] })
  await find({ actor: 'admin', action: 'removed', user: 'bjensen' })
  await find({ actor: 'mia', action: 'changed', user: 'mia', changed: ['password', 'attributes'] })
  await find({ actor: 'admin', action: 'changed', role: 'buyer', changed: ['members'] })
  assert.ok(!JSON.stringify(home.audit()).includes('another password'))
})
