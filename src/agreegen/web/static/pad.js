"use strict";
// A pad to sign on: x, y, pressure and time of every point, by finger, pen or mouse. It only draws and remembers;
// whether that is a signature is decided by the server, too.
class Pad {
  static LEAST_POINTS = 8;
  static LEAST_SPAN = 0.1;
  static LEAST_LENGTH = 0.2;
  static MOST_POINTS = 11000;

  constructor(canvas, changed) {
    this.canvas = canvas;
    this.changed = changed;
    this.strokes = [];
    this.pointer = "";
    this.active = null;
    this.began = 0;
    for (const [name, act] of [
      ["pointerdown", this.begin],
      ["pointermove", this.go],
      ["pointerup", this.end],
      ["pointercancel", this.end],
    ]) {
      canvas.addEventListener(name, act.bind(this));
    }
    // A browser that scrolls or selects while somebody writes spoils the signature.
    for (const name of ["touchstart", "touchmove", "contextmenu", "selectstart"]) {
      canvas.addEventListener(name, (event) => event.preventDefault(), { passive: false });
    }
    new ResizeObserver(() => this.fit()).observe(canvas);
    this.fit();
  }

  get width() { return Math.round(this.canvas.clientWidth * 10); }
  get height() { return Math.round(this.canvas.clientHeight * 10); }
  get points() { return this.strokes.reduce((sum, stroke) => sum + stroke.length, 0); }

  fit() {
    const ratio = window.devicePixelRatio || 1;
    const [wide, high] = [this.canvas.clientWidth * ratio, this.canvas.clientHeight * ratio].map(Math.round);
    if (!wide || (this.canvas.width === wide && this.canvas.height === high)) {
      return;
    }
    this.canvas.width = wide;
    this.canvas.height = high;
    this.clear(); // what was drawn on a pad of another size no longer fits it
  }

  clear() {
    this.strokes = [];
    this.active = null;
    this.began = 0;
    const pen = this.canvas.getContext("2d");
    const ratio = window.devicePixelRatio || 1;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, this.canvas.clientWidth, this.canvas.clientHeight);
    pen.strokeStyle = "#10183c";
    pen.fillStyle = "#10183c";
    pen.lineCap = "round";
    pen.lineJoin = "round";
    this.changed(false);
  }

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    const within = (value, most) => Math.min(Math.max(Math.round(value * 10), 0), most);
    const pressure = Math.round(Math.min(Math.max(event.pressure, 0), 1) * 1000);
    const time = Math.max(0, Math.round(event.timeStamp - this.began));
    const left = this.canvas.clientLeft, top = this.canvas.clientTop;
    return [
      within(event.clientX - box.left - left, this.width),
      within(event.clientY - box.top - top, this.height),
      pressure,
      time,
    ];
  }

  begin(event) {
    if (this.active !== null || !event.isPrimary || event.button > 0) {
      return;
    }
    event.preventDefault();
    this.began = this.began || event.timeStamp;
    this.active = event.pointerId;
    this.pointer = this.pointer || event.pointerType;
    try {
      this.canvas.setPointerCapture(event.pointerId);
    } catch {
      // A pointer that has left meanwhile draws only what it has drawn.
    }
    this.strokes.push([]);
    this.add(event);
  }

  go(event) {
    if (event.pointerId !== this.active) {
      return;
    }
    event.preventDefault();
    const parts = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    for (const part of parts.length ? parts : [event]) {
      this.add(part);
    }
  }

  end(event) {
    if (event.pointerId === this.active) {
      this.active = null;
      this.changed(this.isSignature());
    }
  }

  add(event) {
    const stroke = this.strokes[this.strokes.length - 1];
    const point = this.point(event);
    const last = stroke[stroke.length - 1];
    if (this.points >= Pad.MOST_POINTS || (last && last[0] === point[0] && last[1] === point[1])) {
      return;
    }
    const newest = last || this.strokes.flat().pop();
    point[3] = Math.max(point[3], newest ? newest[3] : 0); // coalesced events may come late
    stroke.push(point);
    this.draw(last || point, point);
  }

  draw(from, to) {
    const pen = this.canvas.getContext("2d");
    pen.lineWidth = 1.6 + 2.6 * ((from[2] + to[2]) / 2000);
    pen.beginPath();
    pen.moveTo(from[0] / 10, from[1] / 10);
    pen.lineTo(to[0] / 10, to[1] / 10 + (from === to ? 0.1 : 0));
    pen.stroke();
  }

  isSignature() {
    const points = this.strokes.flat();
    const span = (axis) => Math.max(...points.map((p) => p[axis])) - Math.min(...points.map((p) => p[axis]));
    let length = 0;
    for (const stroke of this.strokes) {
      for (let n = 1; n < stroke.length; n += 1) {
        length += Math.hypot(stroke[n][0] - stroke[n - 1][0], stroke[n][1] - stroke[n - 1][1]);
      }
    }
    return points.length >= Pad.LEAST_POINTS
      && Math.hypot(span(0), span(1)) >= Pad.LEAST_SPAN * this.width
      && length >= Pad.LEAST_LENGTH * this.width;
  }

  toJson() {
    return JSON.stringify({ width: this.width, height: this.height, strokes: this.strokes });
  }
}
