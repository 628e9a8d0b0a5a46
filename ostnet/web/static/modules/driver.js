/** The driver: a camera, a clip or an example, frame by frame. */

import { button, element, input, press, say, unsay } from "./elements.js";
import { cameraWords, NO_CAMERA, WORDS } from "./words.js";

export class Driver {
  /**
   * @param {(camera: boolean) => void} onChange called when there is another driver
   * @param {import("./store.js").Store} store of the examples
   */
  constructor(onChange, store) {
    this.onChange = onChange;
    this.store = store;
    this.video = element("driver", HTMLVideoElement);
    this.examples = element("driver-examples", HTMLDivElement);
    /** @type {MediaStream | null} */
    this.stream = null;
    this.shown = -1;
    this.choices = 0; // number of choices so far; results of earlier ones are dropped
    this.canvas = new OffscreenCanvas(1, 1);
    button("camera").onclick = () => this.openCamera();
    const file = input("driver-file");
    file.onchange = () => {
      const [chosen] = file.files ?? [];
      file.value = "";
      if (chosen) this.open(chosen);
    };
    document.addEventListener("drop", (event) => {
      const [dropped] = event.dataTransfer?.files ?? [];
      if (dropped?.type.startsWith("video/")) this.open(dropped);
    });
  }

  /** @param {Blob} clip of the visitor */
  open(clip) {
    this.choices += 1;
    return this.#play(clip);
  }

  /** @param {string[]} addresses */
  offer(addresses) {
    for (const address of addresses) {
      const choice = document.createElement("button");
      choice.textContent = address.replace(/.*\/|\.\w+$/g, "").replaceAll("_", " ");
      choice.onclick = () => this.load(address, choice);
      this.examples.append(choice);
    }
  }

  /**
   * Play an example.
   *
   * @param {string} address
   * @param {HTMLElement | null} [choice] its button
   */
  async load(address, choice = this.examples.querySelector("button")) {
    const mine = ++this.choices;
    const clip = new Blob([await this.store.bytes(address)], { type: "video/mp4" });
    if (mine !== this.choices) return;
    await this.#play(clip);
    if (mine === this.choices) press(this.examples, choice);
  }

  /** @returns {Promise<boolean>} whether access was given */
  async openCamera() {
    if (!navigator.mediaDevices) {
      say(NO_CAMERA, "driver");
      return false;
    }
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "user", width: { ideal: 640 }, height: { ideal: 480 } } });
      this.choices += 1;
      this.#leave();
      this.stream = stream;
      this.video.srcObject = stream;
      await this.#opened();
      button("camera").setAttribute("aria-pressed", "true");
      if (this.video.videoHeight > this.video.videoWidth) say(WORDS.upright, "driver");
      else unsay("driver");
      return true;
    } catch (error) {
      say(cameraWords(error), "driver");
      return false;
    }
  }

  /** Time of the newest frame in seconds; a camera's time advances while it plays. */
  get time() {
    return this.video.currentTime;
  }

  get isCamera() {
    return this.stream !== null;
  }

  play() {
    return this.video.play().catch(() => {}); // another driver replaced it
  }

  pause() {
    this.video.pause();
  }

  /**
   * Return the newest frame; frames between the last one and this one are dropped.
   *
   * @param {boolean} [again] whether the last one may be returned again
   * @returns {Promise<ImageBitmap | null>} null if there is no new one
   */
  async grab(again = false) {
    const { video } = this;
    if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
    const newest = this.#newest;
    if (newest === this.shown && !again) return null;
    this.shown = newest;
    const { width, height } = this.canvas;
    if (width !== video.videoWidth || height !== video.videoHeight) {
      this.canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
    }
    this.canvas.getContext("2d")?.drawImage(video, 0, 0);
    return this.canvas.transferToImageBitmap();
  }

  /** Number or time that identifies a frame; a camera's clock advances between its frames. */
  get #newest() {
    const { video } = this;
    const counted = this.isCamera ? video.getVideoPlaybackQuality().totalVideoFrames : 0;
    return counted || video.currentTime; // not every browser counts a camera's frames
  }

  /** @param {Blob} clip */
  async #play(clip) {
    const mine = this.choices;
    this.#leave();
    this.video.src = URL.createObjectURL(clip);
    try {
      await this.#opened();
      if (mine === this.choices) unsay("driver");
    } catch {
      if (mine === this.choices) say(WORDS.noClip, "driver");
    }
  }

  async #opened() {
    const { video } = this;
    await new Promise((resolve, reject) => {
      video.onloadeddata = resolve;
      video.onerror = reject;
      video.play().catch(reject);
    });
    await this.#painted();
    if (!this.stream) video.pause();
    this.shown = -1;
    this.onChange(this.isCamera);
  }

  /** Wait for the first frame, at most a second: a hidden video has no picture before. */
  #painted() {
    return new Promise((resolve) => {
      setTimeout(resolve, 1000);
      this.video.requestVideoFrameCallback?.(resolve);
    });
  }

  #leave() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.video.srcObject = null;
    if (this.video.src) URL.revokeObjectURL(this.video.src);
    this.video.removeAttribute("src");
    press(this.examples, null);
    button("camera").setAttribute("aria-pressed", "false");
  }
}
