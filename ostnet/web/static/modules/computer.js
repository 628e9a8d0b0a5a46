/** The engine in use, which is replaced if the graphics card is lost. */

import { element, say } from "./elements.js";
import { Engine } from "./engine.js";
import { placeWords, WORDS } from "./words.js";

/** @typedef {import("./types.js").Backend} Backend */

export class Computer {
  /** @param {() => void} onChange called when another engine, without portrait, is in use */
  constructor(onChange) {
    this.onChange = onChange;
    const query = new URLSearchParams(location.search);
    const backend = query.get("backend");
    const threads = Number.parseInt(query.get("threads") ?? "", 10);
    this.engine = this.#make(
      backend === "wasm" || backend === "webgpu" ? backend : null, threads > 0 ? threads : null);
  }

  /**
   * @param {Backend | null} backend
   * @param {number | null} threads
   */
  #make(backend, threads) {
    const progress = element("progress", HTMLProgressElement);
    progress.hidden = false;
    const engine = new Engine(
      { backend, threads },
      (loaded, total) => (progress.value = loaded / total),
      () => this.#lost(threads),
    );
    engine.ready.then((place) => {
      progress.hidden = true;
      element("backend", HTMLSpanElement).textContent = placeWords(place);
      const framed = globalThis.top !== globalThis.self;
      const alone = place.backend === "wasm" && !globalThis.crossOriginIsolated;
      if (place.note) say(place.note, "", framed && alone ? WORDS.ownWindow : "");
    }, (error) => say(`The networks could not be loaded: ${error.message}`, "run"));
    return engine;
  }

  /** @param {number | null} threads */
  #lost(threads) {
    this.engine.close();
    this.engine = this.#make("wasm", threads);
    this.engine.ready.then(() => {
      say(WORDS.mostlyLost);
      this.onChange();
    }, () => {});
  }
}
