import { defineCommand, exit } from '../command.ts'
import { configurationOptions } from '../configuration.ts'
import { loadForCommand, serveUntilStopped } from '../serving.ts'

export const command = defineCommand({
  name: ['serve'],
  summary: 'Serves what a configuration says',
  description:
    'Logs JSON lines to standard error. SIGHUP reads the configuration and all stores again: a mistake in them changes nothing, and is logged. SIGTERM and SIGINT let requests in flight end first. Where the configuration has several workers, SIGUSR2 renews them one by one.',
  options: configurationOptions,
  examples: [
    'countersign serve --config /etc/countersign/countersign.yaml',
    'countersign serve --carbon-home /opt/wso2is-5.6.0',
  ],
  async run(ctx) {
    await serveUntilStopped(ctx, await loadForCommand(ctx), () => {})
    return exit.yes
  },
})
