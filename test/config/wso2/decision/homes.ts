import { mutualSsl } from '../../../support/carbon-home.ts'
import type { HomeSource } from './row.ts'

/** A client’s own certificate and authorities in the trust store, and the authenticator as the product ships it. */
export const trusted: HomeSource = ({ imported, authorities, ...others }) => ({
  trusted: {
    client: imported.certificate,
    old: others['imported, expired'].certificate,
    web: others['imported, for servers'].certificate,
    machines: authorities.machines.certificate,
    public: authorities.public.certificate,
  },
})
/** The same with parameters of the authenticator. */
export const withParameters =
  (parameters: (certificates: Parameters<HomeSource>[0]) => Record<string, string>): HomeSource =>
  certificates => ({ ...trusted(certificates), authenticator: mutualSsl(parameters(certificates)) })
