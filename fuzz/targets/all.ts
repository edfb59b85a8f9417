import type { Target } from '../target.ts'
import { configurationTargets } from './configuration.ts'
import { extAuthzTargets } from './ext-authz.ts'
import { keyStoreTargets } from './key-stores.ts'
import { ocspTargets } from './ocsp.ts'
import { proxyProtocolTargets } from './proxy-protocol.ts'
import { requestTargets } from './requests.ts'
import { soapTargets } from './soap.ts'
import { x509Targets } from './x509.ts'

export const targets: readonly Target[] = [
  ...x509Targets,
  ...ocspTargets,
  ...keyStoreTargets,
  ...requestTargets,
  ...extAuthzTargets,
  ...proxyProtocolTargets,
  ...soapTargets,
  ...configurationTargets,
]
