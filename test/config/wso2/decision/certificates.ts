import { thumbprint } from '../../../../src/pki/x509/thumbprint.ts'
import { mutualSsl } from '../../../support/carbon-home.ts'
import { trusted, withParameters } from './homes.ts'
import { base64, type Group, type HomeSource, password } from './row.ts'

const list = (list: string | undefined) =>
  withParameters(() => ({ WhiteListEnabled: 'true', ...(list === undefined ? {} : { WhiteList: list }) }))
const colons = (hex: string) => hex.toUpperCase().replace(/..(?=.)/g, '$&:')

/** The same authenticator: which certificates it takes, and the sessions that it begins. */
export const certificates: readonly Group[] = [
  {
    title: 'Which certificates may name users',
    about: 'The same home, and the header names an existing user.',
    home: trusted,
    rows: [
      {
        when: 'a certificate of an authority in the trust store',
        original: 'the user',
        ours: 'issuer_unknown',
        tightened: 'CVE-2025-9312: whoever an authority certifies could be anyone; it takes a binding',
        ask: { certificate: 'issued', header: base64('alice') },
      },
      {
        when: 'a certificate of a public authority in the trust store',
        original: 'the user',
        ours: 'issuer_unknown',
        tightened: 'the same, and public authorities certify everyone',
        ask: { certificate: 'of a public authority', header: base64('alice') },
      },
      {
        when: 'a certificate that nothing in the trust store vouches for',
        original: 'no connection',
        ours: 'issuer_unknown',
        ask: { certificate: 'unknown', header: base64('alice') },
      },
      {
        when: 'an imported certificate that has expired',
        original: 'the user',
        ours: 'certificate_expired',
        tightened: 'a trust store is no reason not to look at the dates',
        ask: { certificate: 'imported, expired', header: base64('alice') },
      },
      {
        when: 'an imported certificate for servers only',
        original: 'the user',
        ours: 'purpose_not_allowed',
        tightened: 'what a certificate is for stands in it',
        ask: { certificate: 'imported, for servers', header: base64('alice') },
      },
      {
        when: 'a revoked certificate, where the connector has a `crlFile`, and a binding for it',
        original: 'no connection',
        ours: 'certificate_revoked',
        home: withRevocation,
        ask: { certificate: 'revoked', header: base64('alice') },
      },
      {
        when: 'a user who is locked',
        original: 'the user',
        ours: 'certificate_not_bound',
        tightened: 'a locked account is closed to certificates too',
        ask: { header: base64('locked') },
      },
      {
        when: 'a user who may not sign in to the console, for an operation that asks for another permission',
        original: 'the user',
        ours: 'helper',
        ask: { header: base64('helper'), to: 'users' },
      },
    ],
  },
  {
    title: 'White lists',
    about: 'The same home, with `WhiteListEnabled`; the header names an existing user.',
    home: trusted,
    rows: [
      {
        when: 'the SHA-1 thumbprint of the certificate, as 5.6.0 means it',
        original: 'the user',
        ours: 'alice',
        home: withParameters(({ imported }) => ({
          WhiteListEnabled: 'true',
          WhiteList: thumbprint(imported.der, 'sha1'),
        })),
        ask: { header: base64('alice') },
      },
      {
        when: 'the thumbprint of another certificate',
        original: 'refused',
        ours: 'issuer_unknown',
        home: withParameters(({ listed }) => ({ WhiteListEnabled: 'true', WhiteList: thumbprint(listed.der, 'sha1') })),
        ask: { header: base64('alice') },
      },
      {
        when: 'a listed certificate of an authority in the trust store',
        original: 'the user',
        ours: 'alice',
        home: withParameters(({ listed }) => ({ WhiteListEnabled: 'true', WhiteList: thumbprint(listed.der, 'sha1') })),
        ask: { certificate: 'listed', header: base64('alice') },
      },
      {
        when: 'a certificate of the same authority that is not listed',
        original: 'refused',
        ours: 'not_allow_listed',
        home: withParameters(({ listed }) => ({ WhiteListEnabled: 'true', WhiteList: thumbprint(listed.der, 'sha1') })),
        ask: { certificate: 'issued', header: base64('alice') },
      },
      {
        when: 'the thumbprint with colons and capitals',
        original: 'refused: it never matches (from 5.5.2 on, the user)',
        ours: 'alice',
        differs: 'it is what whoever wrote it meant, and what later versions do',
        home: withParameters(({ imported }) => ({
          WhiteListEnabled: 'true',
          WhiteList: ` ${colons(thumbprint(imported.der, 'sha1'))} , `,
        })),
        ask: { header: base64('alice') },
      },
      {
        when: 'an empty list',
        original: 'refused',
        ours: 'issuer_unknown',
        home: list(''),
        ask: { header: base64('alice') },
      },
      {
        when: 'no list at all',
        original: 'asks for a password',
        ours: 'credentials_required',
        home: list(undefined),
        ask: { header: base64('alice') },
      },
    ],
  },
  {
    title: 'Sessions',
    about: 'The same home. The client called with the header before, and was let in.',
    home: trusted,
    rows: [
      {
        when: 'then with its cookie alone',
        original: 'the user',
        ours: 'alice',
        ask: { header: base64('alice') },
        next: [{}],
      },
      {
        when: 'then with its cookie and the header of somebody else',
        original: 'that user: the header is looked at each time',
        ours: 'ops',
        ask: { header: base64('alice') },
        next: [{ header: base64('ops') }],
      },
      {
        when: 'then with its cookie and the header of a user who does not exist',
        original: 'refused',
        ours: 'certificate_not_bound',
        ask: { header: base64('alice') },
        next: [{ header: base64('nobody') }],
      },
      {
        when: 'then with its cookie and a wrong password',
        original: 'refused',
        ours: 'credentials_invalid',
        ask: { header: base64('alice') },
        next: [{ authorization: password('alice', 'wrong') }],
      },
      {
        when: 'then the cookie on a connection without a certificate',
        original: 'the user',
        ours: 'certificate_required',
        tightened: 'a cookie proves nothing; it counts where its certificate does',
        ask: { header: base64('alice') },
        next: [{ certificate: null }],
      },
      {
        when: 'then the cookie on a connection with another certificate',
        original: 'the user',
        ours: 'issuer_unknown',
        tightened: 'the same',
        ask: { header: base64('alice') },
        next: [{ certificate: 'issued' }],
      },
    ],
  },
]

function withRevocation(certificates: Parameters<HomeSource>[0]) {
  const { authorities, revoked } = certificates
  return {
    ...trusted(certificates),
    connector: 'clientAuth="want" crlFile="conf/clients.crl"',
    authenticator: mutualSsl({ allowed_issuers: 'CN=Machines,O=Example', 'issuer_CN=Machines,O=Example': 'alice' }),
    files: { 'conf/clients.crl': authorities.machines.crl([revoked]) },
  }
}
