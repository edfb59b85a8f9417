// What reads the headers of a proxy: never throws, reads one spelling, and what it read is what was written.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { createForm } from '../../../src/server/proxies/forms/form.ts'
import { signatureBase } from '../../../src/server/proxies/message-signature.ts'
import { createNonceMemory } from '../../../src/server/proxies/nonce-memory.ts'
import { clientCertificateOptions } from '../../../src/server/proxies/options.ts'
import { readByteSequences, readDictionary, writeInnerList } from '../../../src/server/proxies/structured-fields.ts'
import { testAuthority } from '../../support/certificates.ts'
import { forwardedForms } from '../../support/forwarded.ts'

const client = testAuthority().intermediate().issue()
const fieldValue = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map(code => String.fromCharCode(code)) })

suite('every form', () => {
  for (const { form, options, headers, chain } of forwardedForms) {
    const { read, header, chainHeader } = createForm(clientCertificateOptions.parse({ form, ...options }))
    const valuesOf = (sent: Record<string, string>) => {
      const lower = Object.fromEntries(Object.entries(sent).map(([name, value]) => [name.toLowerCase(), value]))
      return [lower[header!]!, chainHeader && lower[chainHeader]] as const
    }

    test(`${form}: reads what the proxy wrote`, () => {
      const lone = read(...valuesOf(headers(client)))
      assert.ok(typeof lone === 'object' && lone.leaf.equals(client.der))
      if (chain === undefined) return
      const whole = read(...valuesOf(chain(client)))
      assert.ok(typeof whole === 'object' && whole.leaf.equals(client.der))
      assert.deepEqual(whole.rest, client.chain.slice(1))
    })

    test(`${form}: anything else is a reason, and never an error`, () => {
      const [good, more] = valuesOf((chain ?? headers)(client))
      fc.assert(
        fc.property(fieldValue, fc.option(fieldValue, { nil: undefined }), (value, rest) => {
          const answer = read(value, rest)
          assert.ok(typeof answer === 'string' || answer.leaf.length > 0)
        }),
      )
      fc.assert(
        fc.property(fc.nat(good.length - 1), fc.integer({ min: 0x20, max: 0x7e }), (at, code) => {
          const changed = good.slice(0, at) + String.fromCharCode(code) + good.slice(at + 1)
          const answer = read(changed, more)
          assert.ok(typeof answer === 'string' || answer.leaf.length > 0)
        }),
      )
      fc.assert(
        fc.property(fc.nat(good.length - 1), length => {
          const answer = read(good.slice(0, length), more)
          if (form !== 'haproxy' && form !== 'traefik')
            assert.ok(
              typeof answer === 'string' || form === 'xfcc' || form === 'pem-header' || answer.leaf.equals(client.der),
            )
        }),
      )
    })
  }

  test('one spelling: what is no canonical base64, no PEM, or more than a certificate is refused', () => {
    const reader = (form: string, more = {}) => createForm(clientCertificateOptions.parse({ form, ...more })).read
    const base64 = client.der.toString('base64')
    const url = encodeURIComponent(client.pem)
    for (const [form, value] of [
      ['client-cert', base64],
      ['client-cert', `:${base64}:;a=1`],
      ['client-cert', `:${base64}:, :${base64}:`],
      ['client-cert', `:${base64.replaceAll('=', '')}: `.replace(/[^=]: $/, '!: ')],
      ['client-cert', '::'],
      ['haproxy', `${base64}\n`],
      ['haproxy', ` ${base64}`],
      ['haproxy', base64.replaceAll('+', '-').replaceAll('/', '_').concat('-')],
      ['nginx', encodeURIComponent(`${client.pem}${client.pem}`)],
      ['nginx', encodeURIComponent(`junk${client.pem}`)],
      ['nginx', encodeURIComponent(`${client.pem}junk`)],
      ['nginx', encodeURIComponent(client.pem.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE'))],
      ['nginx', `${url}%`],
      ['nginx', `${url}%zz`],
      ['nginx', `${url}%ff`],
      ['traefik', `${base64},`],
      ['traefik', `,${base64}`],
      ['traefik', Array.from({ length: 40 }, () => base64).join(',')],
      ['aws-alb', encodeURI(client.pem.repeat(40))],
      ['pem-header', client.pem.replaceAll('\n', '')?.slice(0, -1)],
      ['pem-header', client.pem.replace('-----END', '-----BEGIN CERTIFICATE----- -----END')],
      ['xfcc', `Hash=${'00'.repeat(32)};Cert="${url}"`],
      ['xfcc', `Cert="${url}",Cert="${url}"`],
      ['xfcc', `Cert="${url}";Cert="${url}"`],
      ['xfcc', `Cert="${url}";cert="${url}"`],
      ['xfcc', `Cert="${url}"; Hash=1`],
      ['xfcc', `Cert="${url}`],
      ['xfcc', `Hash=${client.thumbprint};Subject="CN=alice"`],
      ['xfcc', `Subject="\\",Cert="${url}"`],
      ['none', base64],
    ] as const) {
      assert.equal(typeof reader(form)(value, undefined), 'string', `${form} ${value.slice(0, 60)}`)
    }
    assert.equal(typeof reader('haproxy', { chainHeader: 'X-C' })(base64, `${base64}AAAA`), 'string')
    assert.equal(typeof reader('client-cert')(`:${base64}:`, ':, :'), 'string')
  })

  test('haproxy without its chain: it is not known, which a resumed session is not refused for', () => {
    const { read } = createForm(clientCertificateOptions.parse({ form: 'haproxy', chainHeader: 'X-C' }))
    const answer = read(client.der.toString('base64'), undefined)
    assert.ok(typeof answer === 'object' && answer.rest === undefined)
  })
})

suite('structured fields', () => {
  test('anything: read, or undefined', () => {
    fc.assert(
      fc.property(fieldValue, text => {
        readByteSequences(text)
        readDictionary(text)
      }),
      { numRuns: 2_000 },
    )
  })

  test('an inner list comes back as it was', () => {
    const name = fc.constantFrom('@method', '@path', 'client-cert', 'with "quotes" and \\')
    fc.assert(
      fc.property(fc.array(name, { maxLength: 5 }), fc.nat(), fieldValue, (names, created, nonce) => {
        const inner = {
          items: names.map(value => ({ item: { type: 'string', value }, parameters: new Map() }) as const),
          parameters: new Map([
            ['created', { type: 'integer', value: created }],
            ['nonce', { type: 'string', value: nonce }],
            ['flag', { type: 'boolean', value: true }],
            ['token', { type: 'token', value: 'a/b' }],
            ['bytes', { type: 'bytes', value: Buffer.from('x') }],
          ] as const),
        }
        const text = writeInnerList(inner)
        const found = readDictionary(`sig=${text}`)?.get('sig')
        assert.ok(found !== undefined && 'items' in found)
        assert.equal(writeInnerList(found), text)
      }),
    )
  })

  test('the example of RFC 9421 section 2.5, by its parts', () => {
    const member =
      '("@method" "@authority" "@path" "content-digest" "content-length" "content-type");created=1618884473;keyid="test-key-rsa-pss"'
    const found = readDictionary(`sig1=${member}`)?.get('sig1')
    assert.ok(found !== undefined && 'items' in found)
    assert.equal(writeInnerList(found), member)
  })

  test('what is malformed or stands twice is nothing', () => {
    for (const text of [
      'a=1, a=2',
      'a=(1',
      'a=()x',
      'a=:x:',
      'a=1.5',
      'A=1',
      'a=1,',
      ',a=1',
      'a=1;b=1;b=2',
      'a="\u00e4"',
      'a=("x""y")',
    ])
      assert.equal(readDictionary(text), undefined, text)
  })
})

test('RFC 9421 section B.2.5: its example of hmac-sha256', () => {
  const key = 'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=='
  const input = 'a=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"'
  const headers = { date: 'Tue, 20 Apr 2021 02:07:55 GMT', 'content-type': 'application/json' }
  const request = { method: 'POST', target: '/foo?param=Value&Pet=dog', authority: 'example.com', headers }
  const list = readDictionary(input)?.get('a')
  assert.ok(list !== undefined && 'items' in list)
  const base = signatureBase(request, list)
  assert.ok(typeof base === 'object')
  assert.deepEqual([...base.covered], ['date', '@authority', 'content-type'])
  const mac = createHmac('sha256', Buffer.from(key, 'base64')).update(base.text).digest('base64')
  assert.equal(mac, 'pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=')
})

test('a nonce counts once for as long as its signature could count, however time goes', () => {
  let now = 0
  const memory = createNonceMemory(100, () => now, 3)
  assert.equal(memory.note('a'), 'new')
  now = 99
  assert.equal(memory.note('a'), 'used')
  assert.equal(memory.note('b'), 'new')
  now = 198
  assert.equal(memory.note('b'), 'used')
  now = 150
  assert.equal(memory.note('b'), 'used', 'a clock that was set back')
  assert.equal(memory.note('c'), 'new')
  assert.equal(memory.note('d'), 'full', 'nothing is forgotten to make room')
  now = 1_000
  assert.equal(memory.note('b'), 'new')
})
