import { resolve } from 'node:path'
import type { Clock } from '../clock.ts'
import type { ConfiguredRoute } from '../endpoints/gateway/gateway.ts'
import { CodedError } from '../errors.ts'
import { compileAccess } from '../identity/access/access.ts'
import { type AllowList, createAllowList } from '../identity/authn/allow-list.ts'
import type { AllowListOptions, MutualTlsOptions } from '../identity/authn/options.ts'
import { readThumbprintFile } from '../identity/authn/thumbprint-file.ts'
import { type ConfiguredBindings, reviewBindings } from '../identity/bindings/configured-bindings.ts'
import type { RevocationOptions } from '../identity/revocation/options.ts'
import { isOn } from '../identity/revocation/policies.ts'
import type { RevocationMaterial } from '../identity/revocation/revocation.ts'
import {
  checkTrusts,
  readAnchors,
  selectEntries,
  type TrustMaterial,
  type TrustStore,
} from '../identity/trust/material.ts'
import type { TenantAnchor } from '../identity/trust/tenant-paths.ts'
import { readKeyStoreFile } from '../pki/keystore/file.ts'
import type { KeyStore } from '../pki/keystore/keystore.ts'
import { atOnce, inTurns, type Pace } from '../pki/keystore/steps.ts'
import type { TrustAnchor } from '../pki/path/verdict.ts'
import { writePem } from '../pki/x509/pem.ts'
import type { ProxyOptions } from '../server/proxies/options.ts'
import {
  createProxies,
  type Proxies,
  ProxyProofError,
  type ProxySocket,
  type ProxySource,
} from '../server/proxies/proxies.ts'
import type { ServerIdentity } from '../server/tls/server-identity.ts'
import type { StorageOptions } from '../storage/storage.ts'
import { Findings, type Path } from './findings.ts'
import type { LoadedConfiguration } from './load.ts'
import { pathText } from './read.ts'
import { readRevocation } from './revocation-material.ts'
import type { ListenerConfiguration, RouteConfiguration } from './schema.ts'
import { resolveSecret } from './secret.ts'
import { identityWarnings, readServerIdentities } from './server-identities.ts'
import { readStorageOptions } from './storage-options.ts'
import type { KeyStoreOptions, TrustStoreOptions } from './stores.ts'
import { readSharedKey } from './tickets-section.ts'
import type { UsersSection } from './users-section.ts'

/** What a configuration names, opened and checked: all that a start or a reload needs before it changes anything. */
export interface Material {
  readonly listeners: readonly ListenerMaterial[]
  readonly bindings: ConfiguredBindings
  readonly allowList: AllowList
  readonly routes: readonly (ConfiguredRoute & RouteConfiguration)[]
  readonly revocation: RevocationMaterial
  readonly storage: StorageOptions
  /** what the shared secret of session tickets is kept under; undefined: it is not shared */
  readonly ticketKey: string | undefined
  readonly proxies: Proxies
  /** sentences for the administrator; none of them stops the start */
  readonly warnings: readonly string[]
}

export interface ListenerMaterial {
  readonly options: ListenerConfiguration
  /** empty where TLS is somebody else's */
  readonly identities: readonly ServerIdentity[]
  readonly trust: TrustMaterial
}

/** Whether a listener has to have a key: in the library, TLS may be the application's. */
export type KeyNeed = 'required' | 'optional'

/** `start`: nobody serves yet. `join`: a worker begins that another process has read it for. `reload`: this process serves meanwhile. */
export type Moment = 'start' | 'join' | 'reload'

