import type { Environment } from './carbon-home.ts'

/**
 * What `${name}` stands for in the files of a home: its folder, and the system properties that the start script would hand to Java
 * (`-Dname=value` in JAVA_OPTS or CARBON_OPTS, values in quotes or not).
 */
export function systemProperties(home: string, env: Environment): ReadonlyMap<string, string> {
  const given = [env.JAVA_OPTS, env.CARBON_OPTS].filter(text => text !== undefined).join(' ')
  const properties = new Map([
    ['carbon.home', home],
    ['carbon.context', ''],
    ['user.home', env.HOME ?? ''],
  ])
  for (const [, name, inDouble, inSingle, bare] of given.matchAll(/-D([\w.-]+)=(?:"([^"]*)"|'([^']*)'|(\S*))/g)) {
    properties.set(name!, inDouble ?? inSingle ?? bare ?? '')
  }
  return properties
}
