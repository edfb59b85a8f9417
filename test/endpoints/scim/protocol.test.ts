import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { groupBody, messages, openScim, patchBody, userBody } from '../../support/scim.ts'

const server = await openScim({
  limits: {
    maxBodyBytes: 4096,
    maxBulkBytes: 65_536,
    maxBulkOperations: 20,
    maxPatchOperations: 5,
    maxMembers: 3,
    maxPageSize: 5,
    pageSize: 2,
  },
})
const { home, url } = server
const { directory } = home
const admin = server.as('admin')

const bulk = (operations: readonly object[], more: object = {}) =>
  admin('POST', '/Bulk', { body: { schemas: [`${messages}:BulkRequest`], ...more, Operations: operations } })

const make = async (name: string, more: object = {}) =>
  (await admin('POST', '/Users', { body: userBody(name, more) })).body

suite('bodies', () => {
  for (const type of [
    'application/scim+json',
    'application/json',
    'application/scim+json; charset=utf-8',
    'APPLICATION/JSON;charset="UTF-8"',
  ]) {
    test(`${type} is taken`, async () => {
      const body = JSON.stringify(userBody(`media-${type.length}`))
      assert.equal((await admin('POST', '/Users', { headers: { 'content-type': type }, body })).status, 201)
    })
  }

  for (const headers of [
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/x-www-form-urlencoded' },
    { 'content-type': 'multipart/form-data; boundary=x' },
    { 'content-type': 'application/json; charset=iso-8859-1' },
    { 'content-type': 'application/scim+json; charset=utf-16' },
    { 'content-type': 'application/json', 'content-encoding': 'gzip' },
  ] as readonly Readonly<Record<string, string>>[]) {
    test(`${JSON.stringify(headers)} is not`, async () => {
      const { status, body } = await admin('POST', '/Users', { headers, body: JSON.stringify(userBody('nobody')) })
      assert.deepEqual([status, body.code], [415, 'unsupported_media_type'])
    })
  }

  for (const [body, scimType] of [
    ['', 'invalidSyntax'],
    ['{', 'invalidSyntax'],
    ['[]', 'invalidSyntax'],
    ['"x"', 'invalidSyntax'],
    ['null', 'invalidSyntax'],
    ['{}', 'invalidSyntax'],
    [{ userName: 'x' }, 'invalidSyntax'],
    [{ schemas: [], userName: 'x' }, 'invalidSyntax'],
    [{ schemas: ['urn:x'], userName: 'x' }, 'invalidSyntax'],
    [{ ...userBody('x'), schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'] }, 'invalidSyntax'],
    [{ ...userBody('x'), USERNAME: 'y' }, 'invalidSyntax'],
    [userBody(''), 'invalidValue'],
    [userBody('x', { userName: undefined }), 'invalidValue'],
    [userBody('x', { userName: 7 }), 'invalidValue'],
    [userBody('*'), 'invalidValue'],
    [userBody(' x'), 'invalidValue'],
    [userBody('a\u0000b'), 'invalidValue'],
    [userBody('a\u200bb'), 'invalidValue'],
    [userBody('x', { title: 7 }), 'invalidValue'],
    [userBody('x', { active: 'perhaps' }), 'invalidValue'],
    [userBody('x', { name: 'x' }), 'invalidValue'],
    [userBody('x', { emails: 'x@y' }), 'invalidValue'],
    [userBody('x', { emails: [{ type: 'work' }] }), 'invalidValue'],
    [
      userBody('x', {
        emails: [
          { value: 'a@b', primary: true },
          { value: 'c@d', primary: true },
        ],
      }),
      'invalidValue',
    ],
    [userBody('x', { password: 'line\nbreak' }), 'invalidValue'],
    [userBody('x', { title: 'half \ud800 character' }), 'invalidValue'],
  ] as const) {
    test(`${JSON.stringify(body).slice(0, 120)}: ${scimType}`, async () => {
      const answer = await admin('POST', '/Users', { body })
      assert.deepEqual([answer.status, answer.body.scimType], [400, scimType], answer.text)
      assert.equal(await directory.users.find('default', 'x'), undefined)
    })
  }

  test('bytes that are no UTF-8 are no JSON', async () => {
    const { request, Agent } = await import('undici')
    const { keyPem: key, chainPem: cert } = server.certificate('admin')
    const dispatcher = new Agent({ connect: { ca: home.serverAuthority.pem, key, cert } })
    const body = Buffer.from(JSON.stringify(userBody('caf\u00e9')), 'latin1')
    const { statusCode } = await request(`${url}/scim2/Users`, {
      dispatcher,
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    })
    assert.equal(statusCode, 400)
    await dispatcher.destroy()
  })

  test('names that mean something to JavaScript mean nothing here', async () => {
    const body = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"proto","__proto__":{"admin":true,"active":false},"constructor":{"prototype":{"polluted":1}},"name":{"__proto__":{"givenName":"x"},"givenName":"P"},"emails":[{"value":"p@x","__proto__":{"primary":true}}],"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"__proto__":{"department":"x"}}}`
    const made = await admin('POST', '/Users', { body })
    assert.equal(made.status, 201)
    const { id, meta, schemas, ...rest } = made.body
    assert.deepEqual(rest, { userName: 'proto', active: true, name: { givenName: 'P' }, emails: [{ value: 'p@x' }] })
    for (const patch of [
      '{"op":"add","path":"__proto__.polluted","value":1}',
      '{"op":"add","value":{"__proto__":{"polluted":1}}}',
      '{"op":"add","path":"name","value":{"__proto__":{"polluted":1}}}',
      '{"op":"replace","path":"emails[type eq \\"x\\"].__proto__","value":1}',
    ]) {
      const { status } = await admin('PATCH', `/Users/${id}`, {
        body: `{"schemas":["${messages}:PatchOp"],"Operations":[${patch}]}`,
      })
      assert.ok(status === 200 || status === 400, patch)
    }
    assert.equal(({} as Record<string, unknown>).polluted, undefined)
  })

  test('JSON that is nested without an end is read or refused, and nothing breaks', async () => {
    const deep = '['.repeat(1900) + ']'.repeat(1900)
    const { status } = await admin('POST', '/Users', { body: `{"schemas":${deep},"userName":"x"}` })
    assert.equal(status, 400)
    const long = '['.repeat(30_000) + ']'.repeat(30_000)
    const answered = await admin('POST', '/Bulk', {
      body: `{"schemas":["${messages}:BulkRequest"],"Operations":[{"method":"POST","bulkId":"1","path":"/Users","data":${long}}]}`,
    })
    assert.deepEqual([answered.status, answered.body.Operations[0].status], [200, '400'])
  })

  test('what is too much is refused by its size', async () => {
    const { status, body } = await admin('POST', '/Users', { body: userBody('x', { title: 'x'.repeat(5000) }) })
    assert.deepEqual([status, body.code, body.schemas], [413, 'payload_too_large', [`${messages}:Error`]])
    const operations = Array.from({ length: 6 }, () => ({ op: 'remove', path: 'title' }))
    assert.equal(
      (await admin('PATCH', `/Users/${(await make('patchy')).id}`, { body: patchBody(...operations) })).status,
      413,
    )
    const ids = Array.from({ length: 4 }, (_, i) => `${i}`)
    assert.equal((await admin('POST', '/Groups', { body: groupBody('crowd', ids) })).body.scimType, 'invalidValue')
    assert.equal((await admin('GET', '/Users?count=1000')).body.itemsPerPage, 5)
    assert.equal((await admin('GET', '/Users')).body.itemsPerPage, 2)
  })

  test('a group with more members than are told at once is told without them', async () => {
    const role = await directory.roles.add({ tenant: 'default', name: 'many' })
    for (const name of ['m1', 'm2', 'm3', 'm4']) await directory.users.add({ tenant: 'default', name, roles: ['many'] })
    const { status, body } = await admin('GET', `/Groups/${role.id}`)
    assert.deepEqual([status, body.scimType], [400, 'tooMany'])
    assert.equal((await admin('GET', `/Groups/${role.id}?excludedAttributes=members`)).body.displayName, 'many')
    assert.equal((await admin('GET', `/Groups/${role.id}?attributes=displayName`)).body.displayName, 'many')
  })

  test('who asks for plain JSON gets it', async () => {
    const type = async (accept: string) =>
      (await admin('GET', '/Users', { headers: { accept } })).headers['content-type']
    assert.equal(await type('application/json'), 'application/json; charset=utf-8')
    for (const accept of ['application/scim+json', '*/*', 'application/json, */*', 'text/html'])
      assert.equal(await type(accept), 'application/scim+json; charset=utf-8', accept)
  })

  test('methods that a path does not take', async () => {
    for (const [method, path, allow] of [
      ['DELETE', '/Users', 'GET, HEAD, POST'],
      ['POST', '/Users/1', 'DELETE, GET, HEAD, PATCH, PUT'],
      ['GET', '/Bulk', 'POST'],
      ['POST', '/Me', 'DELETE, GET, HEAD, PATCH, PUT'],
      ['GET', '/Users/.search', undefined],
      ['PUT', '/Schemas', 'GET, HEAD'],
      ['OPTIONS', '/Users', 'GET, HEAD, POST'],
    ] as const) {
      const { status, headers } = await admin(method, path)
      assert.deepEqual([status, headers.allow], [405, allow ?? 'POST'], `${method} ${path}`)
    }
    const head = await admin('HEAD', '/Users')
    assert.deepEqual([head.status, head.text], [200, ''])
    for (const path of [
      '/users',
      '/Users/1/2',
      '/Users/',
      '/Nothing',
      '/ServiceProviderConfig/x',
      '/Schemas/',
      '/.search',
    ])
      assert.ok([404, 200].includes((await admin('GET', path)).status), path)
  })
})

suite('versions', () => {
  test('a change is made on the version that is meant', async () => {
    const { id, meta } = await make('versioned')
    const change = (version: string, nickName: string) =>
      admin('PATCH', `/Users/${id}`, {
        headers: { 'if-match': version },
        body: patchBody({ op: 'replace', path: 'nickName', value: nickName }),
      })
    const first = await change(meta.version, 'one')
    assert.equal(first.status, 200)
    assert.notEqual(first.headers.etag, meta.version)
    const stale = await change(meta.version, 'two')
    assert.deepEqual([stale.status, stale.body.code], [412, 'precondition_failed'])
    assert.equal((await admin('DELETE', `/Users/${id}`, { headers: { 'if-match': meta.version } })).status, 412)
    assert.equal(
      (await admin('PUT', `/Users/${id}`, { headers: { 'if-match': meta.version }, body: userBody('versioned') }))
        .status,
      412,
    )
    const { headers } = await admin('GET', `/Users/${id}`)
    assert.equal(
      (await admin('GET', `/Users/${id}`, { headers: { 'if-none-match': String(headers.etag) } })).status,
      304,
    )
    assert.equal((await admin('GET', `/Users/${id}`, { headers: { 'if-none-match': meta.version } })).status, 200)
    assert.equal((await admin('DELETE', `/Users/${id}`, { headers: { 'if-match': String(headers.etag) } })).status, 204)
  })

  test('what changes nothing makes no version', async () => {
    const { id, meta } = await make('steady', { nickName: 'S' })
    for (const body of [
      patchBody({ op: 'replace', path: 'nickName', value: 'S' }),
      patchBody({ op: 'remove', path: 'title' }),
    ])
      assert.equal((await admin('PATCH', `/Users/${id}`, { body })).body.meta.version, meta.version)
    const group = await admin('POST', '/Groups', { body: groupBody('steady', [id]) })
    const same = await admin('PUT', `/Groups/${group.body.id}`, { body: groupBody('steady', [id]) })
    assert.equal(same.headers.etag, group.headers.etag)
  })

  test('joining and leaving a group is a change of both', async () => {
    const { id } = await make('joiner')
    const group = await admin('POST', '/Groups', { body: groupBody('joined') })
    const version = async () => (await admin('GET', `/Users/${id}`)).headers.etag
    const before = await version()
    const joined = await admin('PATCH', `/Groups/${group.body.id}`, {
      body: patchBody({ op: 'add', path: 'members', value: [{ value: id }] }),
    })
    assert.notEqual(joined.headers.etag, group.headers.etag)
    assert.notEqual(await version(), before)
  })

  test('of two changes of the same version one is made', async () => {
    for (let round = 0; round < 10; round++) {
      const { id, meta } = await make(`raced-${round}`)
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, i) =>
          admin('PATCH', `/Users/${id}`, {
            headers: { 'if-match': meta.version },
            body: patchBody({ op: 'replace', path: 'nickName', value: `n${i}` }),
          }),
        ),
      )
      assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, ...Array.from({ length: 7 }, () => 412)])
      const winner = answers.find(({ status }) => status === 200)
      assert.equal((await admin('GET', `/Users/${id}`)).body.nickName, winner?.body.nickName)
    }
  })

  test('changes without a version lose none of each other', async () => {
    const { id } = await make('busy')
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        admin('PATCH', `/Users/${id}`, {
          body: patchBody({ op: 'add', path: 'emails', value: [{ value: `e${i}@example.com` }] }),
        }),
      ),
    )
    assert.ok(answers.every(({ status }) => status === 200))
    assert.equal((await admin('GET', `/Users/${id}`)).body.emails.length, 12)
    const group = await admin('POST', '/Groups', { body: groupBody('busy') })
    const people = await Promise.all(['g1', 'g2', 'g3'].map(name => make(name)))
    await Promise.all(
      people.map(person =>
        admin('PATCH', `/Groups/${group.body.id}`, {
          body: patchBody({ op: 'add', path: 'members', value: [{ value: person.id }] }),
        }),
      ),
    )
    assert.equal((await admin('GET', `/Groups/${group.body.id}`)).body.members.length, 3)
  })
})

