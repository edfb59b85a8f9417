import assert from 'node:assert/strict'
import { test } from 'node:test'
import { extensionsOf } from '../../../src/cli/keytool/extension-flags.ts'
import { parseFlags } from '../../../src/cli/keytool/flags.ts'
import { javaName } from '../../../src/cli/keytool/java-name.ts'
import { KeytoolUsage } from '../../../src/cli/keytool/keytool-error.ts'
import { nameText } from '../../../src/cli/keytool/name-flag.ts'
import { endDate, startDate } from '../../../src/cli/keytool/start-date.ts'
import { buildName } from '../../../src/pki/x509/build-name.ts'
import { readName } from '../../../src/pki/x509/name.ts'

test('flags are the JDK’s, in any case, with its modifiers for passwords', () => {
  const env = { SECRET: 'from the environment' }
  const args = [
    '-IMPORT',
    '-Alias',
    'a',
    '-storepass:env',
    'SECRET',
    '-keypass',
    '-odd-',
    '-noprompt',
    '-ext',
    'bc',
    '-ext',
    'ku=dS',
  ]
  const { command, values, switches, extensions } = parseFlags(args, env)
  assert.equal(command, 'importcert')
  assert.deepEqual(
    [...values],
    [
      ['alias', 'a'],
      ['storepass', env.SECRET],
      ['keypass', '-odd-'],
    ],
  )
  assert.deepEqual([...switches], ['noprompt'])
  assert.deepEqual(extensions, ['bc', 'ku=dS'])
})

test('what is no flag is refused before anything is done', () => {
  for (const args of [
    ['-list', '-nope'],
    ['-list', 'stray'],
    ['-list', '-delete'],
    ['-list', '-alias'],
    ['-list', '-storepass:env', 'UNSET'],
    ['-list', '-storepass:what', 'x'],
    ['-list', '-constructor'],
  ]) {
    assert.throws(() => parseFlags(args, {}), KeytoolUsage, args.join(' '))
  }
})

test('names are read with Java’s quotes and words, and written as Java writes them', () => {
  const rows: Readonly<Record<string, string>> = {
    'CN=localhost, O=WSO2': 'CN=localhost, O=WSO2',
    'CN=a, O="Example, Inc."': 'CN=a, O="Example, Inc."',
    'CN=a\\, b': 'CN="a, b"',
    'CN=a  b': 'CN="a  b"',
    'OID.2.5.4.97=VAT,GENERATION=II,EMAILADDRESS=a@b.c,S=x':
      'OID.2.5.4.97=VAT, GENERATION=II, EMAILADDRESS=a@b.c, ST=x',
    'CN=a+UID=b': 'CN=a + UID=b',
  }
  for (const [given, expected] of Object.entries(rows)) {
    assert.equal(javaName(readName(buildName(nameText(given)))), expected)
  }
})

test('a name cannot steer the terminal', () => {
  const name = readName(buildName([{ type: 'CN', value: 'a\u001b[2Jb\u202e' }]))
  assert.equal(javaName(name), 'CN=a\\u{1b}[2Jb\\u{202e}')
})

test('-ext values become extensions, and what is not understood is refused', () => {
  const hex = (flag: string) =>
    extensionsOf([flag]).map(({ oid, critical, value }) => `${oid} ${critical} ${value.toString('hex')}`)[0]
  assert.equal(hex('bc'), '2.5.29.19 false 30030101ff')
  assert.equal(hex('BC:critical=ca:true,pathlen:0'), '2.5.29.19 true 30060101ff020100')
  assert.equal(hex('bc=3'), '2.5.29.19 false 30060101ff020103')
  assert.equal(hex('bc=ca:false'), '2.5.29.19 false 3000')
  assert.equal(hex('ku:c=dig,kCS,contentCommitment'), '2.5.29.15 true 030202c4')
  assert.equal(hex('eku=clientAuth,1.2.3'), '2.5.29.37 false 300e06082b0601050507030206022a03')
  assert.equal(hex('san=DNS:a,ip:127.0.0.1'), '2.5.29.17 false 3009820161' + '87047f000001')
  assert.equal(hex('1.2.3:critical=05:00'), '1.2.3 true 0500')
  for (const flag of ['bc=maybe', 'ku=', 'ku=key', 'eku=everything', 'san=here', 'san=', '1.2.3=xyz', 'nc=a', '']) {
    assert.throws(() => extensionsOf([flag]), /Illegal value/, flag)
  }
})

test('the later of two -ext for the same extension counts', () => {
  assert.equal(extensionsOf(['bc', 'bc=ca:false']).length, 1)
})

test('start dates are shifts or days and times, whole seconds', () => {
  const now = Date.parse('2026-03-31T12:00:00.500Z')
  const iso = (text: string | undefined) => new Date(startDate(text, now)).toISOString()
  assert.equal(iso(undefined), '2026-03-31T12:00:00.000Z')
  assert.equal(iso('-1d'), new Date(new Date(now).setDate(30)).toISOString().replace('.500', '.000'))
  assert.equal(new Date(startDate('2027/02/03 04:05:06', now)).getTime(), new Date(2027, 1, 3, 4, 5, 6).getTime())
  assert.equal(new Date(startDate('04:05:06', now)).getHours(), 4)
  for (const text of ['', 'tomorrow', '2026/02/30', '2026/13/01', '1d', '-1w'])
    assert.throws(() => startDate(text, now), /Illegal startdate/, text)
  assert.equal(endDate(0, undefined), 90 * 86_400_000)
  for (const days of ['0', '-1', 'x', '1.5']) assert.throws(() => endDate(0, days), /Validity/, days)
  assert.ok(endDate(now, '9999999') <= Date.UTC(9999, 11, 31, 23, 59, 59))
})
