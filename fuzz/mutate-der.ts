import { DerReader } from '../src/pki/asn1/der.ts'
import { mutateBytes } from './mutate-bytes.ts'
import type { Random } from './random.ts'

interface Node {
  tag: number
  /** elements inside, or octets */
  content: Node[] | Buffer
}

const maxDepth = 24
const tags = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x13, 0x16, 0x17, 0x18, 0x1e, 0x30, 0x31, 0x80, 0x86, 0xa0,
]
const values = [
  '',
  '00',
  'ff',
  '80',
  '7fffffffffffffff',
  '8000000000000000',
  '0180',
  '2a864886f70d01010b',
  '8080808001',
  '3939313233313233353935395a',
  '00000000000000000000000000000000',
].map(hex => Buffer.from(hex, 'hex'))

/**
 * DER in which elements were removed, doubled, moved, retagged or given other content, with the lengths around them put right: what a
 * parser sees only the depths of when everything above is in order.
 */
export function mutateDer(input: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  const tree = read(input, 0)
  if (tree === undefined) return mutateBytes(input, random, others)
  const all = flatten(tree)
  const place = random.one(all)
  const { list, index } = place
  const node = list[index]!
  switch (random.below(10)) {
    case 0:
      list.splice(index, 1)
      break
    case 1:
      list.splice(index, 0, node)
      break
    case 2:
      list[index] = { tag: random.one(tags), content: node.content }
      break
    case 3:
      list[index] = { tag: node.tag, content: random.one(values) }
      break
    case 4: {
      const other = random.one(all)
      list[index] = other.list[other.index]!
      break
    }
    case 5: {
      const foreign = read(random.one(others), 0)
      if (foreign !== undefined) {
        const other = random.one(flatten(foreign))
        list[index] = other.list[other.index]!
      }
      break
    }
    case 6: {
      const times = 1 << random.below(9)
      list.splice(index, 0, ...new Array<Node>(times).fill(node))
      break
    }
    case 7: {
      let nested = node
      for (let depth = 1 << random.below(8); depth > 0; depth--) nested = { tag: node.tag | 0x20, content: [nested] }
      list[index] = nested
      break
    }
    default: {
      const octets = Buffer.isBuffer(node.content) ? node.content : write(node.content, 0)
      list[index] = { tag: node.tag, content: mutateBytes(octets, random, others) }
    }
  }
  const result = write(tree, 0)
  return result.length > 60_000 ? result.subarray(0, 60_000) : result
}

/** Elements that fill the octets exactly; strings that hold DER (extensions, key bags) are opened too. */
function read(octets: Buffer, depth: number): Node[] | undefined {
  if (depth > maxDepth || octets.length === 0) return undefined
  try {
    const nodes: Node[] = []
    for (const reader = new DerReader(octets); !reader.done; ) {
      const { tag, contentStart, end } = reader.element()
      const content = octets.subarray(contentStart, end)
      const inner = (tag & 0x20) !== 0 || tag === 0x04 ? read(content, depth + 1) : undefined
      nodes.push({ tag, content: inner ?? content })
    }
    return nodes
  } catch {
    return undefined
  }
}

interface Place {
  readonly list: Node[]
  readonly index: number
}

function flatten(list: Node[]): Place[] {
  return list.flatMap((node, index) => [
    { list, index },
    ...(Buffer.isBuffer(node.content) ? [] : flatten(node.content)),
  ])
}

function write(nodes: readonly Node[], depth: number): Buffer {
  // An element that was put into itself would have no end.
  if (depth > 400) return Buffer.alloc(0)
  return Buffer.concat(
    nodes.flatMap(({ tag, content }) => {
      const octets = Buffer.isBuffer(content) ? content : write(content, depth + 1)
      return [header(tag, octets.length), octets]
    }),
  )
}

function header(tag: number, length: number): Buffer {
  if (length < 0x80) return Buffer.from([tag, length])
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest & 0xff)
  return Buffer.from([tag, 0x80 | octets.length, ...octets])
}
