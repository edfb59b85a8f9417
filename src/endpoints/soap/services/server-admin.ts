import { boolean, complex, int, long, string } from '../schema/type.ts'
import { operation, operations, type Service } from '../service.ts'
import { permissions } from './permissions.ts'
import { notOffered } from './refusals.ts'

const common = 'http://common.admin.server.carbon.wso2.org/xsd'

const serverData = complex(common, 'ServerData', {
  axis2Location: string,
  carbonVersion: string,
  dbDriverName: string,
  dbDriverVersion: string,
  dbName: string,
  dbURL: string,
  dbVersion: string,
  javaHome: string,
  javaRuntimeName: string,
  javaVMVendor: string,
  javaVMVersion: string,
  javaVersion: string,
  osName: string,
  osVersion: string,
  registryType: string,
  remoteRegistryChroot: string,
  remoteRegistryURL: string,
  repoLocation: string,
  serverIp: string,
  serverName: string,
  serverStartTime: string,
  serverStartUpDuration: string,
  serverUpTime: complex(common, 'ServerUpTime', { days: long, hours: int, minutes: int, seconds: int }),
  userCountry: string,
  userHome: string,
  userName: string,
  userTimezone: string,
})

export const serverAdminService: Service = {
  name: 'ServerAdmin',
  summary: 'Whether the server is up, and which version it is.',
  namespace: 'http://org.apache.axis2/xsd',
  wsdlNamespace: 'http://service.admin.server.carbon.wso2.org',
  callers: 'default-tenant',
  exception: {
    element: 'ServerAdminException',
    child: 'ServerAdminException',
    type: { namespace: 'http://org.apache.axis2/xsd', name: 'Exception', message: 'Message' },
  },
  operations: operations({
    isAlive: operation({ access: [permissions.serverAdmin], effect: 'reads', result: boolean, run: () => true }),
    getServerVersion: operation({
      access: [permissions.serverAdmin],
      effect: 'reads',
      result: string,
      run: (_none, { serverVersion }) => serverVersion,
    }),
    getServerStatus: operation({
      access: [permissions.serverAdmin],
      effect: 'reads',
      result: string,
      run: () => 'RUNNING',
    }),
    // Paths, products and versions beneath the server help nobody but who looks for a way in.
    getServerData: operation({
      access: [permissions.login],
      effect: 'reads',
      result: serverData,
      run: () => notTold,
    }),
    getServerDataAsString: operation({
      access: [permissions.serverAdmin],
      effect: 'reads',
      result: string,
      run: () => notTold,
    }),
    restart: stopping(),
    restartGracefully: stopping(),
    shutdown: stopping(),
    shutdownGracefully: stopping(),
    startMaintenance: maintaining(),
    endMaintenance: maintaining(),
  }),
}

function stopping() {
  return operation({ access: [permissions.serverAdmin], effect: 'changes', result: boolean, run: () => notStopped })
}

function maintaining() {
  return operation({ access: [permissions.serverAdmin], effect: 'changes', run: () => notStopped })
}

const notStopped = notOffered(
  'The server is not stopped or restarted by a service.',
  'Use what runs it: systemd, a container, or the signals SIGTERM and SIGHUP.',
)

const notTold = notOffered(
  'What is beneath the server is not told.',
  'Ask getServerVersion, or look on the machine itself.',
)
