// The JDK's own words about stores of WSO2 products stand beside them: ours have to be the same.
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { inProcess } from '../transcript.ts'

const suites = join(import.meta.dirname, '../../../../shared/suites/wso2')
const passwords = ['wso2carbon', 'samlkeystore', 'keystorespassword', 'cacertspassword', 'foobarpwd', 'browserpwd']
const started = process.cwd()
after(() => process.chdir(started))

test('keytool -list -v of every WSO2 store says what the JDK says', async t => {
  if (!existsSync(suites)) return t.skip('../shared/suites is not there')
  const listings = globSync('**/*.keytool.txt', { cwd: suites })
  const env = { ...process.env }
  let compared = 0
  process.env.TZ = 'UTC'
  for (const listing of listings) {
    const expected = readFileSync(join(suites, listing), 'utf8')
    const store = join(suites, listing.replace('.keytool.txt', ''))
    process.chdir(dirname(store))
    const name = store.slice(dirname(store).length + 1)
    for (const password of passwords) {
      const args = ['keytool', '-list', '-v', '-keystore', name, '-storepass', password]
      const { code, stdout } = await inProcess(args, '', env, Date.parse('2026-11-23T12:00:00Z'))
      if (code !== 0) continue
      const [body = ''] = expected.split(/\n\nWarning:\n/)
      const [actual, wanted] = [lines(stdout), lines(body)]
      const first = wanted.findIndex((line, i) => line !== actual[i])
      assert.equal(actual[first], wanted[first], `${listing}:${first + 1}`)
      assert.equal(actual.length, wanted.length, listing)
      compared++
      break
    }
  }
  t.diagnostic(`${compared} of ${listings.length} stores compared`)
  assert.ok(compared >= listings.length - 4)
})

// One by one: the difference of two such long texts could not be read.
function lines(text: string): string[] {
  return text.trimEnd().split('\n')
}
