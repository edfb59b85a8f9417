import type { ScimFilter } from './filter.ts'
import { FilterParser } from './parse-filter.ts'
import { tokensOf } from './tokens.ts'

/** Where an operation of PATCH works (RFC 7644 section 3.5.2): `name.givenName`, `emails[type eq "work"]`, `emails[…].value`. */
export interface PatchPath {
  readonly path: string
  readonly values: ScimFilter | undefined
  /** name behind the brackets */
  readonly sub: string | undefined
}

/** Throws ScimFault (invalidPath). */
export function parsePath(source: string): PatchPath {
  const parser = new FilterParser(tokensOf(source, 'invalidPath'), 'invalidPath')
  const path = parser.path()
  const values = parser.take('[') ? parser.disjunction(false) : undefined
  if (values !== undefined) parser.require(']')
  const sub = values !== undefined && parser.take('.') ? parser.path() : undefined
  parser.end()
  return { path, values, sub }
}
