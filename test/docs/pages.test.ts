import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '../..')
const sources = ['src', 'soak', 'fuzz', 'bench', 'scripts', 'test', 'examples'].map(
  folder => `${folder}/**/*.{ts,mjs,js}`,
)
const pages = ['*.md', 'docs/**/*.md', 'bench/*.md', 'examples/**/*.md']

test('every page of docs/ that source, a message or a test names is there', () => {
  const named = globSync([...sources, ...pages], { cwd: root }).flatMap(file =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/\bdocs\/[a-z0-9/-]+\.md\b/g)].map(([page]) => ({
      file,
      page,
    })),
  )
  assert.ok(named.length > 50, 'pages are named')
  assert.deepEqual(
    named.filter(({ page }) => !existsSync(join(root, page))),
    [],
  )
})

test('every link from one page to another file leads somewhere', () => {
  const links = globSync(pages, { cwd: root }).flatMap(file =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)/g)].map(
      ([, target]) => ({ file, target: target! }),
    ),
  )
  assert.ok(links.length > 30, 'pages link to each other')
  assert.deepEqual(
    links.filter(({ file, target }) => !existsSync(join(root, dirname(file), target))),
    [],
  )
})
