import { type CauseCode, causes } from './causes.ts'

/** docs/doctor.md: every cause that the doctor names, from the list that it names them from. */
export function renderCauses(): string {
  const rows = (Object.keys(causes) as CauseCode[]).map(code => {
    const { sentence, remedy } = causes[code]
    return `| \`${code}\` | ${cell(sentence)} | ${cell(remedy)} |`
  })
  return `${opening}
| cause | sentence | remedy |
|---|---|---|
${rows.join('\n')}
`
}

// what stands in braces is different each time
function cell(text: string): string {
  return text.replace(/\{(\w+)\}/gu, '*$1*').replace(/[|<]/gu, '\\$&')
}

const opening = `<!-- made by \`npm run docs\` from src/diagnosis; do not edit -->
# The doctor

\`\`\`sh
countersign doctor localhost:9443 --trust ca.crt --cert alice.crt --key alice.key
\`\`\`

looks at both sides of a TLS handshake, names one cause in one sentence, and says what to do about it. It exits with 0 when nothing is wrong, with 1
when it found a cause, with 3 when it could not do its work (a file that cannot be read), and with 2 when it was called wrongly. \`--json\` gives
\`cause\` (\`code\`, \`sentence\`, \`remedy\`; null when healthy), \`server\`, \`client\` and \`handshake\` with all that was seen. The server may be any server.

## What it does

1. It connects and shakes hands, whoever the server is, with the certificate that was given, and keeps what the server sent. Of TLS 1.3 it decrypts
   the server's part with the secrets of its own connection. So it knows the chain **as the server sent it**, and what the server asks for in a
   client certificate (names of authorities, signature algorithms, kinds of keys).
2. It waits for the first read: a TLS 1.3 server refuses a client certificate only after the client's handshake is done. Then it asks
   \`GET /whoami\`, which changes nothing, and reads the problem document of a Countersign, or the page that nginx has for such cases.
3. It offers the server each protocol from TLSv1.0 on and each suite that is met in the field, one short connection for each answer, up to some
   thirty, none of which gets beyond the server's first words. The log of the server shows them as handshakes that were broken off.
4. It judges the server's chain as a careful client does (RFC 5280 section 6, names by RFC 9525) by \`--trust\`, or by the public authorities, and the client's
   certificate and key by what the server asks for.

The cause is the first thing at which a careful client stops: the network, TLS itself, the server's certificate, the client's, then what the
server answers. Where no \`--trust\` says whom the client trusts, an unknown authority of the server counts last.

What cannot be seen from outside: which revocation lists and bindings the server has (on the server: \`countersign cert explain\`), what a server
that ends connections without a word thought, and whether an issuer that nobody sent stands at the top or in between. It is taken for one in
between (\`server_chain_incomplete\`) when a certificate at hand completes the path, when it bears the organization of an anchor that was given with
\`--trust\`, or when the only certificate that was sent says where its issuer's can be fetched; else the authority counts as unknown.

## What it finds
`
