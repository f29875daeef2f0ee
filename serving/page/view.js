// What the page shows: the frame with its classes, numbers, the history.

const WINDOW = 30; // frames that the numbers are medians of
const BAR = 5; // pixels of a frame in the history
const IGNORE = 255; // label of pixels without a class

const find = (id) => document.getElementById(id);

/** The frame and, over it, the colours of its classes. */
export class Picture {
  constructor() {
    this.canvas = find("picture");
    this.frame = document.createElement("canvas");
    this.classes = document.createElement("canvas");
    find("opacity").addEventListener("input", () => this.draw());
  }

  setPalette(palette) {
    // Four bytes of a pixel at a time: red, green, blue, opacity.
    const bytes = new Uint8Array(256 * 4);
    palette.forEach((color, index) => bytes.set([...color, 255], 4 * index));
    bytes.fill(0, 4 * IGNORE);
    this.colors = new Uint32Array(bytes.buffer);
  }

  /** The frame alone, of a model that gives no classes of pixels. */
  showFrame(frame) {
    this.resize(frame);
    this.frame.getContext("2d").drawImage(frame, 0, 0);
    find("badge").hidden = true;
    find("empty").hidden = true;
    this.canvas.getContext("2d").drawImage(this.frame, 0, 0);
  }

  show(frame, labels, isKey) {
    const { width, height, data } = labels;
    if (width !== frame.width || height !== frame.height) {
      throw new Error(
        `The server's label map is ${width}×${height}, the frame ` +
          `${frame.width}×${frame.height}.`,
      );
    }
    this.resize(labels);
    this.frame.getContext("2d").drawImage(frame, 0, 0);
    const colored = new ImageData(width, height);
    const pixels = new Uint32Array(colored.data.buffer);
    for (let index = 0; index < data.length; index++) {
      pixels[index] = this.colors[data[index]];
    }
    this.classes.getContext("2d").putImageData(colored, 0, 0);
    find("badge").hidden = !isKey;
    find("empty").hidden = true;
    this.draw();
  }

  resize({ width, height }) {
    for (const canvas of [this.canvas, this.frame, this.classes]) {
      if (canvas.width !== width) canvas.width = width;
      if (canvas.height !== height) canvas.height = height;
    }
  }

  draw() {
    const context = this.canvas.getContext("2d");
    context.globalAlpha = 1;
    context.drawImage(this.frame, 0, 0);
    context.globalAlpha = find("opacity").value / 100;
    context.drawImage(this.classes, 0, 0);
  }
}

/** The classes and their share of the frame. */
export class Legend {
  constructor(names, palette) {
    this.items = names.map((name, index) => {
      const item = document.createElement("li");
      const swatch = document.createElement("i");
      swatch.style.background = `rgb(${palette[index].join(" ")})`;
      const text = document.createElement("span");
      text.textContent = name;
      item.append(swatch, text, document.createElement("b"));
      return item;
    });
    find("legend").replaceChildren(...this.items);
  }

  show(labels) {
    const counts = new Uint32Array(256);
    for (const label of labels) counts[label]++;
    this.items.forEach((item, index) => {
      const share = (100 * counts[index]) / labels.length;
      item.className = counts[index] ? "" : "is-absent";
      item.lastChild.textContent = counts[index] ? `${share.toFixed(1)} %` : "";
    });
  }
}

/** The likeliest classes of a clip, each with its share of certainty. */
export class TopClasses {
  constructor() {
    find("legend").replaceChildren();
  }

  show(classes) {
    const items = classes.map(({ name, probability }) => {
      const item = document.createElement("li");
      const text = document.createElement("span");
      text.textContent = name;
      const share = document.createElement("b");
      share.textContent = `${(100 * probability).toFixed(1)} %`;
      const bar = document.createElement("meter");
      bar.value = probability;
      item.append(text, share, bar);
      return item;
    });
    find("legend").replaceChildren(...items);
  }
}

/** A bar for every frame: how long it took, and whether it was a key frame. */
export class History {
  constructor() {
    this.canvas = find("history");
    this.frames = [];
    onresize = () => this.draw();
  }

  add(result) {
    this.frames.push(result);
    this.draw();
  }

  draw() {
    const scale = window.devicePixelRatio;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    this.canvas.width = width * scale;
    this.canvas.height = height * scale;
    const context = this.canvas.getContext("2d");
    context.scale(scale, scale);
    const style = getComputedStyle(document.documentElement);
    const shown = this.frames.slice(-Math.floor(width / BAR));
    this.frames = shown.slice();
    const times = shown.map((frame) => frame.milliseconds);
    times.sort((a, b) => a - b);
    // A single slow frame must not make all others invisible: it is cut off.
    const longest = 1.2 * (times[Math.floor(0.95 * times.length)] ?? 1);
    const top = 16;
    shown.forEach((frame, index) => {
      const share = Math.min(1, frame.milliseconds / longest);
      const bar = (height - top) * share;
      const kind = frame.isKey ? "--key" : "--follow";
      context.fillStyle = style.getPropertyValue(kind);
      const left = width - (shown.length - index) * BAR;
      context.fillRect(left, height - bar, BAR - 1, bar);
    });
    context.fillStyle = style.getPropertyValue("--faint");
    context.font = "12px system-ui, 'DejaVu Sans', sans-serif";
    if (shown.length) context.fillText(`${Math.round(longest)} ms`, 6, 12);
  }
}

/** Frames per second, milliseconds and bytes. */
export class Numbers {
  constructor() {
    this.recent = [];
    this.times = [];
    this.frames = 0;
    this.keyFrames = 0;
    this.draw();
  }

  add(result) {
    this.frames++;
    this.keyFrames += result.isKey;
    this.recent = [...this.recent.slice(1 - WINDOW), result];
    this.times = [...this.times.slice(-WINDOW), performance.now()];
    this.draw();
  }

  /** Forgets when the last frame was, as after a pause. */
  restartClock() {
    this.times = [];
  }

  draw() {
    const median = (field, isWanted = () => true) => {
      const values = this.recent
        .filter((each) => each[field] !== null && isWanted(each))
        .map((each) => each[field])
        .sort((a, b) => a - b);
      return values.length ? values[values.length >> 1] : null;
    };
    const seconds = (this.times.at(-1) - this.times[0]) / 1000;
    const rate = seconds > 0 ? (this.times.length - 1) / seconds : null;
    const rows = {
      "Frames per second": rate === null ? null : rate.toFixed(1),
      "Round trip, key frame": inMilliseconds(
        median("milliseconds", (each) => each.isKey),
      ),
      "Round trip, between": inMilliseconds(
        median("milliseconds", (each) => !each.isKey),
      ),
      "Model, key frame": inMilliseconds(
        median("modelMilliseconds", (each) => each.isKey),
      ),
      "Model, between": inMilliseconds(
        median("modelMilliseconds", (each) => !each.isKey),
      ),
      "Sent per frame": inKilobytes(median("sent")),
      "Received per frame": inKilobytes(median("received")),
      Frames: this.frames,
      "Key frames": this.keyFrames,
    };
    find("numbers").tBodies[0].replaceChildren(
      ...Object.entries(rows).map(([name, value]) => {
        const row = document.createElement("tr");
        row.insertCell().textContent = name;
        row.insertCell().textContent = value ?? "–";
        return row;
      }),
    );
  }
}

function inMilliseconds(value) {
  return value === null ? null : `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

function inKilobytes(value) {
  return value === null ? null : `${(value / 1000).toFixed(1)} kB`;
}
