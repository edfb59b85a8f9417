import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { XmlElement } from '../../../../src/endpoints/soap/xml/element.ts'
import { parseXml } from '../../../../src/endpoints/soap/xml/parse.ts'
import { escapeXml } from '../../../../src/endpoints/soap/xml/write.ts'

const limits = { maxDepth: 8, maxElements: 20, maxAttributes: 4 }

function read(text: string | Uint8Array, charset?: string): XmlElement {
  const parsed = parseXml(typeof text === 'string' ? Buffer.from(text) : text, limits, charset)
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.detail)
  return parsed.root
}

function refused(text: string | Uint8Array, charset?: string): string {
  const parsed = parseXml(typeof text === 'string' ? Buffer.from(text) : text, limits, charset)
  assert.ok(!parsed.ok, 'it was read')
  return parsed.detail
}

suite('what is read', () => {
  test('names have their namespaces, whatever the prefixes are called', () => {
    const root = read('<a:x xmlns:a="one" xmlns="two"><y a:k="1" l="2"/><z xmlns=""/></a:x>')
    const [y, z] = root.children
    assert.deepEqual([root.namespace, root.name, y?.namespace, z?.namespace], ['one', 'x', 'two', ''])
    assert.deepEqual(y?.attributes, [
      { namespace: 'one', name: 'k', value: '1' },
      { namespace: '', name: 'l', value: '2' },
    ])
  })

  test("text is put together from XML's own entities, characters by number and CDATA", () => {
    assert.equal(
      read('<a>1&lt;&gt;&amp;&quot;&apos;&#65;&#x42;<![CDATA[<c>&amp;]]>2<!-- no -->3</a>').text,
      `1<>&"'AB<c>&amp;23`,
    )
  })

  test('UTF-8 and UTF-16, by the mark, by the charset and by what the document says', () => {
    const text = '<a>ä𝄞</a>'
    const marked = (encoding: 'utf16le', swap = false) => {
      const octets = Buffer.from(`\ufeff<?xml version="1.0" encoding="UTF-16"?>${text}`, encoding)
      return swap ? octets.swap16() : octets
    }
    for (const [octets, charset] of [
      [Buffer.from(text), undefined],
      [Buffer.from(text), 'utf-8'],
      [Buffer.from(`\ufeff<?xml version="1.0" encoding="UTF-8"?>${text}`), 'UTF-8'],
      [marked('utf16le'), undefined],
      [marked('utf16le', true), 'utf-16'],
      [Buffer.from(text, 'utf16le'), 'UTF-16LE'],
      [Buffer.from(text, 'utf16le').swap16(), 'utf-16be'],
    ] as const) {
      assert.equal(read(octets, charset).text, 'ä𝄞')
    }
  })
})

