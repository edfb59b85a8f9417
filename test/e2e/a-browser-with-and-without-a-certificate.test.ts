// Debian's Chromium, headless, with a certificate store of its own: what a person sees.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type BrowserContext, chromium } from 'playwright-core'
import { systemClock } from '../../src/clock.ts'
import { openDemoHome } from '../../src/config/demo-home.ts'
import { loadConfiguration } from '../../src/config/load.ts'
import { silentLog } from '../../src/log.ts'
import { type RunningServer, start } from '../../src/start/start.ts'
import { run } from '../support/run.ts'
import { scratchFolder } from '../support/scratch.ts'

const folder = scratchFolder()
const home = join(folder, 'home')
const policies = '/etc/chromium/policies/managed'
const policyFile = join(policies, `countersign-test-${process.pid}.json`)
/** Where to leave the pictures, for whoever wants to look at them. */
const pictures = process.env.COUNTERSIGN_TEST_PICTURES

/** One that takes passwords too, and one that takes nothing but certificates. */
const servers: RunningServer[] = []
let url: string
let strictUrl: string

before(async () => {
  const { configuration } = await openDemoHome(home, { clock: systemClock, port: 0 })
  url = await serve(configuration, 'enabled')
  strictUrl = await serve(configuration, 'disabled')
  await makeStore('with')
  await certificates('with', 'pk12util', ['-i', join(home, 'security/clients/alice.p12'), '-W', 'changeit', '-K', ''])
  await makeStore('without')
  mkdirSync(policies, { recursive: true })
  // Chromium asks a person which certificate to send, unless a policy answers for them.
  const patterns = [url, strictUrl].map(pattern => JSON.stringify({ pattern, filter: {} }))
  writeFileSync(policyFile, JSON.stringify({ AutoSelectCertificateForUrls: patterns }))
})

after(async () => {
  rmSync(policyFile, { force: true })
  for (const server of servers) await server.stop('the test is over')
})

describe('with a certificate', () => {
  test('the browser is let in as its holder', async () => {
    await browse('with', async context => {
      const page = await context.newPage()
      const response = await page.goto(`${url}/whoami`)
      assert.equal(response?.status(), 200)
      const principal = JSON.parse(await page.locator('body').innerText())
      assert.deepEqual([principal.user, principal.authenticatedBy], ['alice', 'mutual-tls'])
    })
  })
})

describe('without a certificate', () => {
  test('the browser asks for a password where one may do', async () => {
    await browse('without', async context => {
      await context.setHTTPCredentials({
        username: 'admin',
        password: readFileSync(join(home, 'admin-password'), 'utf8').trim(),
      })
      const page = await context.newPage()
      const response = await page.goto(`${url}/whoami`)
      assert.equal(response?.status(), 200)
      assert.equal(JSON.parse(await page.locator('body').innerText()).user, 'admin')
    })
  })

  test('the browser shows a page that says what is missing, and that can be read on a telephone', async () => {
    await browse('without', async context => {
      const page = await context.newPage()
      const response = await page.goto(`${strictUrl}/whoami`)
      assert.equal(response?.status(), 401)
      assert.match(response?.headers()['content-type'] ?? '', /^text\/html/)
      assert.equal(await page.locator('h1').first().innerText(), 'A client certificate is required')
      assert.match(await page.locator('main').innerText(), /Present your client certificate/)
      await picture(page, 'refused')
      await page.setViewportSize({ width: 360, height: 740 })
      const overflow = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      )
      assert.equal(overflow, 0, 'nothing is cut off at the side')
      await picture(page, 'refused-telephone')
    })
  })

  test('every problem has a page of its own', async () => {
    await browse('without', async context => {
      const page = await context.newPage()
      const response = await page.goto(`${strictUrl}/problems/certificate-expired`)
      assert.equal(response?.status(), 200)
      assert.match(await page.locator('h1').first().innerText(), /expired/)
      const errors: string[] = []
      page.on('console', message => message.type() === 'error' && errors.push(message.text()))
      await page.reload()
      assert.deepEqual(errors, [], 'the page keeps its own content security policy')
      await picture(page, 'certificate-expired')
    })
  })
})

async function serve(configuration: string, basic: 'enabled' | 'disabled'): Promise<string> {
  const loaded = loadConfiguration(configuration, { env: {} })
  loaded.value.management.enabled = false
  loaded.value.authenticators.basic.enabled = basic === 'enabled'
  const server = await start(loaded, { log: silentLog })
  servers.push(server)
  return `https://localhost:${server.listeners[0]!.port}`
}

/** An NSS store as Chromium looks for it, below a home folder of its own. */
async function makeStore(name: string): Promise<void> {
  const store = join(folder, name, '.pki/nssdb')
  mkdirSync(store, { recursive: true })
  await certificates(name, 'certutil', ['-N', '--empty-password'])
  await certificates(name, 'certutil', ['-A', '-n', 'demo', '-t', 'C,,', '-i', join(home, 'security/ca.crt')])
}

async function certificates(name: string, program: string, args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await run(program, ['-d', `sql:${join(folder, name, '.pki/nssdb')}`, ...args])
  assert.equal(code, 0, `${program}: ${stdout}${stderr}`)
}

async function browse(store: string, visit: (context: BrowserContext) => Promise<void>): Promise<void> {
  const context = await chromium.launchPersistentContext(join(folder, store, 'profile'), {
    executablePath: ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(file => existsSync(file))!,
    env: { ...process.env, HOME: join(folder, store) },
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
    timeout: 60_000,
  })
  try {
    await visit(context)
  } finally {
    await context.close()
  }
}

async function picture(page: { screenshot(options: { path: string }): Promise<unknown> }, name: string): Promise<void> {
  if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${name}.png`) })
}
