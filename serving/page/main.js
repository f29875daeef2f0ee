// Sends the frames of a video or camera to the server, one at a time.

import { Clips, Window } from "./clips.js";
import { decodeLabels } from "./png.js";
import { Stream, TokenWanted, listModels } from "./server.js";
import { openCamera, openFile } from "./sources.js";
import { askForToken, onToken } from "./token.js";
import { History, Legend, Numbers, Picture, TopClasses } from "./view.js";

const WIDTHS = [256, 384, 512, 768, 1024, 1536, 2048];
const QUALITY = 0.95; // of the JPEG files that are sent
const RATES = { frames: 15, clips: 6 }; // taken per second of a file

const find = (id) => document.getElementById(id);
const picture = new Picture();
let models = {};
let run = null; // what goes on: {abort, stream, isPaused, resume, forceKey}

function tell(text, isError = false) {
  const message = find("message");
  if (message.textContent !== text) message.textContent = text;
  message.hidden = !text;
  message.classList.toggle("is-error", isError);
}

function tellError(error) {
  const isQuestion = error instanceof TokenWanted;
  tell(error.message, !isQuestion || error.isRefused);
  if (isQuestion) askForToken();
}

/** Whether a model classifies clips rather than pixels. */
function classifies(description) {
  return description.crop_size !== undefined;
}

/** Frames a second that are as far apart as those the model knows. */
function rateOfClips({ frame_step: step }) {
  return typeof step === "number"
    ? Math.min(60, Math.max(1, Math.round(30 / step)))
    : RATES.clips;
}

function chooseModel() {
  stop();
  const { description } = models[find("model").value];
  const isOfClips = classifies(description);
  document.body.classList.toggle("is-of-clips", isOfClips);
  find("rate").value = isOfClips ? rateOfClips(description) : RATES.frames;
  if (isOfClips) {
    new TopClasses();
    find("system").textContent =
      `${description.preset}, clips of ${description.frames} frames`;
    // The shorter side counts.
    chooseWidth(2 * description.crop_size);
    return;
  }
  const { class_names: names, palette, interval } = description;
  picture.setPalette(palette);
  new Legend(names, palette);
  const keys = description.uses_key_frames
    ? `a key frame every ${interval} frames`
    : "no key frames";
  find("system").textContent = `${description.preset}, ${keys}`;
  const [, expected] = description.warm_up_size ?? [0, 1024];
  chooseWidth(expected);
}

function chooseWidth(expected) {
  const distance = (width) => Math.abs(width - expected);
  const closest = WIDTHS.reduce((a, b) => (distance(b) < distance(a) ? b : a));
  find("width").value = closest;
}

async function start(open) {
  stop();
  tell("");
  const abort = new AbortController();
  const name = find("model").value;
  const { description } = models[name];
  const isOfClips = classifies(description);
  const stream = new (isOfClips ? Clips : Stream)(name, tell);
  const mine = { abort, stream, forceKey: false };
  run = mine;
  const work = isOfClips
    ? (source) => classifyAll(mine, source, description.frames)
    : (source) => segmentAll(mine, source, partsFor(description));
  showState();
  let source = null;
  try {
    source = await open();
    if (run === mine) await work(source);
  } catch (error) {
    if (!abort.signal.aborted) tellError(error);
  } finally {
    source?.close();
    mine.stream.close();
    if (run === mine) run = null;
    showState();
  }
}

function partsFor({ class_names: names, palette }) {
  return [new Legend(names, palette), new History(), new Numbers()];
}

/** Goes on to the next frame, after a pause where there is one. */
async function goOn(mine, source) {
  if (!(await source.next())) return false;
  const { signal } = mine.abort;
  while (mine.isPaused && !signal.aborted) {
    await new Promise((resolve) => (mine.resume = resolve));
  }
  signal.throwIfAborted();
  return true;
}

async function classifyAll(mine, source, frames) {
  const canvas = document.createElement("canvas");
  const { signal } = mine.abort;
  const top = new TopClasses();
  const window = new Window(frames);
  let count = 0;
  while (await goOn(mine, source)) {
    const clip = window.add(await grab(source.video, canvas));
    picture.showFrame(canvas);
    if (!clip) continue;
    const { classes, milliseconds } = await mine.stream.classify(clip, signal);
    signal.throwIfAborted();
    top.show(classes);
    count++;
    tell(`Clip ${count}: ${milliseconds.toFixed(0)} ms.`);
  }
  tell(
    count
      ? `The video has ended after ${count} clips.`
      : `The video has fewer than the ${frames} frames of a clip; take more ` +
          "frames per second.",
    !count,
  );
}

async function segmentAll(mine, source, [legend, history, numbers]) {
  const canvas = document.createElement("canvas");
  const { signal } = mine.abort;
  mine.numbers = numbers;
  let count = 0;
  while (await goOn(mine, source)) {
    const image = await grab(source.video, canvas);
    const { forceKey } = mine;
    mine.forceKey = false;
    const result = await mine.stream.send(image, forceKey, signal);
    const labels = await decodeLabels(result.labels);
    signal.throwIfAborted();
    picture.show(canvas, labels, result.isKey);
    legend.show(labels.data);
    history.add(result);
    numbers.add(result);
    count++;
  }
  tell(`The video has ended after ${count} frames.`);
}

/** Draws the current frame to the canvas; gives it as a JPEG file. */
function grab(video, canvas) {
  canvas.width = Math.min(find("width").value, video.videoWidth);
  const scale = canvas.width / video.videoWidth;
  canvas.height = Math.max(1, Math.round(video.videoHeight * scale));
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) =>
    canvas.toBlob(resolve, "image/jpeg", QUALITY),
  );
}

function stop() {
  run?.abort.abort();
  run?.resume?.();
  run = null;
}

function showState() {
  find("pause").disabled = find("key").disabled = !run;
  find("pause").textContent = run?.isPaused ? "Go on" : "Pause";
}

function pause() {
  run.isPaused = !run.isPaused;
  if (!run.isPaused) {
    run.numbers?.restartClock();
    run.resume?.();
  }
  showState();
}

async function prepare() {
  for (const width of WIDTHS) find("width").add(new Option(width));
  find("model").addEventListener("change", chooseModel);
  find("file").addEventListener("change", () => {
    const [file] = find("file").files;
    const rate = Number(find("rate").value) || 15;
    if (file) start(() => openFile(file, rate));
    find("file").value = ""; // so that the same file can be chosen again
  });
  find("camera").addEventListener("click", () => start(openCamera));
  find("pause").addEventListener("click", pause);
  find("key").addEventListener("click", () => (run.forceKey = true));
  addEventListener("pagehide", () => run?.stream.close());
  onToken(showModels);
  await showModels();
}

async function showModels() {
  tell("");
  try {
    const found = await listModels();
    if (!found.length) {
      throw new Error(
        "The server has no model of accel-tf export, which this page needs.",
      );
    }
    models = Object.fromEntries(found.map((each) => [each.name, each]));
    const before = find("model").value;
    find("model").replaceChildren(...found.map(({ name }) => new Option(name)));
    if (models[before]) find("model").value = before;
    for (const id of ["model", "file", "camera"]) find(id).disabled = false;
    chooseModel();
  } catch (error) {
    tellError(error);
  }
}

new Numbers();
prepare();
