import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answering, freePort, launch, told } from '../process.ts'
import { filling, type Peer, type Setting } from './peer.ts'

const home = '/usr/share/tomcat10'

/** Tomcat 10 with Java's own TLS and a JKS trust store: the connector that WSO2 Identity Server stands on. */
export const tomcat: Peer = {
  name: 'tomcat',
  needs: { [`${home}/bin/bootstrap.jar`]: 'tomcat10-common', javac: 'default-jdk-headless' },
  warmUp: 4,
  async start(setting) {
    const port = await freePort()
    const base = join(setting.folder, `tomcat-${port}`)
    writeStores(setting.folder)
    writeBase(setting, base, port)
    const classes = ['bootstrap.jar', 'tomcat-juli.jar'].map(name => `${home}/bin/${name}`).join(':')
    const properties = { 'catalina.home': home, 'catalina.base': base, 'java.io.tmpdir': join(base, 'temp') }
    const flags = Object.entries(properties).map(([name, value]) => `-D${name}=${value}`)
    const launched = performance.now()
    const child = launch(['java', ...flags, '-cp', classes, 'org.apache.catalina.startup.Bootstrap', 'start'], {
      cpu: setting.cpu,
      stderr: 'ignore',
    })
    await answering(port, child, 60_000)
    const java = /version "([^"]+)"/.exec(told('java', '-version') ?? '')?.[1]
    return {
      name: 'tomcat',
      version: `tomcat ${version()}, TLS of Java ${java}`,
      pid: child.pid!,
      port,
      paths: { identity: '/identity' },
      launched,
      child,
    }
  },
}

function version(): string {
  const info = ['-cp', `${home}/lib/catalina.jar`, 'org.apache.catalina.util.ServerInfo']
  return /Server number:\s*(\S+)/.exec(told('java', ...info) ?? '')?.[1] ?? '10'
}

function writeStores(folder: string): void {
  if (existsSync(join(folder, 'server.p12'))) return
  const run = (program: string, args: string) =>
    execFileSync(program, args.split(' '), { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  run('openssl', 'pkcs12 -export -in server.crt -inkey server.key -name server -passout pass:changeit -out server.p12')
  const trusted = '-importcert -noprompt -alias clients -file ca.crt -storetype JKS -storepass changeit'
  run('keytool', `${trusted} -keystore client-truststore.jks`)
}

function writeBase(setting: Setting, base: string, port: number): void {
  const application = join(base, 'webapps/ROOT/WEB-INF')
  for (const folder of ['conf', 'logs', 'temp', 'work']) mkdirSync(join(base, folder), { recursive: true })
  mkdirSync(join(application, 'classes'), { recursive: true })
  const servlet = join(import.meta.dirname, 'tomcat/Identity.java')
  const api = `${home}/lib/servlet-api.jar`
  execFileSync('javac', ['-cp', api, '-d', join(application, 'classes'), servlet], { stdio: 'inherit' })
  writeFileSync(join(application, 'web.xml'), webXml(filling(setting, 130)))
  writeFileSync(join(base, 'conf/web.xml'), '<web-app version="6.0"/>')
  writeFileSync(join(base, 'conf/server.xml'), serverXml(setting, port))
}

const webXml = (fill: string): string => `<web-app version="6.0">
  <servlet>
    <servlet-name>identity</servlet-name>
    <servlet-class>Identity</servlet-class>
    <init-param><param-name>fill</param-name><param-value>${fill}</param-value></init-param>
    <load-on-startup>1</load-on-startup>
  </servlet>
  <servlet-mapping><servlet-name>identity</servlet-name><url-pattern>/identity</url-pattern></servlet-mapping>
</web-app>
`

const serverXml = ({ folder }: Setting, port: number): string => `<Server port="-1">
  <Service name="Catalina">
    <Connector address="127.0.0.1" port="${port}" protocol="org.apache.coyote.http11.Http11NioProtocol" SSLEnabled="true"
        scheme="https" secure="true" maxConnections="8192" acceptCount="1024" maxKeepAliveRequests="-1" keepAliveTimeout="120000">
      <SSLHostConfig protocols="TLSv1.2+TLSv1.3" certificateVerification="optional"
          truststoreFile="${folder}/client-truststore.jks" truststorePassword="changeit" truststoreType="JKS">
        <Certificate certificateKeystoreFile="${folder}/server.p12" certificateKeystorePassword="changeit" certificateKeystoreType="PKCS12"/>
      </SSLHostConfig>
    </Connector>
    <Engine name="Catalina" defaultHost="localhost">
      <Host name="localhost" appBase="webapps" unpackWARs="false" autoDeploy="false"/>
    </Engine>
  </Service>
</Server>
`
