import { CodedError } from '../../errors.ts'
import type { Context } from '../command.ts'
import { certReq } from './cert-req.ts'
import { exportCert } from './export-cert.ts'
import { type CommandName, parseFlags } from './flags.ts'
import { genCert } from './gen-cert.ts'
import { genKeyPair } from './gen-key-pair.ts'
import { commandHelp, keytoolHelp } from './help.ts'
import { importCert } from './import-cert.ts'
import { importKeyStore } from './import-key-store.ts'
import { KeytoolError, KeytoolUsage } from './keytool-error.ts'
import { list } from './list.ts'
import { printCert } from './print-cert.ts'
import { Session } from './session.ts'
import { changeAlias, changePasswordOfKey, changeStorePassword, deleteEntry } from './simple-changes.ts'
import type { OpenedStore } from './store-access.ts'

const actions: Readonly<Record<CommandName, (session: Session) => Promise<OpenedStore | undefined>>> = {
  certreq: certReq,
  changealias: changeAlias,
  delete: deleteEntry,
  exportcert: exportCert,
  genkeypair: genKeyPair,
  gencert: genCert,
  importcert: importCert,
  importkeystore: importKeyStore,
  keypasswd: changePasswordOfKey,
  list,
  printcert: printCert,
  storepasswd: changeStorePassword,
}

/** The JDK's keytool: its flags, its texts, its exit codes (0, or 1 for whatever went wrong). */
export async function keytool(ctx: Context): Promise<0 | 1> {
  const { terminal } = ctx
  try {
    const flags = parseFlags(ctx.raw, ctx.env)
    if (flags.command === undefined || flags.help) {
      terminal.print(flags.command === undefined ? keytoolHelp() : commandHelp(flags.command))
      return ctx.raw.length === 0 || flags.help ? 0 : 1
    }
    const session = new Session(flags, ctx)
    const opened = await actions[flags.command](session)
    if (opened !== undefined) remarkOnJks(session, opened)
    session.printWarnings()
    return 0
  } catch (error) {
    return complain(ctx, error)
  }
}

function complain({ terminal }: Context, error: unknown): 1 {
  if (error instanceof KeytoolUsage) {
    terminal.note(error.message)
    terminal.note(error.command === undefined ? keytoolHelp() : commandHelp(error.command))
    return 1
  }
  const known = error instanceof KeytoolError || error instanceof CodedError ? error : undefined
  const { message, code } = error as NodeJS.ErrnoException
  if (known === undefined && code === undefined) throw error
  const javaClass = error instanceof KeytoolError ? error.javaClass : 'java.lang.Exception'
  // The JDK prints its errors on standard output, and so scripts look for them there.
  terminal.print(`keytool error: ${javaClass}: ${message}`)
  if (known?.remedy) terminal.note(`  ${known.remedy}`)
  return 1
}

/** What the JDK remarks after each command on a JKS store that holds keys. */
function remarkOnJks(session: Session, { name, store }: OpenedStore) {
  if (store.type !== 'JKS' && store.type !== 'JCEKS') return
  // The store as it was before the command: a new key is what the command has just put in.
  const holdsKeys = store.entries.some(({ kind }) => kind !== 'trusted-certificate')
  if (!holdsKeys && session.flags.command !== 'genkeypair' && session.flags.command !== 'importkeystore') return
  session.warn(
    `The ${store.type} keystore uses a proprietary format. It is recommended to migrate to PKCS12 which is an industry standard format using "keytool -importkeystore -srckeystore ${name} -destkeystore ${name} -deststoretype pkcs12".`,
  )
}
