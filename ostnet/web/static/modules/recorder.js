/** Records the results to a file, each picture marked as generated. */

import { button, drawing, element, say } from "./elements.js";
import { WORDS } from "./words.js";

const MARK = "AI-generated";
const SIDE = 512;
const KINDS = ["video/mp4;codecs=avc1.42E01E", "video/webm;codecs=vp9", "video/webm;codecs=vp8"];

export class Recorder {
  constructor() {
    this.button = button("record");
    this.around = element("recording", HTMLDivElement);
    this.canvas = document.createElement("canvas");
    this.canvas.width = this.canvas.height = SIDE;
    /** @type {MediaRecorder | null} */
    this.recorder = null;
    this.button.onclick = () => (this.recorder ? this.stop() : this.#start());
  }

  /** @param {HTMLCanvasElement} result the newest picture */
  add(result) {
    if (!this.recorder) return;
    const context = drawing(this.canvas);
    context.imageSmoothingQuality = "high";
    context.drawImage(result, 0, 0, SIDE, SIDE);
    context.font = "600 20px system-ui, sans-serif";
    const width = context.measureText(MARK).width;
    context.fillStyle = "rgb(0 0 0 / .55)";
    context.fillRect(10, SIDE - 42, width + 20, 32);
    context.fillStyle = "white";
    context.fillText(MARK, 20, SIDE - 19);
  }

  stop() {
    this.recorder?.stop();
  }

  #start() {
    const kind = globalThis.MediaRecorder && KINDS.find((it) => MediaRecorder.isTypeSupported(it));
    if (!kind) return say(WORDS.noRecorder);
    const recorder = new MediaRecorder(this.canvas.captureStream(30), {
      mimeType: kind, videoBitsPerSecond: 2_500_000 });
    /** @type {Blob[]} */
    const parts = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    recorder.onstop = () => {
      this.recorder = null;
      this.#label();
      this.#offer(new Blob(parts, { type: kind.split(";")[0] }));
    };
    this.recorder = recorder;
    recorder.start(1000);
    this.#label();
  }

  #label() {
    this.button.textContent = this.recorder ? "Stop recording" : "Record";
    this.button.setAttribute("aria-pressed", String(this.recorder !== null));
  }

  /** @param {Blob} file */
  #offer(file) {
    const [video, link] = [this.around.querySelector("video"), this.around.querySelector("a")];
    if (!video || !link) return;
    if (video.src) URL.revokeObjectURL(video.src);
    video.src = link.href = URL.createObjectURL(file);
    link.download = `ostnet.${file.type.split("/")[1]}`;
    this.around.hidden = false;
  }
}
