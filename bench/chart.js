/**
 * A share of 1 with its 95 % interval.
 * @typedef {object} Bar
 * @property {number} share
 * @property {readonly [low: number, high: number]} interval
 */

/**
 * A group of bars.
 * @typedef {object} Panel
 * @property {string} title
 * @property {readonly { name: string, values: readonly (Bar | undefined)[] }[]} rows one bar per series; undefined if
 *   there is no figure
 */

const WIDTH = 760;
const NAME_WIDTH = 210;
const BAR_WIDTH = 430;
const BAR_HEIGHT = 11;
const ROW_HEIGHT = 2 * BAR_HEIGHT + 10;
const HEAD_HEIGHT = 34;
const LEGEND_HEIGHT = 34;

/** Colors of the light and of the dark theme. The background is transparent, so the page shows through. */
const STYLE = `
text { fill: #1f2328 }
.figure { fill: #59636e }
.bar0 { fill: #31688e }
.bar1 { fill: #8fb6d0 }
.interval { stroke: #1f2328 }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc }
.figure { fill: #b7bdc8 }
.bar0 { fill: #6aa9d6 }
.bar1 { fill: #35607d }
.interval { stroke: #f0f6fc }
}
`;

/**
 * Draws shares as horizontal bars with intervals, one panel below the other.
 * @param {string} title for screen readers
 * @param {readonly Panel[]} panels
 * @param {readonly string[]} series names of the bars in a row
 * @returns {string} SVG
 */
export function drawChart(title, panels, series) {
  let top = LEGEND_HEIGHT;
  const drawn = panels.map((panel) => {
    const group = drawPanel(panel, top);
    top += HEAD_HEIGHT + panel.rows.length * ROW_HEIGHT;
    return group;
  });
  const height = top + 10;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>${STYLE}</style>`,
    ...series.map(drawLegend),
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}

/**
 * @param {string} name
 * @param {number} index
 */
function drawLegend(name, index) {
  const x = NAME_WIDTH + index * 170;
  return `<rect x="${x}" y="12" width="12" height="12" class="bar${index}"/><text x="${x + 18}" y="22">${escapeXml(name)}</text>`;
}

/**
 * @param {Panel} panel
 * @param {number} top
 */
function drawPanel({ title, rows }, top) {
  const bars = rows.flatMap((row, index) => drawRow(row, top + HEAD_HEIGHT + index * ROW_HEIGHT));
  return [`<text x="8" y="${top + 22}" font-weight="bold">${escapeXml(title)}</text>`, ...bars].join('\n');
}

/**
 * @param {Panel['rows'][number]} row
 * @param {number} top
 */
function drawRow({ name, values }, top) {
  const label = `<text x="${NAME_WIDTH - 8}" y="${top + BAR_HEIGHT + 4}" text-anchor="end">${escapeXml(name)}</text>`;
  const bars = values.map((bar, index) => drawBar(bar, index, top + index * (BAR_HEIGHT + 1)));
  return [label, ...bars];
}

/**
 * @param {Bar | undefined} bar
 * @param {number} index of the series
 * @param {number} y
 */
function drawBar(bar, index, y) {
  const baseline = y + BAR_HEIGHT - 1;
  if (bar === undefined) {
    return `<text x="${NAME_WIDTH + 5}" y="${baseline}" font-size="10" class="figure">not distinguishable</text>`;
  }
  const [low, high] = bar.interval.map((share) => NAME_WIDTH + Math.round(share * BAR_WIDTH));
  const middle = y + BAR_HEIGHT / 2;
  return (
    `<rect x="${NAME_WIDTH}" y="${y}" width="${Math.round(bar.share * BAR_WIDTH)}" height="${BAR_HEIGHT}" class="bar${index}"/>` +
    `<path d="M${low} ${middle}H${high}M${low} ${middle - 3}v6M${high} ${middle - 3}v6" class="interval"/>` +
    `<text x="${high + 5}" y="${baseline}" font-size="10" class="figure">${bar.share.toFixed(2)}</text>`
  );
}

/** @param {string} text */
function escapeXml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
