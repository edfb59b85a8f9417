// Envoy is in no package of Debian, so its file is read here and not run: names, references, and what each field may hold by its
// documentation.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parse } from 'yaml'
import { readExample } from '../support/example.ts'

suite('examples/envoy', () => {
  const { listeners, clusters } = parse(readExample('envoy/envoy.yaml')).static_resources
  const [listener] = listeners
  const [cluster] = clusters
  const [filter] = listener.filter_chains[0].filters

  test('TLS goes through as it is: no transport socket of TLS anywhere, and one TCP filter', () => {
    assert.equal(listener.filter_chains[0].transport_socket, undefined)
    assert.equal(listener.filter_chains[0].filters.length, 1)
    assert.equal(filter.name, 'envoy.filters.network.tcp_proxy')
    assert.match(filter.typed_config['@type'], /\.tcp_proxy\.v3\.TcpProxy$/)
    assert.doesNotMatch(JSON.stringify(clusters), /transport_sockets\.tls/)
  })

  test('the filter names the cluster, and the cluster has replicas', () => {
    assert.equal(filter.typed_config.cluster, cluster.name)
    assert.equal(cluster.load_assignment.cluster_name, cluster.name)
    const endpoints = cluster.load_assignment.endpoints[0].lb_endpoints.map(
      (each: { endpoint: { address: { socket_address: { address: string; port_value: number } } } }) =>
        each.endpoint.address.socket_address,
    )
    assert.equal(new Set(endpoints.map(({ address }: { address: string }) => address)).size, 3)
    for (const { port_value } of endpoints) assert.equal(port_value, 9443)
  })

  test('the PROXY protocol goes in front, around a plain socket', () => {
    const { name, typed_config } = cluster.transport_socket
    assert.equal(name, 'envoy.transport_sockets.upstream_proxy_protocol')
    assert.match(typed_config['@type'], /\.proxy_protocol\.v3\.ProxyProtocolUpstreamTransport$/)
    assert.ok(['V1', 'V2'].includes(typed_config.config.version))
    assert.equal(typed_config.transport_socket.name, 'envoy.transport_sockets.raw_buffer')
  })

  test('durations are seconds, and every typed config is of a type of version 3', () => {
    const text = readExample('envoy/envoy.yaml')
    for (const [, value] of text.matchAll(/^\s*(?:connect_timeout|idle_timeout|timeout|interval): (.+)$/gm)) {
      assert.match(value!, /^\d+s$/)
    }
    for (const [, type] of text.matchAll(/"@type": (\S+)/g)) {
      assert.match(type!, /^type\.googleapis\.com\/envoy\.extensions\.[a-z_.]+\.v3\.[A-Za-z]+$/)
    }
  })
})
