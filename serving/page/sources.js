// Where frames come from. A source has `video`, an element that shows the
// frame; `next()`, which goes to the next one and tells whether there is one;
// and `close()`.

const UNPLAYABLE =
  "This browser cannot play the file. Browsers play H.264, VP9 and AV1; " +
  "convert it with: ffmpeg -i IN.mp4 -c:v libx264 -pix_fmt yuv420p OUT.mp4";

/** Takes frames of a file one after the other, whatever time each needs. */
export async function openFile(file, framesPerSecond) {
  const url = URL.createObjectURL(file);
  const video = newVideo();
  video.src = url;
  const close = () => {
    video.removeAttribute("src");
    URL.revokeObjectURL(url);
  };
  try {
    await event(video, "loadeddata");
  } catch {
    close();
    throw new Error(UNPLAYABLE);
  }
  let count = 0;
  const next = async () => {
    // The middle of a frame: its edges are not exact.
    const time = (count++ + 0.5) / framesPerSecond;
    if (time >= video.duration) return false;
    video.currentTime = time;
    await event(video, "seeked");
    // The length of some recordings is known only at their end.
    return !video.ended;
  };
  return { video, next, close };
}

/** Takes whatever the camera shows when the frame before is done. */
export async function openCamera() {
  if (!navigator.mediaDevices) {
    throw new Error(
      "Browsers allow the camera on pages from this machine (localhost) or " +
        "over https only.",
    );
  }
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      video: { width: { ideal: 1280 } },
    });
  } catch (error) {
    throw new Error(
      error.name === "NotAllowedError"
        ? "The browser was not allowed to use the camera."
        : `There is no camera that can be used (${error.message}).`,
    );
  }
  const video = newVideo();
  video.srcObject = stream;
  await video.play();
  const next = async () => {
    if (!stream.active) throw new Error("The camera stopped.");
    await new Promise((resolve) => onNextFrame(video, resolve));
    return true;
  };
  const close = () => stream.getTracks().forEach((track) => track.stop());
  return { video, next, close };
}

function onNextFrame(video, call) {
  // Not all browsers tell when the camera has a new frame.
  if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(call);
  else requestAnimationFrame(call);
}

function newVideo() {
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.preload = "auto";
  return video;
}

function event(video, name) {
  return new Promise((resolve, reject) => {
    const end = (done) => (value) => {
      video.removeEventListener(name, succeed);
      video.removeEventListener("error", fail);
      done(value);
    };
    const succeed = end(resolve);
    const fail = end(() => reject(new Error(UNPLAYABLE)));
    video.addEventListener(name, succeed);
    video.addEventListener("error", fail);
  });
}
