import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { ConfigError, parseConfig } from '../read.ts'
import type { UnreadConfiguration } from '../schema.ts'
import { type CarbonHome, homeFiles } from './carbon-home.ts'

type Mapping = Readonly<Record<string, unknown>>

/**
 * What a home has no place for: routes, proxies, limits, insecure options by their names. In the words of `countersign.yaml`, in a file of
 * the home; empty where there is none. What is wrong with its text is an error among the findings.
 */
export function readOwnSettings(home: CarbonHome): Mapping {
  const text = home.text(homeFiles.own)
  if (text === undefined) return {}
  try {
    return parseConfig(text, homeFiles.own, z.record(z.string(), z.unknown()), { env: home.env }).value
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const { path, line, message, hint } of error.problems) {
      home.findings.add('error', { file: homeFiles.own, line }, path === '' ? message : `${path}: ${message}`, hint)
    }
    return {}
  }
}

/**
 * Lays them over what the home says, key by key. A list takes the place of the home's, with two exceptions: listeners go by their name, and
 * bindings come on top. Reports what of the home does not count any more.
 */
export function layOver(home: CarbonHome, configuration: UnreadConfiguration, own: Mapping): UnreadConfiguration {
  const replaced: string[] = []
  const merged = mergeMappings(configuration as Mapping, own, '', replaced)
  const told = replaced.filter(path => !ours.test(path))
  if (told.length > 0) {
    const what = `takes the place of what the home says: ${told.join(', ')}`
    home.findings.add('warning', { file: homeFiles.own, line: undefined }, what)
  }
  return merged as UnreadConfiguration
}

/** Of these a home says nothing. */
const ours = /^(?:users|audit|tickets|management|revocation\.folder)\b/

/** The same without a report, for a part of the configuration. */
export function mergeSettings(base: Mapping, own: Mapping): Mapping {
  return mergeMappings(base, own, '', [])
}

function mergeMappings(base: Mapping, over: Mapping, path: string, replaced: string[]): Mapping {
  const merged: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(over)) {
    Object.defineProperty(merged, key, {
      value: mergeValues(base[key], value, path === '' ? key : `${path}.${key}`, replaced),
      enumerable: true,
      writable: true,
      configurable: true,
    })
  }
  return merged
}

function mergeValues(base: unknown, over: unknown, path: string, replaced: string[]): unknown {
  if (isMapping(base) && isMapping(over)) return mergeMappings(base, over, path, replaced)
  if (Array.isArray(base) && Array.isArray(over)) {
    if (path === 'listeners') return mergeListeners(base, over, replaced)
    if (path === 'authenticators.mutual-tls.bindings') return [...base, ...over]
  }
  if (base !== undefined && !isDeepStrictEqual(base, over)) replaced.push(path)
  return over
}

function mergeListeners(base: readonly unknown[], over: readonly unknown[], replaced: string[]): unknown[] {
  const merged = [...base]
  for (const each of over) {
    const name = isMapping(each) ? (each.name ?? 'main') : undefined
    const at = merged.findIndex(one => name !== undefined && isMapping(one) && one.name === name)
    if (at < 0) merged.push(each)
    else merged[at] = mergeMappings(merged[at] as Mapping, each as Mapping, `listeners.${name}`, replaced)
  }
  return merged
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