suite('what is refused', () => {
  test('a document type declaration, and so every entity of one (XXE, a billion laughs)', () => {
    for (const text of [
      '<!DOCTYPE a><a/>',
      '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
      '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
      `<!DOCTYPE a [<!ENTITY b "${'b'.repeat(1000)}"><!ENTITY c "${'&b;'.repeat(1000)}">]><a>&c;</a>`,
    ]) {
      assert.match(refused(text), /DOCTYPE/)
    }
    assert.match(refused('<a>&x;</a>'), /not well-formed/)
  })

  test('processing instructions, in front and within', () => {
    assert.match(refused('<?xml-stylesheet href="x"?><a/>'), /processing instruction/)
    assert.match(refused('<a><?php x?></a>'), /processing instruction/)
  })

  test('what is no well-formed XML with namespaces', () => {
    for (const text of [
      '',
      'x',
      '<a>',
      '<a></b>',
      '<a/><b/>',
      '<a/>x',
      '<a b="1" b="2"/>',
      '<a xmlns:p="u" xmlns:q="u" p:b="1" q:b="2"/>',
      '<p:a/>',
      '<a p:b="1"/>',
      '<a>&#0;</a>',
      '<a>\u0001</a>',
      '<a b=<></a>',
      '<a xmlns:xml="u"/>',
    ]) {
      assert.match(refused(text), /not well-formed/, text)
    }
  })

  test('XML 1.1, other character sets, and documents that say they are in another one than they are', () => {
    assert.match(refused('<?xml version="1.1"?><a/>'), /1\.1/)
    assert.match(refused('<?xml version="1.0" encoding="ISO-8859-1"?><a/>'), /ISO-8859-1/)
    assert.match(refused('<?xml version="1.0" encoding="UTF-16"?><a/>'), /UTF-16/)
    assert.match(refused('<a/>', 'iso-8859-1'), /send UTF-8/)
    assert.match(refused('<a/>', 'utf-7'), /send UTF-8/)
    assert.match(refused('<a/>', 'utf-16'), /byte order mark/)
    assert.match(refused('\ufeff<a/>', 'utf-16le'), /byte order mark/)
    assert.match(refused(Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e])), /well-formed UTF-8/)
    const utf32 = Buffer.from([0xff, 0xfe, 0, 0, 0x3c, 0, 0, 0, 0x61, 0, 0, 0, 0x2f, 0, 0, 0, 0x3e, 0, 0, 0])
    refused(utf32)
  })

  test('more depth, elements or attributes than there may be, one more than that', () => {
    const nested = (depth: number) => `${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}`
    read(nested(8))
    assert.match(refused(nested(9)), /more than 8 deep/)
    read(`<a>${'<b/>'.repeat(19)}</a>`)
    assert.match(refused(`<a>${'<b/>'.repeat(20)}</a>`), /more than 20 elements/)
    const attributes = (count: number) => Array.from({ length: count }, (_, i) => ` a${i}="${i}"`).join('')
    read(`<a${attributes(4)}/>`)
    assert.match(refused(`<a${attributes(5)}/>`), /more than 4 attributes/)
    assert.match(refused('<a xmlns:a="1" xmlns:b="2" xmlns:c="3" xmlns:d="4" xmlns:e="5"/>'), /attributes/)
  })
})

suite('whatever comes', () => {
  const pieces = fc.constantFrom(
    '<',
    '>',
    '/',
    '<a',
    '</a>',
    '<a>',
    '<b:',
    ' xmlns:b="u"',
    ' xmlns=""',
    '="',
    '"',
    "'",
    '&',
    '&amp;',
    '&#x',
    ';',
    '&#x110000;',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<!DOCTYPE',
    '[',
    '<!ENTITY',
    '<?',
    '?>',
    '<?xml version="1.0"?>',
    '\0',
    '\ufeff',
    '\ud800',
    'x',
    ' ',
  )

  test('it is read or refused with a sentence, quickly', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }), fc.boolean(), (list, wide) => {
        const octets = Buffer.from(list.join(''), wide ? 'utf16le' : 'utf8')
        const started = performance.now()
        const parsed = parseXml(octets, limits, wide ? 'utf-16le' : undefined)
        assert.ok(performance.now() - started < 1000)
        assert.ok(parsed.ok || parsed.detail.length > 10)
      }),
      { numRuns: 3000 },
    )
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), octets => void parseXml(octets, limits)))
  })

  test('text that was written is read back as it was, but for what XML cannot hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), text => {
        const expected = text.replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
        assert.equal(read(`<a>${escapeXml(text)}</a>`).text, expected)
        assert.equal(read(`<a b="${escapeXml(text)}"/>`).attributes[0]!.value, expected)
      }),
    )
  })

  test('a megabyte of the worst takes less than a few seconds', () => {
    const wide = { maxDepth: 32, maxElements: 20_000, maxAttributes: 64 }
    const size = 1 << 20
    for (const text of [
      `<a>${'&amp;'.repeat(size / 5)}</a>`,
      `<a b="${'&#65;'.repeat(size / 5)}"/>`,
      `<a>${'<b/>'.repeat(size / 4)}</a>`,
      `<!DOCTYPE a [${'<!ENTITY a "b">'.repeat(size / 15)}`,
      `<!--${'-'.repeat(size)}`,
      `<a ${'b'.repeat(size)}="1"/>`,
      `<a xmlns:p="u">${'<p:b p:c="1"/>'.repeat(19_000)}</a>`,
    ]) {
      const started = performance.now()
      parseXml(Buffer.from(text), wide)
      assert.ok(performance.now() - started < 5000, text.slice(0, 30))
    }
  })
})
