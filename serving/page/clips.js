// Clips of the frames of a video or camera, and the classes of each.

import { Requests, base64 } from "./server.js";

const TOP = 5;

/** The last frames of a video, as many as the model takes. */
export class Window {
  constructor(frames) {
    this.frames = frames;
    this.images = [];
    this.since = 0; // frames since the last clip
  }

  /** Takes a frame; gives the images of a clip if one is due, else null. */
  add(image) {
    this.images = [...this.images.slice(1 - this.frames), image];
    this.since++;
    const isFull = this.images.length === this.frames;
    if (!isFull || this.since < this.frames / 2) return null;
    this.since = 0;
    return this.images;
  }
}

/** Asks a served classifier for the likeliest classes of clips. */
export class Clips extends Requests {
  /** Gives [{name, probability}], the likeliest first, and milliseconds. */
  async classify(images, signal) {
    const encoded = await Promise.all(images.map(base64));
    const body = JSON.stringify({
      signature_name: "classify",
      inputs: {
        image_bytes: [encoded.map((b64) => ({ b64 }))],
        top: [TOP],
      },
    });
    const start = performance.now();
    const { outputs } = await this.ask(body, signal);
    const [names] = outputs.class_names;
    const [probabilities] = outputs.probabilities;
    return {
      classes: names.map((name, index) => ({
        name,
        probability: probabilities[index],
      })),
      milliseconds: performance.now() - start,
    };
  }

  close() {} // The server keeps nothing of clips.
}
