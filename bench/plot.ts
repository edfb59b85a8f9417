import type { Comparison, Result } from './report.ts'

const width = 960
const rowHeight = 15
const left = 330
const right = 150

/**
 * The ratios as an SVG drawing: one bar for each peer of each figure, on a logarithmic axis. A bar that goes to the left of 1 says that
 * Countersign takes less than that peer; the longer, the less.
 */
export function plot({ machine, servers, metrics, aims }: Result): string {
  // A share is no cost: more is better.
  const costs = metrics.filter(({ unit }) => unit !== '%')
  const ids = [...new Set(costs.map(({ id }) => id))]
  const colours = new Map(Object.keys(servers).map((name, i) => [name, palette[i % palette.length]!]))
  const lines: string[] = []
  let y = 64
  for (const id of ids) {
    const bars = costs.filter(metric => metric.id === id)
    const { name, value, unit } = bars[0]!
    lines.push(
      text(16, y + 11, `${id}  ${name}`, 'weight'),
      text(16, y + 25, `countersign: ${value.toFixed(1)} ${unit}`, 'dim'),
    )
    for (const [i, bar] of bars.entries()) lines.push(...drawBar(bar, y + i * rowHeight, colours.get(bar.peer)!))
    for (const { peer, atMost } of aims.filter(aim => aim.id === id)) {
      const row = bars.findIndex(bar => bar.peer === peer)
      if (row >= 0 && atMost !== undefined) lines.push(aimMark(x(atMost), y + row * rowHeight))
    }
    y += Math.max(bars.length, 2) * rowHeight + 14
  }
  const title = `Countersign beside its peers, in the same run: ${machine.date.slice(0, 10)}, ${machine.cpu}, medians of ${machine.rounds} rounds`
  const grid = [0.1, 0.25, 0.5, 1, 2, 4].map(
    at =>
      `<line x1="${x(at)}" x2="${x(at)}" y1="52" y2="${y - 6}" stroke="${at === 1 ? '#222' : '#ddd'}"/>${text(x(at) - 8, 46, `${at}`, 'dim')}`,
  )
  const versions = Object.values(servers)
  const legend = versions.map((version, i) => text(16, y + 14 + i * 14, version, 'dim'))
  const height = y + 24 + versions.length * 14
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">
<title>Countersign beside its peers</title>
<rect width="${width}" height="${height}" fill="#fff"/>
${text(16, 22, title, 'weight')}
${text(left, 36, 'what Countersign takes, as a share of what the peer takes (less is better; | is the aim)', 'dim')}
${[...grid, ...lines, ...legend].join('\n')}
</svg>
`
}

function drawBar({ peer, ratio }: Comparison, y: number, colour: string): string[] {
  const [from, to] = [x(1), x(ratio)].toSorted((a, b) => a - b) as [number, number]
  return [
    `<rect x="${from}" y="${y}" width="${Math.max(1, to - from).toFixed(1)}" height="${rowHeight - 3}" fill="${colour}"/>`,
    text(width - right + 8, y + 10, `${ratio.toFixed(2)} × ${peer}`, ''),
  ]
}

function aimMark(at: number, y: number): string {
  return `<line x1="${at}" x2="${at}" y1="${y - 1}" y2="${y + rowHeight - 2}" stroke="#c00" stroke-width="2"/>`
}

/** From a twelfth to six. */
function x(ratio: number): number {
  const [low, high] = [Math.log(1 / 16), Math.log(6)]
  const share = (Math.log(Math.max(1 / 16, Math.min(6, ratio))) - low) / (high - low)
  return Math.round(left + share * (width - left - right))
}

function text(at: number, y: number, words: string, kind: '' | 'dim' | 'weight'): string {
  const style = kind === 'dim' ? ' fill="#666"' : kind === 'weight' ? ' font-weight="bold"' : ''
  return `<text x="${at}" y="${y}"${style}>${words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`
}

const palette = ['#222', '#4477aa', '#66ccee', '#228833', '#ccbb44', '#ee6677', '#aa3377', '#888888']
