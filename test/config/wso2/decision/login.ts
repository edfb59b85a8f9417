import { mutualSsl } from '../../../support/carbon-home.ts'
import { base64, type Group, type HomeSource, machinesName } from './row.ts'

const from =
  (user: object, more: (certificates: Parameters<HomeSource>[0]) => object = () => ({})): HomeSource =>
  certificates => ({
    trusted: { machines: certificates.authorities.machines.certificate },
    // an issuer without users: its certificates are trusted, and mean nobody by themselves
    authenticator: mutualSsl({ allowed_issuers: machinesName }),
    own: { authenticators: { 'mutual-tls': { bindings: [{ anchor: 'machines', user }] } } },
    ...more(certificates),
  })
const commonName = { from: 'subject.CN' }
const localPart = { from: 'san.email', match: '^(.+)@mail\\.example$', replace: '$1' }
const withList = (crl: (certificates: Parameters<HomeSource>[0]) => Buffer) =>
  from(commonName, certificates => ({
    connector: 'clientAuth="want" crlFile="conf/clients.crl"',
    files: { 'conf/clients.crl': crl(certificates) },
  }))

/** The certificate as the login of a browser: which of its values is the user’s name. */
export const login: readonly Group[] = [
  {
    title: 'The user’s name in the certificate (X.509 login)',
    about:
      'The original logs browsers in by a second port and its login page; here it is a binding `user: { from: … }` in `repository/conf/countersign.yaml`, on any connection. The client presents a certificate of a bound authority. Enrolling whichever certificate comes first for a user (`EnforceSelfRegistration`) is not offered: an administrator binds it.',
    home: from(commonName),
    rows: [
      { when: 'no certificate', original: 'error 18013', ours: 'certificate_required', ask: { certificate: null } },
      { when: 'the user’s name is the CN', original: 'the user', ours: 'alice', ask: { certificate: 'named' } },
      {
        when: 'two CNs, of two users',
        original: 'the user of the last one',
        ours: 'binding_ambiguous',
        tightened: 'which one counts would be the choice of whoever reads it',
        ask: { certificate: 'named twice' },
      },
      { when: 'no CN', original: 'error 18003', ours: 'certificate_not_bound', ask: { certificate: 'unnamed' } },
      {
        when: 'the CN of no user',
        original: 'error 17001',
        ours: 'certificate_not_bound',
        ask: { certificate: 'named after nobody' },
      },
      {
        when: 'the CN of a user who is locked',
        original: 'the user (newer versions: error 17002)',
        ours: 'account_locked',
        tightened: 'a locked account is closed to certificates too',
        ask: { certificate: 'named after somebody locked' },
      },
      {
        when: 'another user was named before (here: by the header)',
        original: 'error 20015',
        ours: 'certificate_not_bound',
        ask: { certificate: 'named', header: base64('ops') },
      },
      {
        when: 'a pattern over the alternative names, which one of them fits',
        original: 'the user',
        ours: 'alice',
        home: from(localPart),
        ask: { certificate: 'named by mail' },
      },
      {
        when: 'the pattern fits two of them, with two users',
        original: 'error 17004',
        ours: 'binding_ambiguous',
        home: from(localPart),
        ask: { certificate: 'named by two mails' },
      },
      {
        when: 'the pattern fits none',
        original: 'error 17005',
        ours: 'certificate_not_bound',
        home: from({ ...localPart, match: '^(.+)@other\\.example$' }),
        ask: { certificate: 'named by mail' },
      },
      {
        when: 'there are no alternative names',
        original: 'error 17008',
        ours: 'certificate_not_bound',
        home: from(localPart),
        ask: { certificate: 'named' },
      },
      {
        when: 'a URI that looks like the address',
        original: 'the user: all kinds of names are read as one text',
        ours: 'certificate_not_bound',
        tightened: 'one kind of name is never taken for another',
        home: from(localPart),
        ask: { certificate: 'named by a URI' },
      },
      {
        when: 'a revoked certificate, by the list of its authority',
        original: 'refused',
        ours: 'certificate_revoked',
        home: withList(({ authorities, named }) => authorities.machines.crl([named])),
        ask: { certificate: 'named' },
      },
      {
        when: 'a list in the name of the authority with a signature of somebody else',
        original: 'the list counts: its signature is not looked at',
        ours: 'revocation_unknown',
        tightened: 'a list that the authority did not sign says nothing',
        home: withList(({ authorities }) => authorities.twin.crl([])),
        ask: { certificate: 'named' },
      },
      {
        when: 'no list that covers the certificate',
        original: 'refused',
        ours: 'revocation_unknown',
        home: withList(({ authorities }) => authorities.other.crl([])),
        ask: { certificate: 'named' },
      },
      {
        when: 'nothing is asked about revocation',
        original: 'the user',
        ours: 'alice',
        ask: { certificate: 'named' },
      },
    ],
  },
]
