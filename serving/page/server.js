// Requests to the server this page came from.

import { tokenHeaders } from "./token.js";

const SECONDS = 60;
const LONGEST_PAUSE = 5000;

/** The server does not know who asks. */
export class TokenWanted extends Error {
  constructor() {
    super("This server asks for a token.");
    this.isRefused = "Authorization" in tokenHeaders();
    if (this.isRefused) this.message = "The server does not take this token.";
  }
}

/** Gives [{name, description}], of the newest version of every model. */
export async function listModels() {
  let answer;
  try {
    answer = await fetch("accel/models.json", { headers: tokenHeaders() });
  } catch {
    throw new Error("The server does not answer. Is it still running?");
  }
  if (answer.status === 401) throw new TokenWanted();
  if (!answer.ok) {
    throw new Error("This server does not tell which models it has.");
  }
  const { models } = await answer.json();
  return Object.entries(models).map(([name, versions]) => {
    const newest = Math.max(...Object.keys(versions).map(Number));
    return { name, description: versions[newest] };
  });
}

/** Requests to one model. */
export class Requests {
  constructor(model, tell) {
    this.tell = tell;
    this.url = `v1/models/${encodeURIComponent(model)}:predict`;
  }

  /** Gives the answer's document; asks again while the server is busy. */
  async ask(body, signal) {
    for (let pause = 300; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      const answer = await this.post(body, signal);
      if (answer.status === 200) {
        this.tell("");
        return JSON.parse(answer.text);
      }
      if (!this.isRetried(answer)) {
        throw new Error(`The server says: ${saidIn(answer)}`);
      }
      await sleep(Math.max(pause, 1000 * (answer.retryAfter ?? 0)), signal);
    }
  }

  /** Whether an answer says to try again; tells why. */
  isRetried({ status }) {
    if (status === 429 || status === 503) {
      this.tell("The server is busy; trying again…");
      return true;
    }
    if (isLost(status)) {
      this.tell("The server does not answer; trying again…");
      return true;
    }
    return false;
  }

  async post(body, signal) {
    try {
      const answer = await fetch(this.url, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...tokenHeaders() },
        body,
        signal: AbortSignal.any([signal, AbortSignal.timeout(1000 * SECONDS)]),
      });
      if (answer.status === 401) throw new TokenWanted();
      const timing = answer.headers.get("Server-Timing") || "";
      const model = /\bmodel;dur=([\d.]+)/.exec(timing);
      return {
        status: answer.status,
        text: await answer.text(),
        retryAfter: Number(answer.headers.get("Retry-After")) || 0,
        modelMilliseconds: model ? Number(model[1]) : null,
      };
    } catch (error) {
      if (error.name === "TimeoutError") {
        throw new Error(`The server was silent for ${SECONDS} seconds.`);
      }
      if (signal.aborted || error instanceof TokenWanted) throw error;
      return { status: 0 };
    }
  }
}

/** One stream of frames; `send` must not be called before it has answered. */
export class Stream extends Requests {
  constructor(model, tell) {
    super(model, tell);
    this.id = randomId();
  }

  /**
   * Sends a frame, again if need be.
   *
   * When the connection fails, nobody knows whether the server has seen the
   * frame: then the stream begins anew with it, as a key frame.
   *
   * Gives {labels, isKey, sinceKey, milliseconds, modelMilliseconds, sent,
   * received}: labels are the bytes of a PNG file, modelMilliseconds is null
   * where the server does not tell, the last two count bytes.
   */
  async send(image, forceKey, signal) {
    const image64 = await base64(image);
    for (let pause = 300; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      const body = JSON.stringify({
        signature_name: "stream",
        inputs: {
          image_bytes: [{ b64: image64 }],
          stream_id: [this.id],
          force_key: [forceKey],
        },
      });
      const start = performance.now();
      const answer = await this.post(body, signal);
      const milliseconds = performance.now() - start;
      if (answer.status === 200) {
        this.tell("");
        const { outputs } = JSON.parse(answer.text);
        return {
          labels: bytesOf(outputs.label_png_bytes[0].b64),
          isKey: outputs.is_key[0],
          sinceKey: outputs.frames_since_key[0],
          milliseconds,
          modelMilliseconds: answer.modelMilliseconds,
          sent: body.length,
          received: answer.text.length,
        };
      }
      if (!this.isRetried(answer)) {
        throw new Error(`The server says: ${saidIn(answer)}`);
      }
      pause = Math.max(pause, 1000 * (answer.retryAfter ?? 0));
      await sleep(pause, signal);
      if (isLost(answer.status)) {
        forceKey = true;
        // A model without key frames begins anew only so.
        await this.post(this.closing(), signal);
      }
    }
  }

  /** Lets the server forget the stream; also while the page is left. */
  close() {
    // Not a beacon, which could not send the token.
    fetch(this.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...tokenHeaders() },
      body: this.closing(),
      keepalive: true,
    }).catch(() => {}); // Then it is forgotten later.
  }

  closing() {
    const inputs = { stream_id: [this.id] };
    return JSON.stringify({ signature_name: "close", inputs });
  }
}

/** Whether nobody knows if the server has taken a request. */
function isLost(status) {
  return [0, 502, 504].includes(status);
}

function randomId() {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  // As many bits as a number of JavaScript holds exactly.
  return (high & 0x1fffff) * 2 ** 32 + low;
}

export function base64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.split(",")[1]);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

function bytesOf(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function saidIn(answer) {
  try {
    return JSON.parse(answer.text).error;
  } catch {
    return `${answer.status}.`;
  }
}

function sleep(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", stop, { once: true });
  });
}
