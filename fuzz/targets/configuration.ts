import { parseConfig } from '../../src/config/read.ts'
import { configurationSchema } from '../../src/config/schema.ts'
import { mutateText } from '../mutate-text.ts'
import { outcome } from '../outcome.ts'
import type { Target } from '../target.ts'

const whole = `listeners:
  - name: main
    address: 127.0.0.1
    port: 9443
    clientAuth: want
    keyStore: { file: server.p12, password: "\${SECRET}" }
    trustStore: [{ file: trust.p12, password: env:SECRET }]
    protocols: [TLSv1.3, TLSv1.2]
    limits: { maxConnections: 100, headersTimeout: 1000 }
management: { address: 127.0.0.1, port: 9990 }
authenticators:
  mutual-tls:
    enabled: true
    usernameHeader: { name: UserName, encoding: base64 }
    allowList: { enabled: true, thumbprints: [] }
    bindings:
      - { subject: "CN=alice,O=Example", users: [alice, ops] }
      - { anchor: partners, user: { from: san.email, match: '^(.+)@partner\\.example$', replace: 'partner/$1' } }
  basic: { enabled: true, priority: 10 }
users: { store: sqlite, file: users.db }
routes:
  - { path: /orders/*, upstream: "http://127.0.0.1:8080", require: [mutual-tls], allow: { roles: [buyer] } }
audit: { file: audit.jsonl }
`
const short = 'listeners: [{ keyStore: { file: a.p12 } }]\n'
const aliases = `a: &a [1, 1, 1]\nb: &b [*a, *a, *a]\nlisteners: *b\n`

const secret = 'hushhushhush'
const words = [
  ': ',
  '- ',
  '  ',
  '\t',
  '[',
  ']',
  '{',
  '}',
  '&a ',
  '*a',
  '<<: *a',
  '!!js/function ',
  '!!binary ',
  '%YAML 1.1\n---\n',
  '---\n',
  '...\n',
  '"',
  "'",
  '|\n',
  '>-\n',
  '? ',
  '#',
  '${SECRET}',
  '${MISSING}',
  'env:SECRET',
  '__proto__: ',
  'constructor: ',
  '1e999',
  '0o17',
  '.nan',
  '~',
  'listeners: ',
  '\u0085',
  '\ufeff',
]

export const configurationTargets: readonly Target[] = [
  {
    name: 'configuration',
    seeds: [whole, short, aliases].map(text => Buffer.from(text)),
    limitMs: 10_000,
    weight: 2,
    mutate: (input, random, others) => mutateText(input, random, others, words).subarray(0, 20_000),
    run(input) {
      const answer = outcome(/^ERR_CONFIG_INVALID$/, () => {
        const { value } = parseConfig(input.toString('utf8'), 'fuzz.yaml', configurationSchema, {
          env: { SECRET: secret },
        })
        if (Object.getPrototypeOf(value) !== Object.prototype) throw new Error('a prototype was changed')
        return `read ${value.listeners.length} ${value.routes.length}`
      })
      if (answer.includes(secret)) throw new Error('a secret of the environment stands in the error')
      return answer
    },
  },
]
