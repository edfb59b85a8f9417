import { compileTest } from '../bindings/pattern.ts'

/** The longest path that a rule is asked about: what is longer matches nothing. */
export const maxPathLength = 512

/**
 * Whether a path matches a rule as WSO2's ResourceAccessControl has them: a regular expression for the whole path. It runs on the
 * engine of the bindings, in time linear in the path. Throws ERR_BINDING_PATTERN.
 */
export function compilePathPattern(source: string): (path: string) => boolean {
  const test = compileTest(`^(?:${source})$`)
  return path => path.length <= maxPathLength && test(path)
}
