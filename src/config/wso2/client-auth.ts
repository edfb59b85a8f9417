import type { CarbonHome } from './carbon-home.ts'
import type { XmlValue } from './xml.ts'

export type ClientAuth = 'none' | 'want' | 'need'

const words: Readonly<Record<string, ClientAuth>> = {
  true: 'need',
  yes: 'need',
  require: 'need',
  required: 'need',
  want: 'want',
  optional: 'want',
  optionalnoca: 'want',
  optional_no_ca: 'want',
  false: 'none',
  no: 'none',
  none: 'none',
}

/** All that Tomcat 7 knows. It takes any other word, a misspelt one too, for "no certificates at all", and says nothing. */
const knownToTomcat7 = new Set(['true', 'yes', 'want', 'false', 'no', 'none'])

/** `clientAuth` of Tomcat 7, `certificateVerification` of later ones: what the administrator meant, and told where Tomcat did not do it. */
export function readClientAuth(home: CarbonHome, value: XmlValue | undefined, tomcat: 7 | 9): ClientAuth {
  const text = home.resolve(value)?.toLowerCase() ?? ''
  if (value === undefined || text === '') return 'none'
  const meant = words[text]
  const quoted = JSON.stringify(value.value)
  if (meant === undefined) {
    const what = `${quoted} is no value of clientAuth, and Tomcat 7 takes it for "no certificates" without a word`
    home.findings.add('error', value, what, 'Write want, true or false.')
    return 'need'
  }
  if (tomcat === 7 && !knownToTomcat7.has(text)) {
    const what = `danger: ${quoted} means "no certificates at all" to Tomcat 7, which asked nobody for one; it is read as ${meant} here`
    const remedy = `Write clientAuth="${meant === 'need' ? 'true' : 'want'}", or "false" if certificates were never meant.`
    home.findings.add('tightened', value, what, remedy)
  } else if (text.startsWith('optional') && text.includes('no')) {
    const what = `${quoted}: a certificate that no trust store vouches for identifies nobody`
    home.findings.add('tightened', value, what, 'Import it into the trust store.')
  }
  return meant
}
