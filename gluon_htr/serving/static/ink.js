// Writing area on a canvas: strokes of a mouse, pen or finger, with undo, exported as an image cropped to the ink. The area is
// a strip for lines, or a square for a single character.

const SHAPES = { line: { width: 1440, pen: 7 }, character: { width: 480, pen: 16 } }; // pixels of the canvas
const MARGIN = 24;
const SIDE = 112; // pixels of the image of a character
const PEN_SHARE = 0.1; // of a character's size: as wide as a pen is in EMNIST, however large somebody draws
const SMALLEST = 40; // pixels of the canvas: a smaller drawing is a dot or a slip
const PAUSE = 250; // milliseconds without a new point until the ink is read

export class Ink {
  /** onChange: called with an image of the ink (a Blob), or with null if the canvas is empty. */
  constructor(canvas, onChange) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.onChange = onChange;
    this.strokes = [];
    this.shape = "line";
    for (const [event, handler] of [["pointerdown", this.begin], ["pointermove", this.move], ["pointerup", this.end],
      ["pointercancel", this.end]]) canvas.addEventListener(event, handler.bind(this));
    this.draw();
  }

  get empty() {
    return this.strokes.length === 0;
  }

  /** Change to a strip for a `line` or a square for a `character`; what is written is deleted. */
  reshape(shape) {
    this.shape = shape;
    this.canvas.width = SHAPES[shape].width;
    if (this.empty) this.draw();
    else this.clear();
  }

  undo() {
    this.strokes.pop();
    this.draw();
    this.notify();
  }

  clear() {
    this.strokes = [];
    this.draw();
    this.notify();
  }

  begin(event) {
    if (event.button !== 0 || this.pointer !== undefined) return;
    event.preventDefault();
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.strokes.push([this.position(event)]);
    this.draw();
  }

  move(event) {
    if (event.pointerId !== this.pointer) return;
    const events = event.getCoalescedEvents?.() ?? [];
    this.strokes.at(-1).push(...(events.length ? events : [event]).map((point) => this.position(point)));
    this.draw();
    this.notify();
  }

  end(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = undefined;
    this.notify();
  }

  position(event) {
    const box = this.canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * this.canvas.width,
      ((event.clientY - box.top) / box.height) * this.canvas.height,
    ];
  }

  draw() {
    const { context, canvas } = this;
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    this.drawStrokes(context, SHAPES[this.shape].pen);
  }

  drawStrokes(context, pen) {
    context.strokeStyle = "#111";
    context.lineWidth = pen;
    context.lineCap = context.lineJoin = "round";
    for (const [first, ...rest] of this.strokes) {
      context.beginPath();
      context.moveTo(...first);
      for (const point of rest.length ? rest : [first]) context.lineTo(...point);
      context.stroke();
    }
  }

  notify() {
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => this.onChange(this.empty ? null : await this.image()), this.empty ? 0 : PAUSE);
  }

  image() {
    const points = this.strokes.flat();
    const [xs, ys] = [points.map((p) => p[0]), points.map((p) => p[1])];
    return this.shape === "character" ? this.imageOfCharacter(xs, ys) : this.imageOfLine(xs, ys);
  }

  /** Draw the strokes again in the middle of a square, with a pen as wide as the networks know it. */
  imageOfCharacter(xs, ys) {
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const size = Math.max(right - left, bottom - top, SMALLEST);
    const scale = (0.7 * SIDE) / size;
    const drawn = new OffscreenCanvas(SIDE, SIDE);
    const context = drawn.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, SIDE, SIDE);
    context.setTransform(scale, 0, 0, scale, (SIDE - scale * (left + right)) / 2, (SIDE - scale * (top + bottom)) / 2);
    this.drawStrokes(context, PEN_SHARE * size);
    return drawn.convertToBlob({ type: "image/png" });
  }

  /** Crop the ink with a margin, at half the size of the canvas, which is the usual size of scanned words. */
  imageOfLine(xs, ys) {
    const [left, top] = [Math.min(...xs) - MARGIN, Math.min(...ys) - MARGIN];
    const [width, height] = [Math.max(...xs) + MARGIN - left, Math.max(...ys) + MARGIN - top];
    const cropped = new OffscreenCanvas(Math.ceil(width / 2), Math.ceil(height / 2));
    const context = cropped.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, cropped.width, cropped.height);
    context.imageSmoothingQuality = "high";
    context.drawImage(this.canvas, left, top, width, height, 0, 0, cropped.width, cropped.height);
    return cropped.convertToBlob({ type: "image/png" });
  }
}
