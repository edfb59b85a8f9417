import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { axis2, envelope11, envelope12, openHost, type Reply, userStore } from './host.ts'

const host = await openHost()
const store = 'RemoteUserStoreManagerService'
const exists =
  '<w:isExistingUser xmlns:w="http://service.ws.um.carbon.wso2.org"><w:userName>bob</w:userName></w:isExistingUser>'
const xml = { 'Content-Type': 'text/xml; charset=UTF-8' }
const path = `/services/${store}`

/** A call as the admin. */
const send = (body: string | Uint8Array, headers: Record<string, string> = xml, to = path): Promise<Reply> =>
  host.ask(to, { as: 'admin', headers, body })

suite('SOAP 1.1 and 1.2', () => {
  test('a call of 1.1 is answered in 1.1', async () => {
    const reply = await send(envelope11(exists), { ...xml, SOAPAction: '"urn:isExistingUser"' })
    assert.equal(reply.status, 200)
    assert.equal(reply.headers['content-type'], 'text/xml; charset=utf-8')
    assert.equal(
      reply.body,
      '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><ns:isExistingUserResponse xmlns:ns="http://service.ws.um.carbon.wso2.org"><ns:return>true</ns:return></ns:isExistingUserResponse></soapenv:Body></soapenv:Envelope>',
    )
  })

  test('a call of 1.2 is answered in 1.2', async () => {
    const reply = await send(envelope12(exists), {
      'Content-Type': 'application/soap+xml; action="urn:isExistingUser"',
    })
    assert.equal(reply.status, 200)
    assert.equal(reply.headers['content-type'], 'application/soap+xml; charset=utf-8')
    assert.match(reply.body, /^<soapenv:Envelope xmlns:soapenv="http:\/\/www\.w3\.org\/2003\/05\/soap-envelope">/)
    assert.deepEqual(reply.returns, ['true'])
  })

  test('UTF-16 is read, and answered in UTF-8', async () => {
    const body = Buffer.from(`\ufeff${envelope11(exists).replace('UTF-8', 'UTF-16')}`, 'utf16le')
    assert.deepEqual((await send(body, { 'Content-Type': 'text/xml; charset=utf-16' })).returns, ['true'])
  })

  test('the version of the envelope has to be that of the Content-Type, and one that there is', async () => {
    const mixed = await send(envelope12(exists))
    assert.deepEqual([mixed.status, mixed.fault?.code], [500, 'Client'])
    const other = await send(envelope11(exists), { 'Content-Type': 'application/soap+xml' })
    assert.deepEqual([other.status, other.fault?.code], [400, 'Sender'])
    const none = await send(envelope11(exists).replace('schemas.xmlsoap.org/soap/envelope', 'example.org/envelope'))
    assert.deepEqual([none.status, none.fault?.code], [500, 'VersionMismatch'])
  })

  test('an envelope of no known version is answered with those that are known, the newest first', async () => {
    for (const [version, type] of [
      [envelope11, 'text/xml'],
      [envelope12, 'application/soap+xml'],
    ] as const) {
      const body = version(exists).replaceAll(/xmlns:s="[^"]*"/g, 'xmlns:s="http://example.org/envelope"')
      const reply = await send(body, { 'Content-Type': type })
      assert.deepEqual([reply.status, reply.fault?.code, reply.fault?.problem], [500, 'VersionMismatch', 'bad_request'])
      const [, header] = /<soapenv:Header><up:Upgrade xmlns:up="([^"]*)">/.exec(reply.body) ?? []
      assert.equal(header, 'http://www.w3.org/2003/05/soap-envelope')
      const supported = reply.body.matchAll(/<up:SupportedEnvelope xmlns:v="([^"]*)" qname="v:Envelope"\/>/g)
      assert.deepEqual(
        [...supported].map(([, namespace]) => namespace),
        ['http://www.w3.org/2003/05/soap-envelope', 'http://schemas.xmlsoap.org/soap/envelope/'],
      )
    }
    const other = await send(envelope12(exists), { 'Content-Type': 'text/xml' })
    assert.ok(!other.body.includes('Upgrade'), 'a version that is known is no mismatch')
  })

  test('void is answered 202 with nothing', async () => {
    const reply = await host.call(store, userStore, 'addRole', '<w:roleName>clerk</w:roleName>')
    assert.deepEqual([reply.status, reply.body, reply.headers['content-length']], [202, '', '0'])
  })
})

