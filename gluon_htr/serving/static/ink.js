// Writing on a canvas: strokes of a mouse, a pen or a finger, which can be undone, as a picture cut to the ink.

const WIDTH = 7; // of the pen, in pixels of the canvas
const MARGIN = 24;
const PAUSE = 250; // milliseconds without a new point until what is there is read

export class Ink {
  /** changed: called with a Blob of what is written, or with null where nothing is. */
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.changed = changed;
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
    this.announce();
  }

  clear() {
    this.strokes = [];
    this.draw();
    this.announce();
  }

  begin(event) {
    if (event.button !== 0 || this.pointer !== undefined) return;
    event.preventDefault();
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.strokes.push([this.place(event)]);
    this.draw();
  }

  move(event) {
    if (event.pointerId !== this.pointer) return;
    const events = event.getCoalescedEvents?.() ?? [];
    this.strokes.at(-1).push(...(events.length ? events : [event]).map((one) => this.place(one)));
    this.draw();
    this.announce();
  }

  end(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = undefined;
    this.announce();
  }

  place(event) {
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
    context.lineWidth = WIDTH;
    context.lineCap = context.lineJoin = "round";
    for (const [first, ...rest] of this.strokes) {
      context.beginPath();
      context.moveTo(...first);
      for (const point of rest.length ? rest : [first]) context.lineTo(...point);
      context.stroke();
    }
  }

  announce() {
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => this.changed(this.empty ? null : await this.picture()), this.empty ? 0 : PAUSE);
  }

  /** What is written, with a margin, half as large as the canvas: that is what is usual for scanned words. */
  picture() {
    const points = this.strokes.flat();
    const [xs, ys] = [points.map((p) => p[0]), points.map((p) => p[1])];
    const [left, top] = [Math.min(...xs) - MARGIN, Math.min(...ys) - MARGIN];
    const [width, height] = [Math.max(...xs) + MARGIN - left, Math.max(...ys) + MARGIN - top];
    const cut = new OffscreenCanvas(Math.ceil(width / 2), Math.ceil(height / 2));
    const context = cut.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, cut.width, cut.height);
    context.imageSmoothingQuality = "high";
    context.drawImage(this.canvas, left, top, width, height, 0, 0, cut.width, cut.height);
    return cut.convertToBlob({ type: "image/png" });
  }
}
