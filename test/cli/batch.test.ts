import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { type BatchCase, judgeCase, readBatch } from '../../src/cli/batch-case.ts'
import { isCoded } from '../../src/errors.ts'
import { policyConstraints } from '../../src/pki/x509/build-extensions.ts'
import { writePem } from '../../src/pki/x509/pem.ts'
import { baseTime, day, testAuthority } from '../support/certificates.ts'
import { countersign } from '../support/run.ts'
import { scratchFolder } from '../support/scratch.ts'

const root = testAuthority({ name: 'Root' })
const middle = root.intermediate()
const leaf = middle.issue()
const crl = (der: Buffer) => writePem('X509 CRL', der)
const plain: BatchCase = {
  id: 'plain',
  purpose: 'clientAuth',
  time: null,
  anchors: [root.pem],
  intermediates: [middle.pem],
  leaf: leaf.pem,
  crls: [],
  maxDepth: null,
  policy: null,
}
const now = baseTime + day / 2
const code = (changes: Partial<BatchCase>) => {
  const verdict = judgeCase({ ...plain, ...changes }, now)
  return verdict.ok ? 'accept' : verdict.code
}

suite('a case of a batch', () => {
  test('is judged by its own purpose, time, depth and lists', () => {
    assert.equal(code({}), 'accept')
    assert.equal(code({ purpose: 'serverAuth' }), 'purpose_not_allowed')
    assert.equal(code({ purpose: 'any' }), 'accept')
    assert.equal(code({ time: '2001-01-01T00:00:00+00:00' }), 'certificate_not_yet_valid')
    assert.equal(code({ maxDepth: 0 }), 'path_too_long')
    assert.equal(code({ crls: [crl(root.crl()), crl(middle.crl())] }), 'accept')
    assert.equal(code({ crls: [crl(root.crl()), crl(middle.crl([leaf]))] }), 'certificate_revoked')
    assert.equal(code({ crls: [crl(root.crl())] }), 'revocation_unknown')
    const old = { thisUpdate: baseTime - 9 * day }
    const aged = { crls: [crl(root.crl([], old)), crl(middle.crl([], old))] }
    assert.equal(code(aged), 'accept')
    assert.equal(code({ ...aged, features: ['has-crl', 'max-age-7d'] }), 'revocation_unknown')
  })

  test('takes the inputs of RFC 5280 section 6.1.1', () => {
    assert.equal(code({ policy: { initialPolicySet: 'NIST-test-policy-1' } }), 'accept')
    assert.equal(code({ policy: { explicit: 'true' } }), 'constraint_violated')
    const strict = testAuthority({ extensions: [policyConstraints({ requireExplicitPolicy: 0 })] })
    assert.equal(code({ anchors: [strict.pem], intermediates: [], leaf: strict.issue().pem }), 'constraint_violated')
  })

  test('with parts that cannot be parsed goes on without them; a leaf that cannot be is refused', () => {
    const junk = writePem('CERTIFICATE', Buffer.from('junk'))
    assert.equal(code({ intermediates: [junk, middle.pem], anchors: [junk, root.pem] }), 'accept')
    assert.equal(code({ leaf: junk }), 'certificate_malformed')
    assert.equal(code({ leaf: 'no PEM' }), 'certificate_malformed')
    assert.equal(code({ crls: [junk] }), 'revocation_unknown')
  })

  test('that has not the form of one is named', () => {
    for (const [changes, what] of [
      [{ id: 5 }, /case 2: id/],
      [{ anchors: 'x' }, /case 2: anchors/],
      [{ purpose: 'mail' }, /case 2: purpose/],
      [{ time: 'x' }, /case 2: time/],
      [{ maxDepth: 1.5 }, /case 2: maxDepth/],
    ] as const) {
      const text = JSON.stringify({ cases: [plain, { ...plain, ...changes }] })
      assert.throws(
        () => readBatch(text, 'f'),
        error => isCoded(error, 'ERR_CLI_BATCH_MALFORMED') && what.test(error.message),
      )
    }
    for (const text of ['', '[]', '{}', '{"cases":[null]}']) {
      assert.throws(
        () => readBatch(text, 'f'),
        error => isCoded(error, 'ERR_CLI_BATCH_MALFORMED'),
      )
    }
  })
})

test('the command answers one line for each case, in order, and 0', async () => {
  const file = join(scratchFolder(), 'cases.json')
  writeFileSync(file, JSON.stringify({ cases: [plain, { ...plain, id: 'server', purpose: 'serverAuth' }] }))
  const { code, stdout, stderr } = await countersign(['cert', 'verify', '--batch', file, '--json'])
  assert.equal(code, 0, stderr)
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  assert.deepEqual(
    lines.map(({ id, got, code: why }) => [id, got, why]),
    [
      ['plain', 'accept', null],
      ['server', 'reject', 'purpose_not_allowed'],
    ],
  )
  assert.deepEqual(Object.keys(lines[0]), ['id', 'got', 'code', 'ms'])
  for (const { ms } of lines) assert.equal(typeof ms, 'number')
})
