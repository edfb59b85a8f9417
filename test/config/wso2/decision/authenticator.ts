import { mutualSsl } from '../../../support/carbon-home.ts'
import { trusted, withParameters } from './homes.ts'
import { base64, block, type Group, type HomeSource, password } from './row.ts'

/** The authenticator for SOAP as version 5.6.0 has it (5.1.3 of the authenticator). */
export const authenticator: readonly Group[] = [
  {
    title: 'Whether the certificate is asked at all',
    about:
      'The trust store holds a client’s own certificate and two authorities; the authenticator is switched on. The client presents its own certificate and calls a SOAP service, unless it says otherwise.',
    home: trusted,
    rows: [
      {
        when: 'a header with the user’s name in base64',
        original: 'the user',
        ours: 'alice',
        ask: { header: base64('alice') },
      },
      {
        when: 'no certificate, and the header',
        original: 'asks for a password',
        ours: 'certificate_required',
        ask: { certificate: null, header: base64('alice') },
      },
      {
        when: 'neither the header nor a SOAP header block',
        original: 'asks for a password',
        ours: 'credentials_required',
        ask: {},
      },
      {
        when: 'a right password beside the header of another user',
        original: 'the user of the password',
        ours: 'ops',
        ask: { header: base64('alice'), authorization: password('ops') },
      },
      {
        when: 'a wrong password beside the header',
        original: 'refused',
        ours: 'credentials_invalid',
        ask: { header: base64('alice'), authorization: password('alice', 'wrong') },
      },
      {
        when: 'an `Authorization` of a kind that nobody here takes, beside the header',
        original: 'refused: no authenticator takes it',
        ours: 'alice',
        differs: 'the certificate is proof by itself; a token for somebody else takes nothing from it',
        ask: { header: base64('alice'), authorization: 'Bearer of-another' },
      },
      {
        when: 'the authenticator has `disabled="true"`',
        original: 'asks for a password',
        ours: 'credentials_required',
        home: certificates => ({ ...trusted(certificates), authenticator: mutualSsl({}, 'true') }),
        ask: { header: base64('alice') },
      },
      {
        when: 'the authenticator is not in the file',
        original: 'asks for a password',
        ours: 'credentials_required',
        home: certificates => ({ ...trusted(certificates), authenticator: '' }),
        ask: { header: base64('alice') },
      },
      {
        when: 'the authenticator has a lower priority than that for passwords',
        original: 'asks for a password',
        ours: 'credentials_required',
        home: certificates => ({
          ...trusted(certificates),
          authenticator: mutualSsl({}).replace('<Priority>5<', '<Priority>3<'),
        }),
        ask: { header: base64('alice') },
      },
      {
        when: 'nobody is asked: both authenticators are switched off',
        original: 'refused: no active authenticators',
        ours: 'the server does not start',
        tightened: 'a server that can let nobody in says so at once',
        home: certificates => ({
          ...trusted(certificates),
          authenticator: `${mutualSsl({}, 'true')}<Authenticator name="BasicAccessAuthenticator" disabled="true"/>`,
        }),
        ask: { header: base64('alice') },
      },
      {
        when: 'an operation that needs nobody (`AuthenticationAdmin.getAuthenticatorName`), without a certificate',
        original: 'answered',
        ours: 'nobody in particular',
        ask: { certificate: null, to: 'open' },
      },
    ],
  },
  {
    title: 'Whom the request names',
    about: 'The same home.',
    home: trusted,
    rows: [
      {
        when: '`UsernameHeader` has another name, and the header has it',
        original: 'the user',
        ours: 'alice',
        home: withParameters(() => ({ UsernameHeader: 'Acting-User' })),
        ask: { headerName: 'Acting-User', header: base64('alice') },
      },
      {
        when: '`UsernameHeader` has another name, and the header the usual one',
        original: 'asks for a password',
        ours: 'credentials_required',
        home: withParameters(() => ({ UsernameHeader: 'Acting-User' })),
        ask: { header: base64('alice') },
      },
      {
        when: 'a SOAP header block `UserName` in the namespace of mutual SSL, with the name as plain text',
        original: 'the user',
        ours: 'alice',
        ask: { blocks: block('alice') },
      },
      {
        when: 'the block in another namespace',
        original: 'asks for a password',
        ours: 'credentials_required',
        ask: { blocks: block('alice', 'http://example.org') },
      },
      {
        when: 'the block with the name in base64',
        original: 'refused: nobody is called so',
        ours: 'certificate_not_bound',
        ask: { blocks: block(base64('alice')) },
      },
      {
        when: 'an empty block',
        original: 'refused: no user name',
        ours: 'username_malformed',
        ask: { blocks: block('') },
      },
      {
        when: 'the block twice',
        original: 'the user of the first',
        ours: 'bad_request',
        tightened: 'two readers of one message may each take another',
        ask: { blocks: block('alice') + block('ops') },
      },
      {
        when: 'the header and the block, with two names',
        original: 'the user of the header',
        ours: 'alice',
        ask: { header: base64('alice'), blocks: block('ops') },
      },
      {
        when: 'an empty header, and the block',
        original: 'the user of the block',
        ours: 'ops',
        ask: { header: '', blocks: block('ops') },
      },
      {
        when: 'a header that base64 makes nothing of (`====`), and the block',
        original: 'the user of the block',
        ours: 'username_malformed',
        tightened: 'a header that is there is read, or refused',
        ask: { header: '====', blocks: block('ops') },
      },
      {
        when: 'base64 without its padding',
        original: 'the user',
        ours: 'username_malformed',
        tightened: 'one way to write each name, so that nobody before or after reads another',
        ask: { header: base64('alice').replace(/=+$/, '') },
      },
      {
        when: 'base64 with signs of no meaning in it',
        original: 'the user',
        ours: 'username_malformed',
        tightened: 'the same',
        ask: { header: `${base64('alice').slice(0, 4)}!${base64('alice').slice(4)}` },
      },
      {
        when: 'the header twice, with two names',
        original: 'the user of the first',
        ours: 'username_malformed',
        tightened: 'a proxy may have meant the other',
        ask: { header: [base64('alice'), base64('ops')] },
      },
      {
        when: 'a name with a NUL in it',
        original: 'refused: nobody is called so',
        ours: 'username_malformed',
        ask: { header: base64('alice\0') },
      },
      {
        when: 'a user who does not exist',
        original: 'refused',
        ours: 'certificate_not_bound',
        ask: { header: base64('nobody') },
      },
    ],
  },
  {
    title: 'Tenants',
    about: 'The same home, with the tenants `partner.example` and `closed.example`; the second is inactive.',
    home: trusted,
    rows: [
      {
        when: '`alice@carbon.super`',
        original: 'the user `alice`',
        ours: 'alice',
        ask: { header: base64('alice@carbon.super') },
      },
      {
        when: '`alice@CARBON.super`',
        original: 'the user `alice`',
        ours: 'alice',
        ask: { header: base64('alice@CARBON.super') },
      },
      {
        when: '`alice@`',
        original: 'refused: no such tenant',
        ours: 'username_malformed',
        ask: { header: base64('alice@') },
      },
      {
        when: 'a tenant that does not exist',
        original: 'refused',
        ours: 'certificate_not_bound',
        ask: { header: base64('alice@nowhere.example') },
      },
      {
        when: '`bob@partner.example`',
        original: 'the user `bob` of that tenant',
        ours: 'certificate_not_bound',
        tightened: 'an imported certificate may name users of the first tenant; for another it takes a binding',
        ask: { header: base64('bob@partner.example') },
      },
      {
        when: 'the same, with such a binding',
        original: 'the user `bob` of that tenant',
        ours: 'bob of partner.example',
        home: boundInTenants,
        ask: { header: base64('bob@Partner.Example') },
      },
      {
        when: 'the same in the SOAP header block',
        original: 'the user `bob` of that tenant',
        ours: 'bob of partner.example',
        home: boundInTenants,
        ask: { blocks: block('bob@partner.example') },
      },
      {
        when: 'a user of an inactive tenant, bound',
        original: 'the user',
        ours: 'certificate_not_bound',
        tightened: 'an inactive tenant lets nobody in',
        home: boundInTenants,
        ask: { header: base64('dave@closed.example') },
      },
      {
        when: '`EnableEmailUserName`, and an address with one `@`',
        original: 'the user of that name in the first tenant',
        ours: 'carol@mail.example',
        home: emailNames,
        ask: { header: base64('carol@mail.example') },
      },
      {
        when: '`EnableEmailUserName`, and `alice@carbon.super`',
        original: 'the user `alice`',
        ours: 'alice',
        home: emailNames,
        ask: { header: base64('alice@carbon.super') },
      },
      {
        when: '`EnableEmailUserName`, and an address with its tenant',
        original: 'the user of that name in that tenant',
        ours: 'carol@mail.example',
        home: emailNames,
        ask: { header: base64('carol@mail.example@carbon.super') },
      },
      {
        when: 'a user of the first tenant at the address of another (`/t/partner.example/services/…`)',
        original: 'refused',
        ours: 'forbidden',
        ask: { header: base64('alice'), domain: 'partner.example' },
      },
      {
        when: 'a user of a tenant at its address',
        original: 'the user',
        ours: 'bob of partner.example',
        home: boundInTenants,
        ask: { header: base64('bob@partner.example'), domain: 'partner.example' },
      },
      {
        when: 'a user of a tenant at the address of all (`/services/…`)',
        original: 'the user, in the user’s own tenant',
        ours: 'bob of partner.example',
        home: boundInTenants,
        ask: { header: base64('bob@partner.example') },
      },
    ],
  },
]

function boundInTenants(certificates: Parameters<HomeSource>[0]) {
  const { thumbprint } = certificates.imported
  const bindings = ['partner.example', 'closed.example'].map(tenant => ({ thumbprint, users: ['*'], tenant }))
  return { ...trusted(certificates), own: { authenticators: { 'mutual-tls': { bindings } } } }
}

function emailNames(certificates: Parameters<HomeSource>[0]) {
  return { ...trusted(certificates), server: '<EnableEmailUserName>true</EnableEmailUserName>' }
}
