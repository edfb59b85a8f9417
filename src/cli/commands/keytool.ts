import { defineCommand } from '../command.ts'

export const command = defineCommand({
  name: ['keytool'],
  summary: "Does what the JDK's keytool does, with the same flags",
  description: `Understands -certreq, -changealias, -delete, -exportcert (-export), -genkeypair, -gencert, -importcert (-import), -importkeystore,
-keypasswd, -list [-v|-rfc], -printcert and -storepasswd. Texts, prompts and exit codes (0, or 1 for any failure) are those of the JDK 17.
Reads JKS, JCEKS, PKCS#12 and PEM whatever the file is called; a new store is PKCS#12 unless -storetype says JKS, as in the JDK since
version 9. -trustcacerts finds no certificates beyond those of the store: there is no JDK here whose cacerts could be trusted.`,
  raw: true,
  examples: [
    'countersign keytool -export -alias wso2carbon -file carbon_public2.crt -keystore wso2carbon.jks -storepass wso2carbon',
    'countersign keytool -import -trustcacerts -alias carbon -file carbon_public2.crt -keystore client-truststore.jks -storepass wso2carbon',
    'countersign keytool -list -v -keystore server.p12 -storepass:env KEYSTORE_PASSWORD',
  ],
  run: async ctx => {
    const { keytool } = await import('../keytool/keytool.ts')
    return keytool(ctx)
  },
})
