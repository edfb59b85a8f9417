import { hash } from 'node:crypto'
import type { Certificate } from '../../pki/x509/certificate.ts'

/**
 * Keys whose private half anybody can download: the default server keys of WSO2's products, and their demo authority. By the SHA-256 of
 * the SubjectPublicKeyInfo, since new certificates were issued on old keys. Source: every wso2carbon.jks and wso2carbon.p12 in the history of
 * the public repositories carbon-kernel (distribution/kernel/carbon-home/repository/resources/security) and product-is
 * (modules/distribution/src/repository/resources/security), and keys/wso2ca of product-is 5.6.0.
 */
const publishedKeys: ReadonlyMap<string, string> = new Map([
  ['da909c62b1bdd210c5c70382b15c9aef0a5b423aa1072dce3ec172c93fbbd74f', 'wso2carbon of carbon-kernel, 2010'],
  ['eb479350c27268ca7197f6b928677f9bebb333e62f10ca49db07e56a73b2c961', 'wso2carbon of carbon-kernel, 2017'],
  ['ad874c42382e2a464a3dba787fb3a0b5e2de30100545742758a6fbf0cb6aca5e', 'wso2carbon of carbon-kernel, 2017'],
  ['ab9dbc9c2104a2799538f3ad93737ddf97b57adee210e70b175525404710b6ab', 'wso2carbon of carbon-kernel, 2019'],
  ['caa08ab78bb6223dd7f464a988b788e2fbd5a5899033b1cdf19f8727def145e3', 'wso2carbon of carbon-kernel, 2019'],
  ['28396ee1bcfc3cdddefa72692c6ab0ffe28424b6175af1cbd8f2d1adc153e5b1', 'wso2carbon of carbon-kernel, 2022'],
  ['b42a33122de66ccd94f7bc4ec3095a182675012cb7b03026cb33f559c56dd1d3', 'wso2carbon of carbon-kernel, 2023'],
  ['f725c1a5f499f78e7016529087d312f86856f3b4fc38d01163a63145411d3f40', 'wso2carbon of carbon-kernel, 2023'],
  ['12a769c3f680f207ef72565f90945b835fa2cfa641b7c5342641e386780bb978', 'wso2carbon of carbon-kernel, 2023'],
  ['bbf5e12f2cda252921a6d4dee7814a22c489af71b8e849511e12b58fdba9f7e7', 'wso2carbon of carbon-kernel, 2024'],
  ['d1111226285a6506fe16c07e0d1f5968659471a9e30287530866eacb303c9ee6', 'wso2carbon of carbon-kernel, 2024'],
  ['884f63a7e19256009e5741c358a5d03e94e6e1a06e1bb4414e5623dc4716c0e5', 'wso2carbon of product-is, 2025'],
  ['ba3d55920e54e314cb397e3397cbd6e91ad1cf68314d518a7e5166a8122c1343', 'wso2carbon of carbon-kernel, 2025'],
  ['131376aa6c47751f0abd56b73a7d84fa7f90edeb7c2e26b8ff07df33af3c3632', 'wso2carbon of carbon-kernel, 2025'],
  ['914b840fcfd7194c2c278c6a9aecca5e7e7019ebb549107e75f61eb5d1a0d046', 'wso2carbon of carbon-kernel, 2026'],
  [
    'cd9dbf408ae0c2762c01d86752c697694d758c6085022886c5ed3fbc5e5d503e',
    'WSO2 Identity Solution CA of product-is, keys/wso2ca',
  ],
])

/** Where the private key of this certificate was published; undefined when that is not known. */
export function publishedKey(certificate: Pick<Certificate, 'spki'>): string | undefined {
  const digest = digests.getOrInsertComputed(certificate, ({ spki }) => hash('sha256', spki))
  return publishedKeyOf(digest)
}

/** Certificates never change, and are asked about each time trust moves. */
const digests = new WeakMap<Pick<Certificate, 'spki'>, string>()

/** The same by the SHA-256 of the SubjectPublicKeyInfo, in lower-case hex. */
export function publishedKeyOf(spkiDigest: string): string | undefined {
  return publishedKeys.get(spkiDigest)
}
