import type { CommandName } from './flags.ts'

/** The short help: the commands that there are. */
export function keytoolHelp(): string {
  const rows = Object.entries(summaries).map(([name, { summary }]) => ` -${name.padEnd(19)}${summary}`)
  return `Key and Certificate Management Tool

Commands:

${rows.join('\n')}

Use "keytool -?, -h, or --help" for this help message
Use "keytool -command_name --help" for usage of command_name.`
}

export function commandHelp(name: CommandName): string {
  const { summary, options } = summaries[name]
  return `keytool -${name} [OPTION]...

${summary}

Options:

${options.map(option => ` -${option}`).join('\n')}

Passwords: -storepass PASSWORD, -storepass:env NAME or -storepass:file FILE; asked for when not given.
Use "keytool -?, -h, or --help" for this help message`
}

const store = ['keystore <keystore>', 'storepass <arg>', 'storetype <type>', 'v', 'protected']
const signing = ['sigalg <alg>', 'dname <name>', 'ext <value>']
const validity = ['startdate <date>', 'validity <days>']

const summaries: Readonly<Record<CommandName, { summary: string; options: readonly string[] }>> = {
  certreq: {
    summary: 'Generates a certificate request',
    options: ['alias <alias>', ...signing, 'file <file>', 'keypass <arg>', ...store],
  },
  changealias: {
    summary: "Changes an entry's alias",
    options: ['alias <alias>', 'destalias <alias>', 'keypass <arg>', ...store],
  },
  delete: { summary: 'Deletes an entry', options: ['alias <alias>', ...store] },
  exportcert: { summary: 'Exports certificate', options: ['rfc', 'alias <alias>', 'file <file>', ...store] },
  genkeypair: {
    summary: 'Generates a key pair',
    options: [
      'alias <alias>',
      'keyalg <alg>',
      'keysize <size>',
      'groupname <name>',
      ...signing,
      ...validity,
      'keypass <arg>',
      'signer <alias>',
      'signerkeypass <arg>',
      ...store,
    ],
  },
  gencert: {
    summary: 'Generates certificate from a certificate request',
    options: [
      'rfc',
      'infile <file>',
      'outfile <file>',
      'alias <alias>',
      ...signing,
      ...validity,
      'keypass <arg>',
      ...store,
    ],
  },
  importcert: {
    summary: 'Imports a certificate or a certificate chain',
    options: ['noprompt', 'trustcacerts', 'alias <alias>', 'file <file>', 'keypass <arg>', ...store],
  },
  importkeystore: {
    summary: 'Imports one or all entries from another keystore',
    options: [
      'srckeystore <keystore>',
      'destkeystore <keystore>',
      'deststoretype <type>',
      'srcstorepass <arg>',
      'deststorepass <arg>',
      'srcalias <alias>',
      'destalias <alias>',
      'srckeypass <arg>',
      'destkeypass <arg>',
      'noprompt',
      'v',
    ],
  },
  keypasswd: {
    summary: 'Changes the key password of an entry',
    options: ['alias <alias>', 'keypass <arg>', 'new <arg>', ...store],
  },
  list: { summary: 'Lists entries in a keystore', options: ['rfc', 'alias <alias>', ...store] },
  printcert: { summary: 'Prints the content of a certificate', options: ['rfc', 'file <file>', 'v'] },
  storepasswd: { summary: 'Changes the store password of a keystore', options: ['new <arg>', ...store] },
}
