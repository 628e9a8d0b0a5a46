/** The portrait: its source, and its square that is animated. */

import { canvasIn, drawing, element, input, press, say, unsay } from "./elements.js";
import { centreSquare, decode, fetchPicture } from "./pictures.js";
import { moved, sized } from "./square.js";
import { FLAWS, WORDS } from "./words.js";

/** @typedef {import("./types.js").Square} Square */

const WIDEST = 306;
const TALLEST = 300;

export class Portrait {
  /**
   * @param {() => void} onChange called when another square is to be animated
   * @param {(picture: ImageBitmap) => Promise<import("./types.js").Face | null>} find a face
   */
  constructor(onChange, find) {
    this.onChange = onChange;
    this.find = find;
    /** @type {ImageBitmap | null} */
    this.picture = null;
    this.square = centreSquare(1, 1);
    /** Whether it is the visitor's own picture, which needs its owner's consent. */
    this.own = false;
    this.around = element("portrait", HTMLDivElement);
    this.canvas = canvasIn(this.around);
    this.slider = input("square");
    this.examples = element("portrait-examples", HTMLDivElement);
    this.#listen();
  }

  /** @param {string[]} addresses */
  offer(addresses) {
    for (const address of addresses) {
      const choice = document.createElement("button");
      const name = address.replace(/.*\/|\.\w+$/g, "").replaceAll("_", " ");
      const picture = Object.assign(new Image(), { src: address, alt: `example: ${name}` });
      choice.append(picture);
      choice.onclick = () => this.load(address, choice);
      this.examples.append(choice);
    }
  }

  /**
   * Show an example.
   *
   * @param {string} address
   * @param {HTMLElement | null} [choice] its button
   */
  async load(address, choice = this.examples.querySelector("button")) {
    this.#show(await fetchPicture(address), false);
    press(this.examples, choice);
  }

  /** @param {string} address of the visitor's own picture */
  async fetch(address) {
    await fetchPicture(address).then((picture) => this.#show(picture, true),
      () => say(WORDS.noPicture, "portrait"));
  }

  /** @param {Blob | null | undefined} file */
  async open(file) {
    if (!file) return;
    try {
      this.#show(await decode(file), true);
    } catch {
      say(WORDS.noPicture, "portrait");
    }
  }

  /** @param {ImageBitmap} picture the visitor's own */
  take(picture) {
    this.#show(picture, true);
  }

  /**
   * @param {ImageBitmap} picture
   * @param {boolean} own
   */
  #show(picture, own) {
    unsay("portrait");
    this.picture?.close();
    this.picture = picture;
    this.own = own;
    this.square = centreSquare(picture.width, picture.height);
    this.slider.value = "100";
    press(this.examples, null);
    this.#changed();
    if (own) this.#frame(picture);
  }

  /**
   * Set the square around the face, unless the visitor has moved it meanwhile.
   *
   * @param {ImageBitmap} picture
   */
  async #frame(picture) {
    const { square } = this;
    const unknown = { square, flaw: /** @type {import("./types.js").Flaw} */ ("") };
    const found = await this.find(await createImageBitmap(picture)).catch(() => unknown);
    if (this.picture !== picture || this.square !== square) return;
    if (!found) return say(WORDS.noFace, "portrait");
    if (found.flaw) say(FLAWS[found.flaw], "portrait");
    this.square = found.square;
    this.#showSize();
    this.#changed();
  }

  #changed() {
    this.#draw();
    this.onChange();
  }

  /** Draw the picture, darker outside the square. */
  #draw() {
    const { canvas, picture, square } = this;
    if (!picture) return;
    const scale = Math.min(WIDEST / picture.width, TALLEST / picture.height);
    const fine = Math.min(devicePixelRatio || 1, 2);
    canvas.width = Math.round(picture.width * scale * fine);
    canvas.height = Math.round(picture.height * scale * fine);
    canvas.style.width = `${canvas.width / fine}px`;
    const context = drawing(canvas);
    canvas.ariaDescription = `${square.side} pixels, from ${square.left}, ${square.top} on`;
    context.scale(scale * fine, scale * fine);
    context.drawImage(picture, 0, 0);
    context.fillStyle = "rgb(0 0 0 / .55)";
    context.beginPath();
    context.rect(0, 0, picture.width, picture.height);
    context.rect(square.left, square.top, square.side, square.side);
    context.fill("evenodd");
    context.lineWidth = 2 / scale;
    context.strokeStyle = "#2dd4bf";
    context.strokeRect(square.left, square.top, square.side, square.side);
  }

  /**
   * @param {number} dx in pixels of the picture
   * @param {number} dy
   */
  #move(dx, dy) {
    if (!this.picture) return;
    this.square = moved(this.square, dx, dy, this.picture);
    this.#changed();
  }

  /** @param {number} share of the picture's shorter side */
  #size(share) {
    if (!this.picture) return;
    this.square = sized(this.square, share, this.picture);
    this.#showSize();
    this.#changed();
  }

  #showSize() {
    if (!this.picture) return;
    const shorter = Math.min(this.picture.width, this.picture.height);
    this.slider.value = String(Math.round((100 * this.square.side) / shorter));
  }

  #listen() {
    const { canvas, slider, around } = this;
    const share = () => Number(slider.value) / 100;
    slider.oninput = () => this.#size(share());
    canvas.onwheel = (event) => {
      event.preventDefault();
      this.#size(share() * Math.exp(event.deltaY / 500));
    };
    canvas.onpointerdown = (event) => canvas.setPointerCapture(event.pointerId);
    canvas.onpointermove = (event) => {
      if (!canvas.hasPointerCapture(event.pointerId) || !this.picture) return;
      const scale = this.picture.width / canvas.clientWidth;
      this.#move(event.movementX * scale, event.movementY * scale);
    };
    canvas.onkeydown = (event) => {
      const step = Math.max(1, Math.round(this.square.side / 50));
      const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1],
        ArrowDown: [0, 1] }[event.key] ?? [0, 0];
      if (dx || dy) this.#move(dx * step, dy * step);
      else if (event.key === "+") this.#size(share() * 1.05);
      else if (event.key === "-") this.#size(share() / 1.05);
      else return;
      event.preventDefault();
    };
    const file = input("portrait-file");
    file.onchange = () => {
      this.open(file.files?.[0]);
      file.value = "";
    };
    document.addEventListener("dragover", (event) => {
      event.preventDefault();
      around.classList.add("over");
    });
    document.addEventListener("dragleave", () => around.classList.remove("over"));
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      around.classList.remove("over");
      const [dropped] = event.dataTransfer?.files ?? [];
      if (dropped && !dropped.type.startsWith("video/")) this.open(dropped); // clips drive
    });
    document.addEventListener("paste", (event) => {
      const [pasted] = event.clipboardData?.files ?? [];
      if (pasted) this.open(pasted);
      else say(WORDS.noPaste, "portrait");
    });
    element("paste", HTMLButtonElement).onclick = () => this.#paste();
  }

  async #paste() {
    try {
      for (const item of await navigator.clipboard.read()) {
        const kind = item.types.find((type) => type.startsWith("image/"));
        if (kind) return await this.open(await item.getType(kind));
      }
      say(WORDS.noPaste, "portrait");
    } catch {
      say(WORDS.noPaste, "portrait");
    }
  }
}
