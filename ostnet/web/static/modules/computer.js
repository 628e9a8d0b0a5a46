/** The engine in use, which is replaced if the graphics card is lost or another network is chosen. */

import { element, say } from "./elements.js";
import { Engine } from "./engine.js";
import { placeWords, WORDS } from "./words.js";

/**
 * @typedef {import("./types.js").Backend} Backend
 * @typedef {import("./types.js").Place} Place
 */

/** Key of the browser's storage for the network that was chosen last. */
const CHOSEN = "ostnet network";

export class Computer {
  /**
   * @param {() => void} onChange called when another engine, without portrait, is in use
   * @param {import("./types.js").Site["networks"]} networks from large to small
   */
  constructor(onChange, networks) {
    this.onChange = onChange;
    this.networks = networks;
    const query = new URLSearchParams(location.search);
    const backend = query.get("backend");
    const threads = Number.parseInt(query.get("threads") ?? "", 10);
    /** @type {Backend | null} */
    this.backend = backend === "wasm" || backend === "webgpu" ? backend : null;
    this.threads = threads > 0 ? threads : null;
    this.network = query.get("network") ?? remembered();
    this.select = element("network", HTMLSelectElement);
    this.select.append(...networks.map(({ id, name }) => new Option(name, id)));
    this.select.onchange = () => {
      remember(this.select.value);
      this.use(this.select.value);
    };
    this.engine = this.#make();
  }

  /**
   * Load another network.
   *
   * @param {string} network its id
   */
  use(network) {
    this.network = network;
    return this.#replace();
  }

  #make() {
    const { backend, threads, network } = this;
    const progress = element("progress", HTMLProgressElement);
    progress.hidden = false;
    const engine = new Engine(
      { backend, threads, network },
      (loaded, total) => (progress.value = loaded / total),
      () => this.#lost(),
    );
    engine.ready.then((place) => {
      progress.hidden = true;
      this.#show(place);
    }, (error) => {
      if (engine === this.engine) say(`The networks could not be loaded: ${error.message}`, "run");
    });
    return engine;
  }

  /** @param {Place} place */
  #show(place) {
    element("backend", HTMLSpanElement).textContent = placeWords(place);
    this.select.labels[0].hidden = this.networks.length < 2;
    this.select.value = place.network;
    const [largest] = this.networks;
    const smaller = this.network !== place.network && place.network !== largest.id;
    const words = [place.note, smaller ? WORDS.smaller : ""].filter(Boolean).join(" ");
    const framed = globalThis.top !== globalThis.self;
    const alone = place.backend === "wasm" && !globalThis.crossOriginIsolated;
    if (words) say(words, "", framed && alone ? WORDS.ownWindow : "");
  }

  #replace() {
    this.engine.close();
    this.engine = this.#make();
    this.engine.ready.then(() => this.onChange(), () => {});
    return this.engine;
  }

  #lost() {
    this.backend = "wasm";
    this.#replace().ready.then(() => say(WORDS.mostlyLost), () => {});
  }
}

/** @returns {string | null} */
function remembered() {
  try {
    return localStorage.getItem(CHOSEN);
  } catch {
    return null; // this browser keeps nothing
  }
}

/** @param {string} network */
function remember(network) {
  try {
    localStorage.setItem(CHOSEN, network);
  } catch {
    // this browser keeps nothing
  }
}