suite('bulk requests', () => {
  test('resources that are made refer to each other by their bulkIds, whatever the order', async () => {
    const { status, body } = await bulk([
      { method: 'POST', path: '/Groups', bulkId: 'g', data: groupBody('bulk-group', ['bulkId:u']) },
      {
        method: 'POST',
        path: '/Users',
        bulkId: 'u',
        data: userBody('bulk-user', {
          'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { manager: { value: 'bulkId:m' } },
        }),
      },
      { method: 'POST', path: '/Users', bulkId: 'm', data: userBody('bulk-manager') },
      { method: 'PATCH', path: '/Users/bulkId:u', data: patchBody({ op: 'add', path: 'title', value: 'T' }) },
    ])
    assert.equal(status, 200)
    assert.deepEqual(body.schemas, [`${messages}:BulkResponse`])
    assert.deepEqual(
      body.Operations.map((each: { method: string; bulkId?: string; status: string }) => [
        each.method,
        each.bulkId,
        each.status,
      ]),
      [
        ['POST', 'g', '201'],
        ['POST', 'u', '201'],
        ['POST', 'm', '201'],
        ['PATCH', undefined, '200'],
      ],
    )
    const user = (await directory.users.find('default', 'bulk-user'))!
    const manager = (await directory.users.find('default', 'bulk-manager'))!
    assert.deepEqual(user.roles, ['bulk-group'])
    assert.equal(user.attributes.find(({ name }) => name.endsWith('/manager'))?.value, manager.id)
    assert.equal(user.attributes.find(({ name }) => name.endsWith('/title'))?.value, 'T')
    assert.equal(body.Operations[1].location, `${url}/scim2/Users/${user.id}`)
    assert.match(body.Operations[1].version, /^W\/"\d+"$/)
    const after = await bulk([
      { method: 'PUT', path: `/Users/${user.id}`, version: 'W/"0"', data: userBody('bulk-user') },
      { method: 'DELETE', path: `/Users/${manager.id}` },
      { method: 'DELETE', path: `/Users/${manager.id}` },
    ])
    assert.deepEqual(
      after.body.Operations.map(({ status }: { status: string }) => status),
      ['412', '204', '404'],
    )
    assert.equal(after.body.Operations[0].response.code, 'precondition_failed')
  })

  test('references in a circle, to nothing, and to what was not made', async () => {
    const manager = (id: string) => ({
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { manager: { value: `bulkId:${id}` } },
    })
    const { body } = await bulk([
      { method: 'POST', path: '/Users', bulkId: 'a', data: userBody('circle-a', manager('b')) },
      { method: 'POST', path: '/Users', bulkId: 'b', data: userBody('circle-b', manager('a')) },
      { method: 'POST', path: '/Groups', bulkId: 'c', data: groupBody('nothing', ['bulkId:zzz']) },
      { method: 'POST', path: '/Users', bulkId: 'd', data: { userName: 'no schema' } },
      { method: 'POST', path: '/Groups', bulkId: 'e', data: groupBody('nothing', ['bulkId:d']) },
    ])
    assert.deepEqual(
      body.Operations.map((each: { status: string }) => each.status),
      ['400', '409', '400', '400', '400'],
    )
    for (const name of ['circle-a', 'circle-b']) assert.equal(await directory.users.find('default', name), undefined)
  })

  test('failOnErrors ends it', async () => {
    const wrong = (bulkId: string) => ({ method: 'POST', path: '/Users', bulkId, data: {} })
    const { body } = await bulk(
      [
        wrong('1'),
        { method: 'POST', path: '/Users', bulkId: '2', data: userBody('before-the-end') },
        wrong('3'),
        { method: 'POST', path: '/Users', bulkId: '4', data: userBody('after-the-end') },
      ],
      { failOnErrors: 2 },
    )
    assert.deepEqual(
      body.Operations.map((each: { status: string }) => each.status),
      ['400', '201', '400'],
    )
    assert.equal(await directory.users.find('default', 'after-the-end'), undefined)
  })

  test('what is malformed or too much is refused whole', async () => {
    const fine = { method: 'POST', path: '/Users', bulkId: '1', data: userBody('never') }
    for (const operation of [
      { ...fine, method: 'GET' },
      { ...fine, method: 'post' },
      { ...fine, bulkId: undefined },
      { ...fine, path: '/users' },
      { ...fine, path: '/Users/1' },
      { ...fine, path: '/scim2/Users' },
      { ...fine, path: '/Users?x=y' },
      { method: 'DELETE', path: '/Users' },
      { method: 'DELETE', path: '/Users/../Groups/1' },
      { method: 'DELETE', path: '/Users/%2e%2e' },
      { method: 'DELETE', path: '/Users/1;x' },
      { method: 'DELETE', path: '/Me' },
      { method: 'DELETE', path: 7 },
      'x',
    ]) {
      const { status } = await bulk([fine, operation as object])
      assert.equal(status, 400, JSON.stringify(operation))
    }
    assert.equal((await bulk([fine, fine])).status, 400)
    assert.equal((await bulk([], { failOnErrors: 0 })).status, 400)
    assert.equal((await bulk(Array.from({ length: 21 }, (_, i) => ({ ...fine, bulkId: String(i) })))).status, 413)
    assert.equal((await bulk([{ ...fine, data: userBody('x', { title: 'x'.repeat(70_000) }) }])).status, 413)
    assert.equal(await directory.users.find('default', 'never'), undefined)
  })
})

