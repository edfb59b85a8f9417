import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { prefersHtml } from '../../../src/server/http/prefers-html.ts'

test('browsers want a page, programs a document', () => {
  const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8'
  assert.equal(prefersHtml(browser), true)
  assert.equal(prefersHtml('text/html'), true)
  assert.equal(prefersHtml('Text/HTML;level=1'), true)
  for (const accept of [
    undefined,
    '',
    '*/*',
    'application/json',
    'application/problem+json, text/html',
    'application/json, text/html;q=0.9',
    'text/html;q=0',
    'text/*',
    'text/html;q=x',
  ])
    assert.equal(prefersHtml(accept), false, String(accept))
})

test('never throws', () => {
  fc.assert(
    fc.property(fc.string(), text => {
      assert.equal(typeof prefersHtml(`text/html${text}`), 'boolean')
    }),
  )
})