suite('addresses', () => {
  test('the service, the endpoints of the WSDL and the operation in the path', async () => {
    for (const to of [
      path,
      `${path}/`,
      `${path}.${store}HttpsSoap11Endpoint/`,
      `${path}.${store}HttpsSoap11Endpoint`,
      `${path}.${store}HttpsSoap12Endpoint/`,
      `${path}.${store}HttpsEndpoint/`,
      `${path}/isExistingUser`,
      `${path}.${store}HttpsEndpoint/isExistingUser`,
      `/t/carbon.super${path}`,
    ]) {
      assert.deepEqual((await send(envelope11(exists), xml, to)).returns, ['true'], to)
    }
  })

  test('what is no address of a service is not found', async () => {
    for (const to of [
      '/services',
      '/services/',
      '/services/NoSuchService',
      `/services/${store.toLowerCase()}`,
      `${path}.${store}HttpSoap11Endpoint/`,
      `${path}.UserAdminHttpsSoap11Endpoint/`,
      `${path}.x`,
      `${path}/isExistingUser/x`,
      `/Services/${store}`,
      '/services/constructor',
      '/services/__proto__',
    ]) {
      assert.equal((await send(envelope11(exists), xml, to)).status, 404, to)
    }
    for (const to of [
      `/services/x/../${store}`,
      `/services/./${store}`,
      `/services//${store}`,
      `${path};x`,
      `/services%2f${store}`,
    ]) {
      assert.equal((await send(envelope11(exists), xml, to)).status, 400, to)
    }
  })

  test('other methods are not taken', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const reply = await host.ask(path, { method, as: 'admin' })
      assert.deepEqual([reply.status, reply.headers.allow], [405, 'GET, HEAD, POST'], method)
    }
  })
})

suite('which operation', () => {
  test('by the action, the path or the body; by more than one when they agree', async () => {
    for (const [action, to] of [
      ['urn:isExistingUser', path],
      ['"urn:isExistingUser"', `${path}/isExistingUser`],
      ['isExistingUser', path],
      ['""', path],
      ['', path],
    ] as const) {
      assert.deepEqual((await send(envelope11(exists), { ...xml, SOAPAction: action }, to)).returns, ['true'], action)
    }
    const empty = await send(
      envelope11(''),
      { ...xml, SOAPAction: '"urn:getUserInfo"' },
      '/services/LoggedUserInfoAdmin',
    )
    assert.match(empty.body, /<ax1:userName>admin</, 'an empty body, as the WSDL of that service has it')
  })

  test('names that differ are refused, and none is guessed at', async () => {
    const deletes =
      '<w:deleteUser xmlns:w="http://service.ws.um.carbon.wso2.org"><w:userName>bob</w:userName></w:deleteUser>'
    for (const [body, action, to] of [
      [deletes, 'urn:isExistingUser', path],
      [deletes, '', `${path}/isExistingUser`],
      [exists, 'urn:deleteUser', path],
      [exists, 'urn:isExistingUser', `${path}/deleteUser`],
      [exists, 'urn:isExistingUserX', path],
      [exists, 'http://example.org/other', path],
      [exists, '', `${path}/noSuchOperation`],
      [exists.replace('ws.um', 'other'), '', path],
      [exists.replaceAll('isExistingUser', 'toString'), '', path],
      ['', '', path],
      [exists + exists, '', path],
    ] as const) {
      const reply = await send(envelope11(body), { ...xml, SOAPAction: action }, to)
      assert.deepEqual([reply.status, reply.fault?.code], [500, 'Client'], `${action} ${to} ${body.slice(0, 40)}`)
    }
    const two = await send(envelope12(exists), {
      'Content-Type': 'application/soap+xml; action="urn:isExistingUser"',
      SOAPAction: 'urn:deleteUser',
    })
    assert.deepEqual([two.status, two.fault?.code], [400, 'Sender'])
    assert.notEqual(await host.directory.users.find('default', 'bob'), undefined)
  })
})

