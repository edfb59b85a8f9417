import { thumbprint } from '../../../../src/pki/x509/thumbprint.ts'
import { mutualSsl } from '../../../support/carbon-home.ts'
import { base64, type Group, type HomeSource, machinesName } from './row.ts'

type Parameters = Record<string, string>
const stores: HomeSource = ({ imported, authorities }) => ({
  trusted: {
    client: imported.certificate,
    machines: authorities.machines.certificate,
    other: authorities.other.certificate,
  },
})
const home =
  (parameters: (certificates: Parameters0) => Parameters): HomeSource =>
  certificates => ({ ...stores(certificates), authenticator: mutualSsl(parameters(certificates)) })
type Parameters0 = globalThis.Parameters<HomeSource>[0]

const issuer = (users: string, name = machinesName) => ({ allowed_issuers: machinesName, [`issuer_${name}`]: users })
const forIssuer = (users: string, more: Parameters = {}) => home(() => ({ ...issuer(users), ...more }))
const forThumbprint = (users: string) =>
  home(({ issued }) => ({ ...issuer('ops'), [`cert_thumbprint_${issued.thumbprint}`]: users }))
const listed = (more: Parameters = {}) =>
  home(({ issued }) => ({ WhiteListEnabled: 'true', WhiteList: issued.thumbprint, ...more }))

