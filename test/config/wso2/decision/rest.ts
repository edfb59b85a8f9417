import { mutualSsl } from '../../../support/carbon-home.ts'
import { base64, type Group, type HomeSource, machinesName, password } from './row.ts'

const stores: HomeSource = ({ imported, authorities }) => ({
  trusted: {
    client: imported.certificate,
    machines: authorities.machines.certificate,
    public: authorities.public.certificate,
  },
})
const identityXml =
  (xml: (certificates: Parameters<HomeSource>[0]) => string): HomeSource =>
  certificates => ({
    ...stores(certificates),
    authenticator: mutualSsl({}, 'true'),
    files: {
      'repository/conf/identity/identity.xml': `<Server xmlns="http://wso2.org/projects/carbon/carbon.xml">${xml(certificates)}</Server>`,
    },
  })
const mapping = (kind: 'User' | 'System', children: string) =>
  `<${kind}ThumbprintMappings><Mapping><TrustedIssuer>${machinesName}</TrustedIssuer>${children}</Mapping></${kind}ThumbprintMappings>`
const mapped = (...mappings: string[]) =>
  `<ClientCertBasedAuthentication enable="true">${mappings.join('')}</ClientCertBasedAuthentication>`
const user = (...names: string[]) => names.map(name => `<AllowedUsername>${name}</AllowedUsername>`).join('')
const forIssued = ({ issued }: Parameters<HomeSource>[0]) => `<CertThumbprint>${issued.thumbprint}</CertThumbprint>`