suite('headers of messages', () => {
  const strange = (attributes: string) => `<h:Security xmlns:h="urn:h" ${attributes}/>`

  test('one that must be understood and is not is a fault; others are passed over', async () => {
    for (const attributes of [
      's:mustUnderstand="1"',
      's:mustUnderstand="true"',
      's:mustUnderstand="1" s:actor="http://schemas.xmlsoap.org/soap/actor/next"',
    ]) {
      const reply = await send(envelope11(exists, strange(attributes)))
      assert.deepEqual([reply.status, reply.fault?.code], [500, 'MustUnderstand'], attributes)
      assert.match(reply.fault?.text ?? '', /\{urn:h\}Security/)
    }
    for (const attributes of ['', 's:mustUnderstand="0"', 's:mustUnderstand="1" s:actor="urn:somebody-else"']) {
      assert.deepEqual((await send(envelope11(exists, strange(attributes)))).returns, ['true'], attributes)
    }
  })

  test('SOAP 1.2 tells which', async () => {
    const reply = await send(envelope12(exists, strange('s:mustUnderstand="true"')), {
      'Content-Type': 'application/soap+xml',
    })
    assert.deepEqual([reply.status, reply.fault?.code], [500, 'MustUnderstand'])
    assert.match(reply.body, /<soapenv:NotUnderstood xmlns:h="urn:h" qname="h:Security"\/>/)
  })
})

suite('without an envelope', () => {
  const form = { 'Content-Type': 'application/x-www-form-urlencoded' }

  test('a form is answered with the element alone', async () => {
    const reply = await send('userName=bob', form, `${path}/isExistingUser`)
    assert.equal(reply.status, 200)
    assert.equal(reply.headers['content-type'], 'application/xml; charset=utf-8')
    assert.equal(
      reply.body,
      '<ns:isExistingUserResponse xmlns:ns="http://service.ws.um.carbon.wso2.org"><ns:return>true</ns:return></ns:isExistingUserResponse>',
    )
  })

  test("an empty form lists the tenants, as the original's sign-in page asks", async () => {
    await host.directory.tenants.add('example.org')
    const reply = await send('', form, '/services/TenantMgtAdminService/retrieveTenants')
    assert.match(reply.body, /^<ns:retrieveTenantsResponse [^>]*><ns:return [^>]*><ax1:active>true<\/ax1:active>/)
    assert.match(reply.body, /<ax1:tenantDomain>example\.org<\/ax1:tenantDomain>/)
  })

  test('several values of one name are a list; unknown names and second values are refused', async () => {
    const done = await send('roleName=painter&userList=bob&userList=admin', form, `${path}/addRole`)
    assert.equal(done.status, 202)
    assert.deepEqual((await host.directory.users.find('default', 'bob'))?.roles, ['painter'])
    for (const body of ['userName=bob&userName=admin', 'userName=bob&x=1', 'username=bob']) {
      const reply = await send(body, form, `${path}/isExistingUser`)
      assert.deepEqual([reply.status, reply.fault?.code], [400, 'Client'], body)
    }
    assert.equal((await send('userName=bob', form)).fault?.code, 'Client', 'no operation in the path')
  })

  test('XML without an envelope, to the path of the operation', async () => {
    for (const type of ['application/xml', 'text/xml']) {
      const reply = await send(exists, { 'Content-Type': type }, `${path}/isExistingUser`)
      assert.deepEqual([reply.status, reply.returns], [200, ['true']], type)
    }
    assert.equal((await send(exists, { 'Content-Type': 'application/xml' })).fault?.code, 'Client')
    assert.equal((await send(exists, { 'Content-Type': 'text/xml' })).fault?.code, 'Client')
  })
})

