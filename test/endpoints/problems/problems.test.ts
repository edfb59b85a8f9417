import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { explanations } from '../../../src/endpoints/problems/explanations.ts'
import { pagePolicy, pageStyle } from '../../../src/endpoints/problems/page-style.ts'
import {
  pathOf,
  problemCodes,
  problemEntries,
  renderCode,
  renderIndex,
  renderProblem,
} from '../../../src/endpoints/problems/problem-page.ts'
import { refusals } from '../../../src/refusals.ts'
import { httpProblems } from '../../../src/server/http/http-problems.ts'
import { problemOf } from '../../../src/server/http/problem.ts'
import { ask, openFront } from '../gateway/front.ts'

test('every code of both lists has a page and a place in the index, and no other has', () => {
  const codes = [...Object.keys(refusals), ...Object.keys(httpProblems)]
  assert.deepEqual(problemCodes.toSorted(), codes.toSorted())
  assert.deepEqual(Object.keys(explanations).toSorted(), codes.toSorted())
  const index = renderIndex()
  for (const code of problemCodes) {
    assert.ok(index.includes(`href="${pathOf(code)}"`), code)
    assert.ok(renderCode(code).includes(problemEntries[code].title.replaceAll("'", '&#39;')), code)
  }
})

test('a page needs nothing but itself: no script, no address elsewhere, one stylesheet that the policy knows', () => {
  for (const page of [renderIndex(), ...problemCodes.map(code => renderCode(code))]) {
    assert.doesNotMatch(
      page,
      /<script|javascript:|\son\w+=|<img|<link|<iframe|url\(|@import|https?:\/\/(?!HOST|UPSTREAM|127)/i,
    )
    assert.doesNotMatch(page, /\sstyle=/)
    assert.equal(page.split('<style>').length, 2)
    assert.ok(page.includes(`<style>${pageStyle}</style>`))
    assert.match(page, /<meta name="viewport"/)
    assert.match(page, /<html lang="en">/)
  }
  assert.match(pagePolicy, /^default-src 'none'; style-src 'sha256-[\w+/=]+'/)
})

test('detail and request ID cannot become markup, whatever they hold', () => {
  const tags = (page: string) => page.match(/<[a-z/!][^>]*>/gi)
  const plain = tags(renderProblem(problemOf({ ok: false, code: 'forbidden', detail: 'x' }, 'y')))
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.constant('<script>alert(1)</script>'), fc.constant('"><img src=x onerror=y>')),
      text => {
        const page = renderProblem({ ...problemOf({ ok: false, code: 'forbidden', detail: text }, text) })
        assert.deepEqual(tags(page), plain)
      },
    ),
  )
  const turned = renderProblem(problemOf({ ok: false, code: 'forbidden', detail: 'a\u202eb\u0007c' }, 'r'))
  assert.ok(turned.includes('a\ufffdb\ufffdc'))
  assert.ok(turned.includes('audit list --request r'), 'the command has the ID of this request')
})

test('the commands are those of the command line, with options that it knows', () => {
  const reference = readFileSync(join(import.meta.dirname, '../../../docs/cli.md'), 'utf8')
  const sections = new Map(
    reference
      .split(/^#{2,3} /m)
      .map(section => [section.slice(0, section.indexOf('\n')).replace(/^countersign /, ''), section]),
  )
  for (const command of problemCodes.flatMap(code => explanations[code].commands)) {
    if (!command.startsWith('countersign ')) continue
    const words = command.split(' ').slice(1)
    const section = sections.get(words.slice(0, 2).join(' ')) ?? sections.get(words[0]!)
    assert.ok(section, `${command}: there is such a command`)
    for (const option of words.filter(word => word.startsWith('--'))) {
      assert.match(section, new RegExp(`\`[^\`|]*${option}\\b`), `${command}: it knows ${option}`)
    }
  }
})

const front = await openFront([], { clientAuth: 'want' })

test('the pages are open to everyone, for GET alone, and may be kept', async () => {
  const page = await ask(front, undefined, '/problems/certificate-expired')
  assert.equal(page.status, 200)
  assert.equal(page.headers['content-security-policy'], pagePolicy)
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8')
  assert.equal(page.headers['cache-control'], 'public, max-age=3600')
  assert.match(page.body.toString(), /The certificate has expired/)
  assert.match((await ask(front, undefined, '/problems/')).body.toString(), /Problems and their remedies/)
  const moved = await ask(front, undefined, '/problems')
  assert.deepEqual([moved.status, moved.headers.location], [308, '/problems/'])
  for (const path of [
    '/problems/no-such',
    '/problems/certificate_expired',
    '/problems/Certificate-Expired',
    '/problems/forbidden/',
  ]) {
    assert.equal((await ask(front, undefined, path)).status, 404, path)
  }
  assert.equal((await ask(front, undefined, '/problems/', { method: 'POST' })).status, 405)
})

test('the type of a problem is the address of its page, and a browser gets the page at once', async () => {
  const reply = await ask(front, undefined, '/whoami')
  const { type, code } = JSON.parse(reply.body.toString())
  assert.equal(code, 'certificate_required')
  assert.equal((await ask(front, undefined, type)).status, 200)
  const page = await ask(front, undefined, '/whoami', {
    headers: { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' },
  })
  assert.equal(page.status, 401)
  assert.match(page.body.toString(), /<h1>A client certificate is required<\/h1>/)
  assert.match(page.body.toString(), /What happened/)
})
