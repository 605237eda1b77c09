// Crops of lines from the image of a page: level bands along the baselines, as the server cuts them to read them.

const ABOVE = 0.75; // of the distance between baselines: how far letters reach at most
const BELOW = 0.3;
const HIGHEST = 1.7; // times as far as the outline of a found line: where the highest letters reach (pages/outlines.py)
const LOWEST = 2.0;
const ALIKE = 1.5; // times the usual height, or its inverse: other lines keep the height of their own outline

/** Crop a line (a Blob, PNG). image: an img element with the page. */
export async function cropLine(image, page, line) {
  await image.decode(); // it may have been given its source a moment ago
  const { angle, left, right, top, bottom } = band(page, line);
  const scale = image.naturalWidth / page.width;
  const canvas = new OffscreenCanvas(Math.max(1, Math.ceil((right - left) * scale)), Math.max(1, Math.ceil((bottom - top) * scale)));
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.translate(-left * scale, -top * scale);
  context.rotate(-angle);
  context.drawImage(image, 0, 0);
  return canvas.convertToBlob({ type: "image/png" });
}

/** The place of a line once the page is turned by -angle: its outline, made as high as the lines of the page usually are. */
function band(page, line) {
  const own = level(page, line);
  const lines = page.regions.flatMap((region) => region.lines).map((other) => level(page, other));
  const [above, below] = [median(lines.map((place) => place.above)), median(lines.map((place) => place.below))];
  const distance = lineDistance(lines);
  const ratio = (own.above + own.below) / (above + below);
  const usual = ratio <= ALIKE && ratio >= 1 / ALIKE;
  const [up, down] = usual ? [Math.min(above, ABOVE * distance), Math.min(below, BELOW * distance)] : [own.above, own.below];
  const bent = usual ? own.bend : 0;
  return { ...own, top: own.base - Math.max(up, 1) - bent, bottom: own.base + Math.max(down, 1) + bent };
}

/** The extent of a line once it is level: how far it reaches to either side of its baseline, and how much that bends. */
function level(page, line) {
  const angle = slope(page, line.baseline);
  const base = line.baseline.map((point) => turned(point, -angle)[1]);
  const polygon = line.polygon.map((point) => turned(point, -angle));
  const [xs, ys] = [polygon.map((point) => point[0]), polygon.map((point) => point[1])];
  const middle = base.reduce((sum, y) => sum + y, 0) / base.length;
  return {
    angle, base: middle, bend: (Math.max(...base) - Math.min(...base)) / 2, left: Math.min(...xs), right: Math.max(...xs),
    above: HIGHEST * (middle - Math.min(...ys)), below: LOWEST * (Math.max(...ys) - middle),
  };
}

/** The angle of a baseline, clockwise. One from right to left is Hebrew or Arabic, unless the page itself is turned. */
function slope(page, baseline) {
  const [[x0, y0], [x1, y1]] = [baseline[0], baseline.at(-1)];
  const orientation = (page.orientation * Math.PI) / 180;
  const upright = Math.atan2(Math.sin(Math.atan2(y1 - y0, x1 - x0) + orientation), Math.cos(Math.atan2(y1 - y0, x1 - x0) + orientation));
  return (Math.abs(upright) > 0.75 * Math.PI ? upright - Math.sign(upright) * Math.PI : upright) - orientation;
}

/** The usual distance from a baseline to the next one below it. */
function lineDistance(lines) {
  const distances = lines.map((line) => Math.min(...lines
    .filter((other) => other.left < line.right && other.right > line.left && other.base > line.base + 1)
    .map((other) => other.base - line.base))).filter(Number.isFinite);
  return distances.length ? median(distances) : Infinity;
}

function turned([x, y], angle) {
  return [x * Math.cos(angle) - y * Math.sin(angle), x * Math.sin(angle) + y * Math.cos(angle)];
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