/** Opens everything that the configuration names. Throws ConfigError with all problems at once (invariant 4). */
export async function openMaterial(
  loaded: LoadedConfiguration,
  clock: Clock,
  moment: Moment = 'start',
  keys: KeyNeed = 'required',
): Promise<Material> {
  const { value } = loaded
  const review = new Review(loaded, clock, keys, moment === 'reload' ? inTurns : atOnce)
  review.someAuthenticator(moment)
  const listeners: ListenerMaterial[] = []
  for (const [i, options] of value.listeners.entries()) {
    const listener = await review.listener(options, ['listeners', i])
    if (listener !== undefined) listeners.push(listener)
  }
  review.unique(
    'listeners',
    value.listeners.map(listener => listener.name),
    'name',
  )
  review.unique(
    'routes',
    value.routes.map(route => route.path),
    'path',
  )
  review.services('soap', value.soap, '/services')
  review.services('scim', value.scim, '/scim2')
  const mutualTls = value.authenticators['mutual-tls']
  // The list of a single listener as it is: its index is made once.
  const lists = listeners.map(({ trust }) => trust.anchors)
  const anchors = lists.length === 1 ? lists[0]! : lists.flat()
  const bindings = review.bindings(mutualTls, anchors)
  const allowList = await review.allowList(mutualTls.allowList)
  const routes: (ConfiguredRoute & RouteConfiguration)[] = []
  for (const [i, route] of value.routes.entries()) routes.push(await review.route(route, ['routes', i]))
  const revocation = await review.revocation(value.revocation, anchors)
  const storage = await review.storage(value.users)
  const ticketKey = review.ticketKey()
  const proxies = review.proxies(value.proxies, bindings)
  review.unique(
    'proxies',
    value.proxies.map(proxy => proxy.name),
    'name',
  )
  review.conclude()
  return {
    listeners,
    bindings,
    allowList: allowList!,
    routes,
    revocation: revocation!,
    storage: storage!,
    ticketKey,
    proxies: proxies!,
    warnings: review.warnings,
  }
}

class Review extends Findings {
  readonly #loaded: LoadedConfiguration
  readonly #clock: Clock
  readonly #keys: KeyNeed
  readonly #pace: Pace

  constructor(loaded: LoadedConfiguration, clock: Clock, keys: KeyNeed, pace: Pace) {
    super(loaded)
    this.#loaded = loaded
    this.#keys = keys
    this.#clock = clock
    this.#pace = pace
  }

