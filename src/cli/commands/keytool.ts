import { defineCommand } from '../command.ts'

export const command = defineCommand({
  name: ['keytool'],
  summary: "Does what the JDK's keytool does, with the same flags",
  description: `Understands -certreq, -changealias, -delete, -exportcert (-export), -genkeypair, -gencert, -importcert (-import), -importkeystore, -keypasswd, -list [-v|-rfc], -printcert -file and -storepasswd. Texts, prompts and exit codes (0, or 1 for any failure) are those of the JDK 17, on the streams where it writes them.

Reads JKS, JCEKS, PKCS#12 and PEM whatever the file is called; a new store is PKCS#12 unless -storetype says JKS, as in the JDK since version 9. Differs on purpose in three things: -trustcacerts finds no certificates beyond those of the store, because there is no JDK here whose cacerts could be trusted; a certificate that only an end entity of the store signed is not added without a question; names from certificates are printed with control characters made visible.`,
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