test('what would be something else to a database is text', async () => {
  const names = [`robert'); drop table users;--`, `x" or ""="`, '%', '_', `\\`, `'`, 'ſ', 'İ', '𝕏']
  for (const name of names) {
    const made = await admin('POST', '/Users', { body: userBody(name, { displayName: name }) })
    assert.equal(made.status, 201, made.text)
    for (const path of ['userName', 'displayName']) {
      const { body } = await admin('GET', `/Users?filter=${encodeURIComponent(`${path} eq ${JSON.stringify(name)}`)}`)
      assert.deepEqual(
        body.Resources?.map(({ userName }: { userName: string }) => userName),
        [name],
        path,
      )
    }
    const { body } = await admin(
      'GET',
      `/Users?count=0&filter=${encodeURIComponent(`id eq ${JSON.stringify(`${made.body.id}' or '1'='1`)}`)}`,
    )
    assert.equal(body.totalResults, 0)
    assert.equal((await admin('GET', `/Users/${encodeURIComponent(`${made.body.id}' or '1'='1`)}`)).status, 404)
  }
  for (const query of [
    `sortBy=${encodeURIComponent('userName; drop table users')}`,
    `startIndex=${encodeURIComponent('1; drop table users')}`,
  ])
    assert.equal((await admin('GET', `/Users?${query}`)).status, 400)
  assert.ok((await admin('GET', '/Users?count=0')).body.totalResults >= names.length)
})
