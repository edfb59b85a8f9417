import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathChecks, type TracedCheck } from '../../../src/pki/path/trace.ts'
import { validatePath } from '../../../src/pki/path/validate.ts'
import { parseCrl } from '../../../src/pki/x509/crl.ts'
import { baseTime, day, type Issued, selfSigned, testAuthority } from '../../support/certificates.ts'

const root = testAuthority({ name: 'CN=Root' })
const issuing = root.intermediate({ name: 'CN=Issuing' })

function traced(leaf: Issued, anchors: readonly Issued[] = [root]) {
  const steps: TracedCheck[] = []
  const crls = [parseCrl(root.crl()), parseCrl(issuing.crl())]
  const input = {
    leaf: leaf.certificate,
    intermediates: [issuing.certificate],
    anchors: anchors.map(({ certificate }) => ({ alias: 'root', certificate })),
    crls,
  }
  const options = { at: Date.now(), purpose: 'client' } as const
  const verdict = validatePath(input, { ...options, trace: step => steps.push(step) })
  assert.deepEqual(verdict, validatePath(input, options), 'watching changes nothing')
  return { verdict, steps }
}

test('each check is told with its certificate, and every one of them has a title and a source', () => {
  const { steps } = traced(issuing.issue())
  const told = steps.map(({ check, certificate }) => `${check} ${certificate.subject}`)
  for (const { check, failure } of steps) {
    assert.ok(check in pathChecks, check)
    assert.equal(failure, undefined)
  }
  for (const wanted of [
    'checkValidity CN=client',
    'signature CN=client',
    'signature CN=Issuing',
    'checkTopAuthority CN=Root',
  ])
    assert.ok(told.includes(wanted), wanted)
  assert.deepEqual(told.slice(-3), ['nameConstraints CN=client', 'policies CN=client', 'revocation CN=client'])
})

test('the check that failed is the last one that is told of its certificate', () => {
  const { verdict, steps } = traced(issuing.issue({ notBefore: baseTime - 9 * day, notAfter: baseTime - 2 * day }))
  assert.equal(verdict.ok, false)
  assert.equal(steps.at(-1)?.check, 'checkValidity')
  assert.equal(steps.at(-1)?.failure, verdict)
})

test('a pinned leaf is told of by its own checks and those of the issuer that may have revoked it', () => {
  const pinned = selfSigned()
  const { verdict, steps } = traced(pinned, [pinned])
  assert.ok(verdict.ok && verdict.pinned)
  assert.ok(steps.every(({ certificate }) => certificate === pinned.certificate))
})