/** Certificates on the REST paths: the handler of 5.6.0, and what became of it after CVE-2025-9312. */
export const rest: readonly Group[] = [
  {
    title: 'REST paths as in 5.6.0',
    about:
      'The trust store holds a client’s own certificate and two authorities. The request is for `/scim2/Me` with that certificate and names its user in `WSO2-Identity-User`, in plain text.',
    home: stores,
    rows: [
      { when: 'an existing user', original: 'the user', ours: 'alice', ask: { to: 'rest', identityUser: 'alice' } },
      {
        when: '`alice@carbon.super`',
        original: 'the user `alice`',
        ours: 'alice',
        ask: { to: 'rest', identityUser: 'alice@carbon.super' },
      },
      {
        when: 'a user who does not exist',
        original: 'that user',
        ours: 'certificate_not_bound',
        tightened: 'nobody is let in who is nobody',
        ask: { to: 'rest', identityUser: 'nobody' },
      },
      {
        when: 'the name in base64',
        original: 'a user of that very name',
        ours: 'certificate_not_bound',
        tightened: 'the same',
        ask: { to: 'rest', identityUser: base64('alice') },
      },
      {
        when: 'no header',
        original: 'let in as nobody, and no permission asked for',
        ours: 'credentials_required',
        tightened: 'every request is somebody’s',
        ask: { to: 'rest' },
      },
      {
        when: 'an empty header',
        original: 'let in as nobody, and no permission asked for',
        ours: 'username_malformed',
        tightened: 'the same',
        ask: { to: 'rest', identityUser: '' },
      },
      {
        when: 'a certificate of an authority in the trust store',
        original: 'the user',
        ours: 'issuer_unknown',
        tightened: 'CVE-2025-9312, and WSO2-2019-0656 before it',
        ask: { to: 'rest', certificate: 'of a public authority', identityUser: 'alice' },
      },
      {
        when: 'a right password of another user',
        original: 'the user of the certificate: it goes first',
        ours: 'ops',
        tightened: 'an explicit credential always wins, as for SOAP',
        ask: { to: 'rest', identityUser: 'alice', authorization: password('ops') },
      },
      {
        when: 'a wrong password',
        original: 'the user of the certificate',
        ours: 'credentials_invalid',
        tightened: 'the same',
        ask: { to: 'rest', identityUser: 'alice', authorization: password('ops', 'wrong') },
      },
      {
        when: 'no certificate',
        original: 'refused',
        ours: 'certificate_required',
        ask: { to: 'rest', certificate: null, identityUser: 'alice' },
      },
      {
        when: 'a user of the first tenant at the address of another',
        original: 'refused',
        ours: 'forbidden',
        ask: { to: 'rest', identityUser: 'alice', domain: 'partner.example' },
      },
      {
        when: 'the header of SOAP clients beside it, with another name',
        original: 'the user of `WSO2-Identity-User`',
        ours: 'ops',
        differs: 'the header of the authenticator names the user wherever it comes; both are held to the bindings',
        ask: { to: 'rest', header: base64('ops'), identityUser: 'alice' },
      },
    ],
  },
  {
    title: 'REST paths after CVE-2025-9312',
    about:
      'The authenticator for SOAP is switched off. `ClientCertBasedAuthentication` in `identity.xml` maps certificates of one authority; the client presents one of them.',
    home: identityXml(() => mapped(mapping('User', user('alice', 'ops')))),
    rows: [
      {
        when: 'a user of the mapping',
        original: 'the user',
        ours: 'ops',
        ask: { to: 'rest', certificate: 'issued', identityUser: 'ops' },
      },
      {
        when: 'a user whom the mapping does not have',
        original: 'refused',
        ours: 'certificate_not_bound',
        ask: { to: 'rest', certificate: 'issued', identityUser: 'helper' },
      },
      {
        when: 'a user of the mapping in other letters (`OPS`)',
        original: 'the user',
        ours: 'certificate_not_bound',
        tightened: 'names are compared exactly',
        ask: { to: 'rest', certificate: 'issued', identityUser: 'OPS' },
      },
      {
        when: 'a certificate of an issuer that no mapping has',
        original: 'refused',
        ours: 'issuer_unknown',
        ask: { to: 'rest', identityUser: 'alice' },
      },
      {
        when: 'a mapping for the thumbprint beside one for all of the issuer, and a user of the second',
        original: 'refused: the first alone counts',
        ours: 'certificate_not_bound',
        home: identityXml(certificates =>
          mapped(mapping('User', forIssued(certificates) + user('alice')), mapping('User', user('ops'))),
        ),
        ask: { to: 'rest', certificate: 'issued', identityUser: 'ops' },
      },
      {
        when: 'the same, and another certificate of the issuer',
        original: 'the user',
        ours: 'ops',
        home: identityXml(certificates =>
          mapped(
            `<UserThumbprintMappings>${[forIssued(certificates) + user('alice'), user('ops')]
              .map(children => `<Mapping><TrustedIssuer>${machinesName}</TrustedIssuer>${children}</Mapping>`)
              .join('')}</UserThumbprintMappings>`,
          ),
        ),
        ask: { to: 'rest', certificate: 'second', identityUser: 'ops' },
      },
      {
        when: 'no header, and a system mapping with a user',
        original: 'that user',
        ours: 'alice',
        home: identityXml(() => mapped(mapping('System', '<AllowedSystemUser>alice</AllowedSystemUser>'))),
        ask: { to: 'rest', certificate: 'issued' },
      },
      {
        when: 'no header, and a system mapping with `*`',
        original: 'let in as nobody',
        ours: 'issuer_unknown',
        tightened: 'every request is somebody’s',
        home: identityXml(() => mapped(mapping('System', '<AllowedSystemUser>*</AllowedSystemUser>'))),
        ask: { to: 'rest', certificate: 'issued' },
      },
      {
        when: 'a mapping whose `TrustedIssuer` is `*`',
        original: 'refused',
        ours: 'issuer_unknown',
        home: identityXml(() => mapped(mapping('User', user('alice')).replace(machinesName, '*'))),
        ask: { to: 'rest', certificate: 'issued', identityUser: 'alice' },
      },
      {
        when: '`IntermediateCertValidation` with the issuer’s CN, and the user’s name as CN of the subject',
        original: 'the user',
        ours: 'alice',
        home: intermediate,
        ask: { to: 'rest', certificate: 'named' },
      },
      {
        when: 'the same, and a subject whose CN is nobody’s name',
        original: 'refused (before 2025: that user)',
        ours: 'certificate_not_bound',
        home: intermediate,
        ask: { to: 'rest', certificate: 'named after nobody' },
      },
      {
        when: 'the same, and another user in the header',
        original: 'the user of the subject: the header is not read',
        ours: 'certificate_not_bound',
        tightened: 'a request that contradicts its certificate is refused',
        home: intermediate,
        ask: { to: 'rest', certificate: 'named', identityUser: 'ops' },
      },
      {
        when: 'the same, and an issuer of that CN with another key',
        original: 'the user',
        ours: 'signature_invalid',
        tightened: 'issuers are compared by key and name',
        home: intermediate,
        ask: { to: 'rest', certificate: 'of a twin', identityUser: 'alice' },
      },
      {
        when: 'the handler for certificates is switched off in `identity.xml`, and that for SOAP is on',
        original: 'asks for a password',
        ours: 'credentials_required',
        home: certificates => ({
          ...identityXml(
            () =>
              '<EventListeners><EventListener type="org.wso2.carbon.identity.core.handler.AbstractIdentityMessageHandler" name="org.wso2.carbon.identity.auth.service.handler.impl.ClientCertificateBasedAuthenticationHandler" enable="false"/></EventListeners>',
          )(certificates),
          authenticator: mutualSsl({}),
        }),
        ask: { to: 'rest', identityUser: 'alice' },
      },
    ],
  },
]

function intermediate(certificates: Parameters<HomeSource>[0]) {
  return identityXml(
    () =>
      '<IntermediateCertValidation enable="true"><IntermediateCerts><CertCN>Machines</CertCN></IntermediateCerts></IntermediateCertValidation>',
  )(certificates)
}
