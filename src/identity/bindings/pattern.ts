import { compileProgram, type Program, runProgram } from './pattern-program.ts'
import { type Node, parsePattern } from './pattern-syntax.ts'

/** A pattern of a binding: the whole value or nothing. */
export interface Pattern {
  readonly source: string
  /** how many capturing groups there are */
  readonly groups: number
  /** The value and its groups (undefined: took no part), or undefined when the whole value does not match. */
  match(value: string): readonly (string | undefined)[] | undefined
}

/**
 * Compiles a pattern. The syntax is a part of JavaScript's regular expressions, and where it is accepted it means the same; but
 *   - every alternative begins with ^ and ends with $, so that nobody can write `^(a)|(b)$` and let `xb` in;
 *   - there are no back references and no look-around, and nothing that may be empty is repeated.
 * What is left is matched in time linear in the value, whatever the value is: a certificate cannot make a pattern run away.
 * Throws ERR_BINDING_PATTERN.
 */
export function compilePattern(source: string): Pattern {
  const { node, groups } = parsePattern(source)
  const program: Program = compileProgram(source, node, groups)
  return { source, groups, match: value => runProgram(program, value) }
}

/** The same where only yes or no is asked for: groups cost nothing. Throws ERR_BINDING_PATTERN. */
export function compileTest(source: string): (value: string) => boolean {
  const program = compileProgram(source, withoutGroups(parsePattern(source).node), 0)
  return value => runProgram(program, value) !== undefined
}

function withoutGroups(node: Node): Node {
  switch (node.type) {
    case 'one':
      return node
    case 'group':
      return withoutGroups(node.item)
    case 'repeat':
      return { ...node, item: withoutGroups(node.item) }
    case 'sequence':
      return { ...node, items: node.items.map(withoutGroups) }
    case 'choice':
      return { ...node, options: node.options.map(withoutGroups) }
  }
}