/** The authenticator after CVE-2025-9312 (5.5.2 and later): its public tests' cases first, then the rules. */
export const bound: readonly Group[] = [
  {
    title: 'Issuers and thumbprints with their users (5.5.2 and later)',
    about:
      'The trust store holds two authorities and a client’s own certificate. `allowed_issuers` names the first authority, `issuer_…` its users; the client presents a certificate of that authority, unless it says otherwise.',
    home: forIssuer('alice, ops'),
    rows: [
      {
        when: 'no user name',
        original: 'asks for a password',
        ours: 'alice',
        differs: 'a certificate that is bound to named users acts as the first of them',
        ask: { certificate: 'issued' },
      },
      {
        when: 'a user of the list',
        original: 'the user',
        ours: 'ops',
        ask: { certificate: 'issued', header: base64('ops') },
      },
      {
        when: 'a user who is not on the list',
        original: 'refused',
        ours: 'certificate_not_bound',
        ask: { certificate: 'issued', header: base64('helper') },
      },
      {
        when: 'a thumbprint of its own, and a user of its list',
        original: 'the user',
        ours: 'alice',
        home: forThumbprint('alice, helper'),
        ask: { certificate: 'issued', header: base64('alice') },
      },
      {
        when: 'a thumbprint of its own, and the second user of its list',
        original: 'the user',
        ours: 'helper',
        home: forThumbprint('alice, helper'),
        ask: { certificate: 'issued', header: base64('helper'), to: 'users' },
      },
      {
        when: 'a thumbprint of its own, and a user who is on the list of the issuer only',
        original: 'refused',
        ours: 'certificate_not_bound',
        home: forThumbprint('alice, helper'),
        ask: { certificate: 'issued', header: base64('ops') },
      },
      {
        when: 'the same user, and another certificate of the issuer',
        original: 'the user',
        ours: 'ops',
        home: forThumbprint('alice, helper'),
        ask: { certificate: 'second', header: base64('ops') },
      },
      {
        when: 'a white list that has the certificate, and nothing else',
        original: 'the user',
        ours: 'alice',
        home: listed(),
        ask: { certificate: 'issued', header: base64('alice') },
      },
      {
        when: 'a white list that has another certificate',
        original: 'refused',
        ours: 'not_allow_listed',
        home: listed(),
        ask: { certificate: 'second', header: base64('alice') },
      },
      {
        when: 'neither a white list nor issuers (its “invalid configuration”)',
        original: 'refused',
        ours: 'issuer_unknown',
        home: home(() => ({})),
        ask: { certificate: 'issued', header: base64('alice') },
      },
      {
        when: 'the same, and an imported certificate',
        original: 'refused (5.6.0: the user)',
        ours: 'alice',
        differs: 'whoever imported the client’s own certificate vouched for it; that is how 5.6.0 is set up',
        home: home(() => ({})),
        ask: { header: base64('alice') },
      },
      {
        when: 'a user of the list who does not exist',
        original: 'refused',
        ours: 'certificate_not_bound',
        home: forIssuer('nobody'),
        ask: { certificate: 'issued', header: base64('nobody') },
      },
      {
        when: 'a certificate of an issuer that is not allowed',
        original: 'refused',
        ours: 'issuer_unknown',
        ask: { certificate: 'of another authority', header: base64('alice') },
      },
      {
        when: 'an imported certificate of an issuer that is not allowed',
        original: 'refused',
        ours: 'issuer_unknown',
        ask: { header: base64('alice') },
      },
      {
        when: 'an allowed issuer without a list of users',
        original: 'refused',
        ours: 'certificate_not_bound',
        home: home(() => ({ allowed_issuers: machinesName })),
        ask: { certificate: 'issued', header: base64('alice') },
      },
      {
        when: 'an allowed issuer with an empty list of users',
        original: 'refused',
        ours: 'certificate_not_bound',
        home: forIssuer(' , '),
        ask: { certificate: 'issued', header: base64('alice') },
      },
      {
        when: 'a list of users for an issuer that is not allowed',
        original: 'refused',
        ours: 'issuer_unknown',
        home: home(() => ({ 'issuer_CN=Machines,O=Example': 'alice' })),
        ask: { certificate: 'issued', header: base64('alice') },
      },
      {
        when: 'the list of the issuer is `*`',
        original: 'any user',
        ours: 'ops',
        home: forIssuer('*'),
        ask: { certificate: 'issued', header: base64('ops') },
      },
      {
        when: 'the list of the thumbprint is `*`',
        original: 'any user',
        ours: 'alice',
        home: forThumbprint('*'),
        ask: { certificate: 'issued', header: base64('alice') },
      },
      {
        when: 'a user of another tenant, and the list is `*`',
        original: 'the user',
        ours: 'certificate_not_bound',
        tightened:
          '`*` is any user of the first tenant; for another it takes a binding, or the user’s name in the list',
        home: forIssuer('*'),
        ask: { certificate: 'issued', header: base64('bob@partner.example') },
      },
      {
        when: 'a user of another tenant who is on the list',
        original: 'the user',
        ours: 'bob of partner.example',
        home: forIssuer('alice, bob@partner.example'),
        ask: { certificate: 'issued', header: base64('bob@partner.example') },
      },
      {
        when: 'the list says `alice`, and the header `alice@carbon.super`',
        original: 'refused: the text differs',
        ours: 'alice',
        differs: 'both are the same user',
        ask: { certificate: 'issued', header: base64('alice@carbon.super') },
      },
      {
        when: 'the list says `alice`, and the header `Alice`',
        original: 'refused',
        ours: 'certificate_not_bound',
        ask: { certificate: 'issued', header: base64('Alice') },
      },
      {
        when: 'the name of the issuer in another order, its types in small letters, and blanks',
        original: 'the user',
        ours: 'alice',
        home: home(() => ({ allowed_issuers: 'o = Example, cn = Machines', 'issuer_o=Example,cn=Machines': 'alice' })),
        ask: { certificate: 'issued', header: base64('alice') },
      },
      {
        when: 'the value of a name in small letters',
        original: 'refused',
        ours: 'issuer_unknown',
        home: home(() => ({ allowed_issuers: 'CN=machines,O=Example', 'issuer_CN=machines,O=Example': 'alice' })),
        ask: { certificate: 'issued', header: base64('alice') },
      },
      {
        when: 'an issuer of the same name with another key, certified by another authority of the trust store',
        original: 'the user',
        ours: 'signature_invalid',
        tightened: 'issuers are compared by key and name: anybody can call an authority anything',
        ask: { certificate: 'of a twin', header: base64('alice') },
      },
      {
        when: 'two authorities of that name in the trust store',
        original: 'the user, for certificates of either',
        ours: 'issuer_unknown',
        tightened: 'the name does not say which of them is meant',
        home: certificates => {
          const { trusted, ...rest } = forIssuer('alice')(certificates)
          return { ...rest, trusted: { ...trusted, twin: certificates.authorities.twin.certificate } }
        },
        ask: { certificate: 'issued', header: base64('alice') },
      },
      {
        when: 'a certificate on the white list, and its issuer with a list that has the user',
        original: 'the user',
        ours: 'alice',
        home: listed(issuer('alice')),
        ask: { certificate: 'issued', header: base64('alice') },
      },
      {
        when: 'a certificate that is not on the white list, and its issuer with such a list',
        original: 'refused',
        ours: 'not_allow_listed',
        home: listed(issuer('alice')),
        ask: { certificate: 'second', header: base64('alice') },
      },
      {
        when: 'a white list that has the certificate, and users of an issuer that is not allowed',
        original: 'any user',
        ours: 'issuer_unknown',
        tightened: 'whoever wrote the users meant them to count',
        home: listed({ 'issuer_CN=Machines,O=Example': 'alice' }),
        ask: { certificate: 'issued', header: base64('ops') },
      },
      {
        when: 'a SHA-256 white list with `EnableSHA256` true',
        original: 'the user',
        ours: 'alice',
        home: listed({ EnableSHA256: 'true' }),
        ask: { certificate: 'issued', header: base64('alice') },
      },
      {
        when: 'a SHA-256 white list with `EnableSHA256` false',
        original: 'refused',
        ours: 'issuer_unknown',
        home: listed({ EnableSHA256: 'false' }),
        ask: { certificate: 'issued', header: base64('alice') },
      },
      {
        when: 'a SHA-1 white list with `EnableSHA256` false',
        original: 'the user',
        ours: 'alice',
        home: home(({ issued }) => ({
          WhiteListEnabled: 'true',
          WhiteList: thumbprint(issued.der, 'sha1').toUpperCase(),
          EnableSHA256: 'false',
        })),
        ask: { certificate: 'issued', header: base64('alice') },
      },
      {
        when: 'a SHA-1 white list with `EnableSHA256` true',
        original: 'refused',
        ours: 'issuer_unknown',
        home: home(({ issued }) => ({
          WhiteListEnabled: 'true',
          WhiteList: thumbprint(issued.der, 'sha1'),
          EnableSHA256: 'true',
        })),
        ask: { certificate: 'issued', header: base64('alice') },
      },
    ],
  },
]
