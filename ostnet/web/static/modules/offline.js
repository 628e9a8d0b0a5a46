/** Hands the page to the service worker, so that it opens again without a network. */

import { element, say } from "./elements.js";
import { WORDS } from "./words.js";

/** @param {import("./types.js").Place} place */
export async function keepForLater(place) {
  if (!("serviceWorker" in navigator)) return; // no https
  try {
    const first = !navigator.serviceWorker.controller;
    await navigator.serviceWorker.register("sw.js", { updateViaCache: "none" });
    await navigator.serviceWorker.ready;
    document.documentElement.dataset.offline = "ready";
    const alone = place.backend === "wasm" && !globalThis.crossOriginIsolated;
    if (first && alone && globalThis.top === globalThis.self) {
      say(`${element("notice", HTMLParagraphElement).textContent} ${WORDS.threads}`);
    }
  } catch {
    // without it the page works too, but needs a network
  }
}
