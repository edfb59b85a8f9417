/** Where proxies ask about requests that they hold back. Envoy puts the path that it asks about behind it. */
export const checkPath = '/auth/check'
