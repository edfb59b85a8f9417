import { buildName } from '../../pki/x509/build-name.ts'
import { readName } from '../../pki/x509/name.ts'
import { javaName } from './java-name.ts'
import { KeytoolError } from './keytool-error.ts'
import type { Session } from './session.ts'

const questions = [
  ['CN', 'What is your first and last name?'],
  ['OU', 'What is the name of your organizational unit?'],
  ['O', 'What is the name of your organization?'],
  ['L', 'What is the name of your City or Locality?'],
  ['ST', 'What is the name of your State or Province?'],
  ['C', 'What is the two-letter country code for this unit?'],
] as const

/** Asks for a distinguished name part by part until its writer says that it is right. */
export async function askName(session: Session): Promise<string> {
  const { ask } = session.ctx.terminal
  const parts: Record<string, string> = Object.fromEntries(questions.map(([type]) => [type, 'Unknown']))
  for (let tries = 0; tries <= 20; tries++) {
    for (const [type, question] of questions) {
      const answer = await ask.line(`${question}\n  [${parts[type]}]:  `)
      if (answer === undefined)
        throw new KeytoolError('Too many retries, program terminated', { remedy: 'Pass -dname.' })
      if (answer !== '') parts[type] = answer
    }
    const name = questions.map(([type]) => `${type}=${escaped(parts[type] ?? '')}`).join(', ')
    const correct = await ask.line(`Is ${javaName(readName(buildName(name)))} correct?\n  [no]:  `)
    if (/^y(es)?$/iu.test(correct ?? '')) return name
  }
  throw new KeytoolError('Too many retries, program terminated', { javaClass: 'java.lang.RuntimeException' })
}

function escaped(value: string): string {
  return value.replace(/[,+"\\<>;=]/gu, '\\$&').replace(/^[ #]| $/gu, '\\$&')
}
