import type { ScaleRow } from '../scale.ts'
import type { Figures } from './measure.ts'

const width = 960
const panel = { width: 220, height: 150, left: 60, gap: 80 }
const figures: readonly { readonly key: keyof Figures; readonly name: string }[] = [
  { key: 'login', name: 'login, µs of CPU' },
  { key: 'firstDecision', name: 'decision, first time, µs of CPU' },
  { key: 'startCpu', name: 'start, ms of CPU' },
  { key: 'memory', name: 'memory, MB' },
]
const colours = { users: '#4477aa', bindings: '#228833', allowed: '#ccbb44', pinned: '#ee6677' } as const

/** One panel for each figure: its values over the powers of ten, a line for each thing that grows. */
export function scalePlot(machine: string, rows: readonly ScaleRow[]): string {
  const drawn = figures.map((figure, i) => drawPanel(figure, rows, i % 2, i >> 1))
  const legend = Object.entries(colours).map(
    ([name, colour], i) =>
      `<rect x="${16 + i * 130}" y="36" width="10" height="10" fill="${colour}"/><text x="${32 + i * 130}" y="45">${name}</text>`,
  )
  const height = 2 * (panel.height + panel.gap) + 70
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">
<title>What it costs to know many</title>
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="16" y="22" font-weight="bold">What it costs to know many: ${machine.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>
${[...legend, ...drawn].join('\n')}
</svg>
`
}

function drawPanel(
  { key, name }: (typeof figures)[number],
  rows: readonly ScaleRow[],
  column: number,
  row: number,
): string {
  const left = panel.left + column * (width / 2)
  const top = 80 + row * (panel.height + panel.gap)
  const high = Math.max(...rows.map(each => each.figures[key])) * 1.15
  const y = (value: number) => (top + panel.height * (1 - value / high)).toFixed(1)
  const x = (value: number) => (left + ((Math.log10(value) - 3) / 4) * panel.width * 1.6).toFixed(1)
  const grid = [3, 4, 5, 6, 7].map(
    power =>
      `<line x1="${x(10 ** power)}" x2="${x(10 ** power)}" y1="${top}" y2="${top + panel.height}" stroke="#ddd"/><text x="${x(10 ** power)}" y="${top + panel.height + 14}" fill="#666">10^${power}</text>`,
  )
  const lines = Object.entries(colours).map(([grown, colour]) => {
    const points = rows
      .filter(each => each.grown === grown)
      .map(({ size, figures }) => `${x(size[grown as keyof typeof colours])},${y(figures[key])}`)
    return `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`
  })
  const axis = [0, high / 1.15].map(
    value => `<text x="${left - 50}" y="${y(value)}" fill="#666">${value.toFixed(0)}</text>`,
  )
  return `<text x="${left}" y="${top - 8}" font-weight="bold">${name}</text>${[...grid, ...axis, ...lines].join('')}`
}
