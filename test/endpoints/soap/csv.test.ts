import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCsv } from '../../../src/endpoints/soap/services/csv.ts'

test('rows, with quotes as RFC 4180 has them', () => {
  for (const [text, rows] of [
    ['', []],
    ['a,b', [[1, 'a', 'b']]],
    [
      'a,b\r\nc,d\r\n',
      [
        [1, 'a', 'b'],
        [2, 'c', 'd'],
      ],
    ],
    [
      'a\n\n\nb\n',
      [
        [1, 'a'],
        [4, 'b'],
      ],
    ],
    [
      '"a,b","c""d"\n"e\nf",g\nh',
      [
        [1, 'a,b', 'c"d'],
        [2, 'e\nf', 'g'],
        [4, 'h'],
      ],
    ],
    [
      'a,\n,b\n',
      [
        [1, 'a', ''],
        [2, '', 'b'],
      ],
    ],
    ['""', []],
    [',', [[1, '', '']]],
    ['a,', [[1, 'a', '']]],
  ] as const) {
    assert.deepEqual(
      parseCsv(text)?.map(({ line, fields }) => [line, ...fields]),
      rows,
      JSON.stringify(text),
    )
  }
})

test('a quote that is not closed, or stands inside of a field, makes it no CSV', () => {
  for (const text of ['"a', 'a"b', '"a"b', 'a,"b\nc', 'a\rb'])
    assert.equal(parseCsv(text), undefined, JSON.stringify(text))
})