suite('GET', () => {
  const get = (to: string) => host.ask(to, { method: 'GET', as: 'admin' })

  test('calls what changes nothing', async () => {
    const reply = await get(`${path}/isExistingUser?userName=bob`)
    assert.deepEqual([reply.status, reply.returns], [200, ['true']])
    assert.equal((await host.ask(`${path}/isReadOnly`, { method: 'HEAD', as: 'admin' })).status, 200)
  })

  test('CVE-2025-6670: changes nothing, and takes no password', async () => {
    for (const [operation, query] of [
      ['deleteUser', 'userName=bob'],
      ['addUser', 'userName=eve&credential=evevevevevev&roleList=admin'],
      ['authenticate', 'userName=admin&credential=x'],
    ] as const) {
      const reply = await get(`${path}/${operation}?${query}`)
      assert.deepEqual([reply.status, reply.headers.allow], [405, 'POST'], operation)
    }
    assert.equal((await get('/services/AuthenticationAdmin/login?username=admin&password=x')).status, 405)
    assert.notEqual(await host.directory.users.find('default', 'bob'), undefined)
    assert.equal(await host.directory.users.find('default', 'eve'), undefined)
  })

  test('the WSDL is hidden unless it is shown', async () => {
    assert.equal((await get(`${path}?wsdl`)).status, 404)
    assert.equal((await get(path)).status, 404)
    assert.equal((await get(`${path}/noSuchOperation`)).status, 404)
  })
})

suite('types of content', () => {
  test('attachments, JSON and what is nothing known are refused with what is taken', async () => {
    for (const type of [
      'multipart/related; type="application/xop+xml"; boundary=x',
      'multipart/form-data; boundary=x',
      'application/json',
      'text/plain',
      'nonsense',
    ]) {
      const reply = await send(envelope11(exists), { 'Content-Type': type })
      assert.equal(reply.status, 415, type)
      assert.match(reply.body, /text\/xml \(SOAP 1\.1\)/, type)
    }
    assert.equal((await host.ask(path, { as: 'admin', body: envelope11(exists) })).status, 415)
    assert.match((await send('', { 'Content-Type': 'multipart/related; boundary=x' })).body, /MTOM/)
  })

  test('what is no XML, or XML that is not taken, is a fault of the client', async () => {
    for (const body of ['', 'x', '<a', '<!DOCTYPE a><a/>', `<?pi x?>${envelope11(exists)}`, exists, '<Envelope/>']) {
      const reply = await send(body)
      assert.deepEqual([reply.status, reply.fault?.problem], [500, 'bad_request'], body)
    }
  })
})

