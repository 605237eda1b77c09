// Images of lines, cut out of the scan as the recognizer saw them: `cut_straight` in gluon_htr/pages/crops.py.

const PAPER = 0.8; // of the pixels, by brightness: brighter than ink, darker than glare
const BENT = 0.12; // of the height: a baseline that rises and falls more is straightened
const STRIP = 2; // pixels: width of the strips that are shifted along a bent baseline

/** Compute the frame of a crop; outline and baseline: [[x, y], …] in pixels of the scan, angle in degrees, clockwise. */
export function frameOf({ outline, baseline, angle }) {
  const level = turned(outline, -angle);
  const [left, top] = [0, 1].map((k) => Math.floor(Math.min(...level.map((point) => point[k]))));
  const [width, height] = [[0, left], [1, top]].map(([k, start]) =>
    Math.max(1, Math.ceil(Math.max(...level.map((point) => point[k]))) - start));
  const frame = { left, top, width, height, angle, outline: level.map(([x, y]) => [x - left, y - top]), base: null };
  return straightened(frame, turned(baseline, -angle).map(([x, y]) => [x - left, y - top]));
}

/** Cut a line out of a scan (an image): a canvas. Pixels outside of the line become paper. */
export function crop(scan, frame) {
  const level = canvas(frame.width, frame.base ? frame.height + frame.rise : frame.height);
  const source = level.getContext("2d", { willReadFrequently: true });
  source.translate(-frame.left, -frame.top);
  source.rotate((-frame.angle * Math.PI) / 180);
  source.drawImage(scan, 0, 0);
  const cut = canvas(frame.width, frame.height);
  const target = cut.getContext("2d");
  target.fillStyle = `rgb(${Array(3).fill(paperOf(source, level)).join(" ")})`;
  target.fillRect(0, 0, cut.width, cut.height);
  if (frame.base)
    for (let x = 0; x < cut.width; x += STRIP)
      target.drawImage(level, x, shiftAt(frame.base, x + STRIP / 2), STRIP, cut.height, x, 0, STRIP, cut.height);
  else {
    target.beginPath();
    for (const point of frame.outline) target.lineTo(...point);
    target.clip();
    target.drawImage(level, 0, 0);
  }
  return cut;
}

/** Turn points clockwise around the corner of the scan; angle in degrees. */
function turned(points, angle) {
  const [cos, sin] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
  return points.map(([x, y]) => [x * cos - y * sin, x * sin + y * cos]);
}

function straightened(frame, baseline) {
  const base = baseline.toSorted((one, other) => one[0] - other[0]);
  const heights = base.map((point) => point[1]);
  const highest = Math.min(...heights);
  const rise = Math.max(...heights) - highest;
  if (base.length < 3 || rise < BENT * frame.height) return frame;
  const height = Math.max(1, Math.round(frame.height - rise));
  return { ...frame, height, rise, base: base.map(([x, y]) => [x, y - highest]) };
}

/** Interpolate how far down a column lies. The baseline is level beyond its ends. */
function shiftAt(base, x) {
  const next = base.findIndex((point) => point[0] >= x);
  if (next <= 0) return next < 0 ? base.at(-1)[1] : base[0][1];
  const [[x0, y0], [x1, y1]] = [base[next - 1], base[next]];
  return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}

/** Estimate the gray level of the paper. Pixels beyond the scan are transparent and do not count. */
function paperOf(context, { width, height }) {
  const { data } = context.getImageData(0, 0, width, height);
  const grays = data.filter((_, k) => k % 4 === 0 && data[k + 3] === 255).sort();
  return grays.length ? grays[Math.floor(PAPER * (grays.length - 1))] : 255;
}

function canvas(width, height) {
  return Object.assign(document.createElement("canvas"), { width, height });
}
