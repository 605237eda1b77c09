// Writing area on a canvas: strokes of a mouse, pen or finger, with undo, exported as an image cropped to the ink.

const PEN_WIDTH = 7; // pixels of the canvas
const MARGIN = 24;
const PAUSE = 250; // milliseconds without a new point until the ink is read

export class Ink {
  /** onChange: called with an image of the ink (a Blob), or with null if the canvas is empty. */
  constructor(canvas, onChange) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.onChange = onChange;
    this.strokes = [];
    for (const [event, handler] of [["pointerdown", this.begin], ["pointermove", this.move], ["pointerup", this.end],
      ["pointercancel", this.end]]) canvas.addEventListener(event, handler.bind(this));
    this.draw();
  }

  get empty() {
    return this.strokes.length === 0;
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
    context.strokeStyle = "#111";
    context.lineWidth = PEN_WIDTH;
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

  /** Crop the ink with a margin, at half the size of the canvas, which is the usual size of scanned words. */
  image() {
    const points = this.strokes.flat();
    const [xs, ys] = [points.map((p) => p[0]), points.map((p) => p[1])];
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