suite('values', () => {
  const check = (children: string, operation = 'isExistingUser') => host.call(store, userStore, operation, children)

  test('children may be in the namespace of the service or in none, in any order, and nil', async () => {
    assert.deepEqual((await check('<userName>bob</userName>')).returns, ['true'])
    const list = '<w:maxItemLimit>1</w:maxItemLimit><w:filter>b*</w:filter>'
    assert.deepEqual((await check(list, 'listUsers')).returns, ['bob'])
    const nil =
      '<w:filter xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:nil="true"/><w:maxItemLimit>100</w:maxItemLimit>'
    assert.deepEqual((await check(nil, 'listUsers')).returns, ['admin', 'bob'])
    const typed = '<w:userName xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:type="x:string">bob</w:userName>'
    assert.deepEqual((await check(typed)).returns, ['true'])
  })

  test('complex values, in their own namespace or in that of the service', async () => {
    for (const [claim, value] of [
      [
        '<c:claimURI xmlns:c="http://common.mgt.user.carbon.wso2.org/xsd">http://wso2.org/claims/title</c:claimURI><c:value xmlns:c="http://common.mgt.user.carbon.wso2.org/xsd">one</c:value>',
        'one',
      ],
      ['<w:claimURI>http://wso2.org/claims/title</w:claimURI><w:value>two</w:value>', 'two'],
      ['<claimURI>http://wso2.org/claims/title</claimURI><value>three</value>', 'three'],
    ] as const) {
      assert.equal(
        (await check(`<w:userName>bob</w:userName><w:claims>${claim}</w:claims>`, 'setUserClaimValues')).status,
        202,
      )
      const read = await check(
        '<w:userName>bob</w:userName><w:claim>http://wso2.org/claims/title</w:claim>',
        'getUserClaimValue',
      )
      assert.deepEqual(read.returns, [value])
    }
  })

  test('what is missing, unknown, twice, of another namespace or no value of its type is refused', async () => {
    for (const [children, operation] of [
      ['', 'isExistingUser'],
      ['<w:userName xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:nil="true"/>', 'isExistingUser'],
      ['<w:username>bob</w:username>', 'isExistingUser'],
      ['<w:userName>bob</w:userName><w:userName>bob</w:userName>', 'isExistingUser'],
      ['<w:userName>bob</w:userName><w:x/>', 'isExistingUser'],
      ['<x:userName xmlns:x="urn:x">bob</x:userName>', 'isExistingUser'],
      ['<w:userName><b>bob</b></w:userName>', 'isExistingUser'],
      ['bob<w:userName>bob</w:userName>', 'isExistingUser'],
      ['<w:userName href="#1"/>', 'isExistingUser'],
      ['<w:maxItemLimit>many</w:maxItemLimit>', 'listUsers'],
      ['<w:maxItemLimit>99999999999</w:maxItemLimit>', 'listUsers'],
      ['<w:maxItemLimit>1.5</w:maxItemLimit>', 'listUsers'],
      ['<w:userName>x</w:userName><w:requirePasswordChange>yes</w:requirePasswordChange>', 'addUser'],
      ['<w:userName>bob</w:userName><w:claims>text</w:claims>', 'setUserClaimValues'],
      ['<w:userName>bob</w:userName><w:claims><w:other>1</w:other></w:claims>', 'setUserClaimValues'],
    ] as const) {
      const reply = await check(children, operation)
      assert.deepEqual([reply.status, reply.fault?.code], [500, 'Client'], children)
    }
  })

  test('names that are those of objects everywhere are no values', async () => {
    for (const name of ['constructor', '__proto__', 'toString']) {
      assert.equal((await check(`<w:userName>bob</w:userName><w:${name}/>`)).fault?.code, 'Client', name)
      assert.deepEqual((await check(`<w:userName>${name}</w:userName>`)).returns, ['false'], name)
    }
  })
})

test('limits: what is longer, deeper or has more elements than there may be', async () => {
  const small = await openHost({ limits: { maxBodyBytes: 4096, maxDepth: 8, maxElements: 40, maxAttributes: 8 } })
  const ask = (body: string) => small.ask(path, { as: 'admin', headers: xml, body })
  assert.deepEqual((await ask(envelope11(exists))).returns, ['true'])
  assert.equal((await ask(envelope11(`${exists}<!--${'x'.repeat(5000)}-->`))).status, 413)
  assert.match((await ask(envelope11('<a>'.repeat(9)))).fault?.text ?? '', /8 deep/)
  assert.match((await ask(envelope11('<a/>'.repeat(60)))).fault?.text ?? '', /40 elements/)
})

test('what a fault says of the request is no markup', async () => {
  const reply = await send(envelope11('<x xmlns="urn:&lt;script&gt;&amp;"/>'))
  assert.match(reply.body, /\{urn:&lt;script&gt;&amp;\}x/)
  assert.ok(!reply.body.includes('<script>'))
})

test('a service that is switched off is not there, nor any on another listener', async () => {
  const other = await openHost({ services: ['UserAdmin'], listeners: ['main'] })
  assert.equal((await other.call(store, userStore, 'isReadOnly')).status, 404)
  assert.equal((await other.call('UserAdmin', axis2, 'hasMultipleUserStores')).status, 200)
})