  async listener(options: ListenerConfiguration, path: Path): Promise<ListenerMaterial | undefined> {
    const identities = await this.attemptAsync([...path, 'keyStore'], () => this.#identities(options.keyStore, path))
    const stores = await this.#trustStores(options.trustStore, path)
    const { clientAuth, maxPathDepth, insecureAlgorithms, name } = options
    const { insecureAllowPublishedKeys } = this.#loaded.value.authenticators['mutual-tls']
    const publishedKeys = insecureAllowPublishedKeys ? 'allow' : 'refuse'
    for (const weak of insecureAlgorithms) this.warnings.push(`listener ${name} accepts ${weak} (insecureAlgorithms)`)
    const found =
      stores &&
      (await this.attemptAsync([...path, 'trustStore'], async () =>
        this.#pace(readAnchors(stores, { at: this.#clock.now(), clientAuth, publishedKeys })),
      ))
    if (identities === undefined || found === undefined) return undefined
    this.warnings.push(...found.warnings)
    const trust = {
      anchors: found.anchors,
      policy: { purpose: 'client', maxDepth: maxPathDepth, insecureAlgorithms },
      publishedKeys,
    } satisfies TrustMaterial
    return { options, identities, trust }
  }

  async #identities(options: KeyStoreOptions | undefined, path: Path): Promise<readonly ServerIdentity[]> {
    if (options === undefined) {
      if (this.#keys === 'optional') return []
      throw new CodedError('ERR_CONFIG_INVALID', 'the listener has no key store', {
        remedy: 'Name the key store with the private key and certificate of the server: keyStore: { file: … }.',
      })
    }
    const keyPassword = this.#secret(options.keyPassword)
    const store = await this.#open(options.file, options.password, keyPassword)
    const identities = readServerIdentities(store, options, keyPassword)
    this.warnings.push(...identities.flatMap(each => identityWarnings(each, pathText(path), this.#clock.now())))
    return identities
  }

  /** undefined when any of them cannot be opened: a listener with half of its trust would refuse the other half. */
  async #trustStores(
    options: readonly (TrustStoreOptions & { readonly tenant?: string | undefined })[],
    path: Path,
  ): Promise<TrustStore[] | undefined> {
    const stores: (TrustStore | undefined)[] = []
    for (const [i, { file, password, aliases, tenant }] of options.entries()) {
      const place = [...path, 'trustStore', i]
      const store = await this.attemptAsync(place, async () =>
        selectEntries({ name: file, tenant, store: await this.#open(file, password) }, aliases),
      )
      stores.push(store)
    }
    return stores.every(store => store !== undefined) ? stores : undefined
  }

  #open(file: string, password: string | undefined, keyPassword?: string): Promise<KeyStore> {
    const path = resolve(this.#loaded.folder, file)
    return readKeyStoreFile(path, { password: this.#secret(password), keyPassword }, this.#pace)
  }

  #secret(option: string | undefined): string | undefined {
    return option === undefined ? undefined : resolveSecret(option, this.#loaded.folder, this.#loaded.env)
  }

  bindings(
    { bindings: options, tenants }: Pick<MutualTlsOptions, 'bindings' | 'tenants'>,
    anchors: readonly TenantAnchor[],
  ): ConfiguredBindings {
    const several = tenants === 'none' ? 'refuse' : 'choose'
    const { bindings, problems, warnings } = reviewBindings(options, anchors, several)
    for (const { index, error } of problems) this.add(['authenticators', 'mutual-tls', 'bindings', index], error)
    this.warnings.push(...warnings)
    return bindings
  }

  allowList(options: AllowListOptions): Promise<AllowList | undefined> {
    return this.attemptAsync(['authenticators', 'mutual-tls', 'allowList'], async () => {
      const { enabled, file } = options
      const listed = enabled && file !== undefined ? readThumbprintFile(resolve(this.#loaded.folder, file)) : undefined
      return createAllowList(options, await listed)
    })
  }

  async revocation(
    options: RevocationOptions,
    anchors: readonly TrustAnchor[],
  ): Promise<RevocationMaterial | undefined> {
    if (this.#loaded.value.authenticators['mutual-tls'].insecureAllowPublishedKeys) {
      this.warnings.push('client certificates on published keys get in (insecureAllowPublishedKeys)')
    }
    if (options.fetch.insecureAllowPrivateAddresses && isOn(options)) {
      this.warnings.push('certificates may send the server to private addresses (insecureAllowPrivateAddresses)')
    }
    return this.attemptAsync(['revocation'], () => readRevocation(options, this.#loaded.folder, anchors))
  }

  ticketKey(): string | undefined {
    const { tickets, users } = this.#loaded.value
    if (users.store === 'postgres' && tickets.sharedKey === undefined) {
      this.warnings.push(
        'clients resume their TLS sessions only at the replica that began them: there is no tickets.sharedKey',
      )
    }
    const key = this.attempt(['tickets', 'sharedKey'], () => readSharedKey(tickets, this.#loaded))
    return users.store === 'postgres' ? key : undefined
  }

  async storage(users: UsersSection): Promise<StorageOptions | undefined> {
    const { store, postgres } = users
    if (store === 'postgres' && postgres.insecurePlaintext) {
      this.warnings.push('the way to the PostgreSQL server is not encrypted (users.postgres.insecurePlaintext)')
    }
    if (store === 'postgres' && postgres.insecureGoOnSeconds > 0) {
      this.warnings.push(
        `users who were locked get in for ${postgres.insecureGoOnSeconds} s while the PostgreSQL server cannot be reached (users.postgres.insecureGoOnSeconds)`,
      )
    }
    const path = ['users', ...(store === 'postgres' ? ['postgres'] : [])]
    return this.attemptAsync(path, () => readStorageOptions(users, this.#loaded))
  }

  /** What answers below a path of its own: on listeners that there are, by authenticators that are on, and beside no route there. */
  services(
    key: 'soap' | 'scim',
    {
      enabled,
      listeners,
      require,
    }: { enabled: boolean; listeners?: string[] | undefined; require?: string[] | undefined },
    path: string,
  ): void {
    if (!enabled) return
    const { value } = this.#loaded
    const names = value.listeners.map(({ name }) => name)
    for (const [i, name] of (listeners ?? []).entries()) {
      if (names.includes(name)) continue
      const message = `there is no listener ${name}`
      const remedy = `Name one of those that there are: ${names.join(', ')}.`
      this.add([key, 'listeners', i], new CodedError('ERR_CONFIG_INVALID', message, { remedy }))
    }
    this.attempt([key, 'require'], () => compileAccess({ require }, this.#authenticators))
    for (const [i, route] of value.routes.entries()) {
      const below = route.path.replace(/\/\*$/, '')
      if (below !== path && !below.startsWith(`${path}/`)) continue
      const message = `${route.path} is an address of ${key}, which is switched on`
      const remedy = `Choose another path, or switch ${key} off.`
      this.add(['routes', i, 'path'], new CodedError('ERR_CONFIG_INVALID', message, { remedy }))
    }
  }

  proxies(options: readonly ProxyOptions[], { directory }: ConfiguredBindings): Proxies | undefined {
    const sources: ProxySource[] = []
    for (const [i, proxy] of options.entries()) {
      const place = ['proxies', i, 'proof', 'secret']
      const { insecureCacheSeconds } = proxy.forwardAuth ?? {}
      if (insecureCacheSeconds !== undefined) {
        this.warnings.push(
          `whoever is locked out gets in through the proxy ${proxy.name} for ${insecureCacheSeconds} s more (forwardAuth.insecureCacheSeconds)`,
        )
      }
      sources.push({
        options: proxy,
        secret: this.attempt(place, () => this.#secret(proxy.proof.secret)),
        socket: this.attempt(['proxies', i, 'proof', 'listener'], () => this.#socketOf(proxy.proof)),
      })
    }
    if (sources.some(({ options, socket }) => options.proof.by === 'socket' && socket === undefined)) return undefined
    // A secret that could not be had has been told already.
    if (sources.some(({ options, secret }) => options.proof.by === 'signature' && secret === undefined))
      return undefined
    try {
      return createProxies(sources, directory.seenBy(''))
    } catch (error) {
      return this.add(['proxies', ...(error instanceof ProxyProofError ? [error.index, 'proof'] : [])], error)
    }
  }

  #socketOf({ path, access, listener }: ProxyOptions['proof']): ProxySocket | undefined {
    if (path === undefined) return undefined
    const names = this.#loaded.value.listeners.map(({ name }) => name)
    const [only] = names
    const found = listener === undefined && names.length === 1 ? only : names.find(name => name === listener)
    if (found !== undefined) return { path: resolve(this.#loaded.folder, path), access, listener: found }
    throw new CodedError(
      'ERR_PROXY_PROOF',
      listener === undefined
        ? 'it is not said by whose trust store clients are judged'
        : `there is no listener ${listener}`,
      { remedy: `Name one of the listeners: ${names.join(', ')}.` },
    )
  }

  /** Whoever switches all of them off means it: a server that runs lets nobody in from then on, and one that does not run does not start. */
  someAuthenticator(moment: Moment): void {
    if (this.#authenticators.length > 0) return
    const message = 'every authenticator is switched off: nobody can be let in'
    const remedy = 'Enable at least one, for example authenticators.mutual-tls.enabled: true.'
    if (moment !== 'start') this.warnings.push(message)
    else this.add(['authenticators'], new CodedError('ERR_AUTHENTICATORS', message, { remedy }))
  }

  get #authenticators(): string[] {
    const { 'mutual-tls': mutualTls, basic } = this.#loaded.value.authenticators
    return [...(mutualTls.enabled ? ['mutual-tls'] : []), ...(basic.enabled ? ['basic'] : [])]
  }

  async route(options: RouteConfiguration, path: Path): Promise<ConfiguredRoute & RouteConfiguration> {
    this.attempt([...path, 'require'], () => compileAccess(options, this.#authenticators))
    if (
      options.upstream === undefined &&
      this.#loaded.value.proxies.every(({ forwardAuth }) => forwardAuth === undefined)
    ) {
      const remedy = 'Name its upstream. Only where a proxy asks (proxies[].forwardAuth) a route needs none.'
      const message = `the route ${options.path} leads nowhere: it has no upstream, and no proxy may ask about it`
      this.add([...path, 'upstream'], new CodedError('ERR_CONFIG_INVALID', message, { remedy }))
    }
    const stores = (await this.#trustStores(options.trustStore, path)) ?? []
    this.attempt([...path, 'trustStore'], () => checkTrusts(stores))
    const entries = stores.flatMap(({ store }) => store.entries)
    const authorities = entries.flatMap(entry =>
      entry.kind === 'trusted-certificate' ? [writePem('CERTIFICATE', entry.certificate.raw)] : [],
    )
    if (options.upstream?.startsWith('https:') && authorities.length === 0 && !options.insecurePublicAuthorities) {
      const message = `nobody can vouch for ${options.upstream}: the route names no trust store`
      const remedy =
        'Name a trustStore that holds the authority of the upstream, or set insecurePublicAuthorities: true.'
      this.add([...path, 'upstream'], new CodedError('ERR_CONFIG_INVALID', message, { remedy }))
    }
    if (options.insecurePublicAuthorities) {
      this.warnings.push(
        `route ${options.path} trusts any public authority for its upstream (insecurePublicAuthorities)`,
      )
    }
    return { ...options, authorities }
  }
}
