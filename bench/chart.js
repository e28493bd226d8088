/**
 * A group of bars.
 * @typedef {object} Panel
 * @property {string} title
 * @property {readonly { name: string, values: readonly number[] }[]} rows shares of 1, one per series
 */

const WIDTH = 760;
const NAME_WIDTH = 210;
const BAR_WIDTH = 480;
const BAR_HEIGHT = 11;
const ROW_HEIGHT = 2 * BAR_HEIGHT + 10;
const HEAD_HEIGHT = 34;
const LEGEND_HEIGHT = 34;
const COLORS = ['#31688e', '#a8c5da'];

/**
 * Draws shares as horizontal bars, one panel below the other.
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
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
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
  return `<rect x="${x}" y="12" width="12" height="12" fill="${COLORS[index]}"/><text x="${x + 18}" y="22" fill="#222222">${escapeXml(name)}</text>`;
}

/**
 * @param {Panel} panel
 * @param {number} top
 */
function drawPanel({ title, rows }, top) {
  const bars = rows.flatMap((row, index) => drawRow(row, top + HEAD_HEIGHT + index * ROW_HEIGHT));
  return [
    `<text x="8" y="${top + 22}" font-weight="bold" fill="#222222">${escapeXml(title)}</text>`,
    ...bars,
  ].join('\n');
}

/**
 * @param {Panel['rows'][number]} row
 * @param {number} top
 */
function drawRow({ name, values }, top) {
  const label = `<text x="${NAME_WIDTH - 8}" y="${top + BAR_HEIGHT + 4}" text-anchor="end" fill="#222222">${escapeXml(name)}</text>`;
  const bars = values.map((value, index) => {
    const y = top + index * (BAR_HEIGHT + 1);
    const width = Math.round(Math.min(value, 1.1) * BAR_WIDTH * 0.9);
    return (
      `<rect x="${NAME_WIDTH}" y="${y}" width="${width}" height="${BAR_HEIGHT}" fill="${COLORS[index]}"/>` +
      `<text x="${NAME_WIDTH + width + 5}" y="${y + BAR_HEIGHT - 1}" font-size="10" fill="#444444">${value.toFixed(2)}</text>`
    );
  });
  return [label, ...bars];
}

/** @param {string} text */
function escapeXml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
