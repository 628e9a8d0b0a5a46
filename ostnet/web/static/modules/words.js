/** The page's messages about problems and limits. */

export const WORDS = {
  consent: "Tick the box below the portrait first: the person in it must agree.",
  consentInAddress: "Add &consent to the address of this page if the person in the portrait agrees.",
  noPicture: "The browser cannot read this picture; choose a JPEG, PNG or WebP file.",
  noFace: "No face was found in this picture. Set the square by hand.",
  noPaste: "There is no picture in the clipboard.",
  noClip: "This clip cannot be played here; choose an MP4 or WebM file.",
  upright: "The camera is upright: the middle square of its picture is used.",
  hidden: "Paused while this tab was in the background.",
  mostlyLost: "The graphics card stopped computing. The processor continues.",
  threads: "Reload this page; it may then use several threads.",
  smaller: "The smaller network is in use, which is faster and less exact.",
  ownWindow: "Open the page in its own window; it may use several threads there.",
  noRecorder: "This browser cannot record; a screen recorder can.",
  noFull: "This browser does not support full screen here.",
};

export const FLAWS = {
  side: "The face is seen from the side, which distorts the result; a picture from the front works " +
    "better.",
  half: "Much of the face is outside the picture, which distorts the result; a whole face works " +
    "better.",
};

/** @type {Record<string, string>} by the name of the browser's error */
const CAMERA = {
  NotAllowedError: "The camera is blocked. Allow it in the browser's address bar, or choose a clip.",
  NotFoundError: "No camera was found. Connect one, or choose a clip.",
  NotReadableError: "The camera is in use by another program. Close that, or choose a clip.",
};

/** @param {unknown} error of getUserMedia @returns {string} */
export function cameraWords(error) {
  const name = error instanceof Error ? error.name : "";
  return CAMERA[name] ?? "The camera could not be opened. Choose a clip instead.";
}

export const NO_CAMERA = "Browsers allow the camera only on https addresses; choose a clip instead.";

/** @param {import("./types.js").Place} place @returns {string} */
export function placeWords({ backend, threads }) {
  if (backend === "webgpu") return "Graphics card (WebGPU)";
  return `Processor (WebAssembly), ${threads} thread${threads === 1 ? "" : "s"}`;
}
