import { compileProgram, type Program, runProgram } from './pattern-program.ts'
import { parsePattern } from './pattern-syntax.ts'

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
