import { type CarbonHome, homeFiles } from './carbon-home.ts'
import type { Place } from './finding.ts'
import { javaBoolean } from './java-boolean.ts'
import { child, childrenNamed, place, textOf, type XmlElement, type XmlValue } from './xml.ts'

/** One authenticator of authenticators.xml. */
export interface AuthenticatorSetting extends Place {
  readonly enabled: boolean
  readonly priority: number | undefined
  /** by the name as written; the original tells upper from lower case */
  readonly parameters: ReadonlyMap<string, XmlValue>
}

export interface AuthenticatorSettings {
  readonly mutualSsl: AuthenticatorSetting | undefined
  readonly basic: AuthenticatorSetting | undefined
}

const mutualSslName = 'MutualSSLAuthenticator'
/** The newer files carry it beside the name, or instead. */
const mutualSslId = 'mutual_ssl_authenticator'

export function readAuthenticators(home: CarbonHome, root: XmlElement | undefined): AuthenticatorSettings {
  if (root === undefined) {
    const what = 'there is no such file, so certificates identify nobody'
    home.findings.add('warning', { file: homeFiles.authenticators, line: undefined }, what)
    return { mutualSsl: undefined, basic: undefined }
  }
  let mutualSsl: AuthenticatorSetting | undefined
  let basic: AuthenticatorSetting | undefined
  for (const element of childrenNamed(root, 'Authenticator')) {
    const name = element.attributes.get('name')?.value ?? ''
    if (name === mutualSslName || element.attributes.get('id')?.value === mutualSslId) {
      if (mutualSsl !== undefined)
        home.findings.add('error', element, `${mutualSslName} stands there twice`, 'Make one block of the two.')
      mutualSsl = readAuthenticator(home, element)
    } else if (/^basicaccess/i.test(name)) basic = readAuthenticator(home, element)
    else reportOther(home, element, name)
  }
  if (mutualSsl === undefined) {
    const what = `there is no ${mutualSslName}, so certificates identify nobody`
    home.findings.add(
      'warning',
      root,
      what,
      `Take the block of the ${mutualSslName} out of its comment, with disabled="false".`,
    )
  }
  return { mutualSsl, basic }
}

function readAuthenticator(home: CarbonHome, element: XmlElement): AuthenticatorSetting {
  return {
    ...place(element),
    enabled: !readDisabled(home, element),
    priority: home.number(textOf(child(element, 'Priority'))),
    parameters: readParameters(home, element),
  }
}

function readDisabled(home: CarbonHome, element: XmlElement): boolean {
  const disabled = element.attributes.get('disabled')
  const text = home.resolve(disabled)
  if (disabled === undefined || text === undefined) return false
  if (!/^(?:true|false)$/i.test(text)) {
    const what = `disabled=${JSON.stringify(text)} means "enabled" to the original, which only knows "true"`
    home.findings.add('warning', disabled, what, 'Write true or false.')
  }
  return javaBoolean(text)
}

/** The parameters in `Config`, and those that stand beside it: a page of the documentation lost the element, and people copied it. */
function readParameters(home: CarbonHome, element: XmlElement): ReadonlyMap<string, XmlValue> {
  const beside = childrenNamed(element, 'Parameter')
  if (beside[0] !== undefined) {
    const what = 'parameters outside of Config, which the original ignores without a word; they count here'
    home.findings.add('warning', beside[0], what, 'Put <Config> and </Config> around them.')
  }
  const parameters = new Map<string, XmlValue>()
  const inside = childrenNamed(element, 'Config').flatMap(config => childrenNamed(config, 'Parameter'))
  for (const each of [...beside, ...inside]) {
    const name = each.attributes.get('name')?.value
    if (name === undefined) {
      home.findings.add('warning', each, 'a parameter without a name', 'Name it, or take it out.')
    } else if (each.attributes.has('secretAlias')) {
      home.findings.add(
        'error',
        each,
        `${name} is kept in the secure vault of the product, which is not read`,
        'Write the value itself: it is no secret.',
      )
    } else {
      parameters.set(name, { ...place(each), value: home.resolve(textOf(each)) ?? '' })
    }
  }
  return parameters
}

function reportOther(home: CarbonHome, element: XmlElement, name: string): void {
  if (name === '') home.findings.add('warning', element, 'an authenticator without a name', 'Name it, or take it out.')
  else if (!readDisabled(home, element)) {
    home.findings.add('ignored', element, `there is no ${name} here`, 'Its clients sign in by certificate or password.')
  }
}
