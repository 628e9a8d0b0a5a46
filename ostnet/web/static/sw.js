/**
 * Keeps the page for the next visit, so that it opens without a network, and isolates it, so that
 * the networks may use several threads on hosts that do not send the headers for it.
 */
importScripts("site.js");

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {any} */ (self));
/** @type {import("./modules/types.js").Site} */
const { version, files } = /** @type {any} */ (globalThis).ostnetSite;
const SCOPE = new URL("./", worker.location.href);
const PREFIX = `ostnet ${SCOPE.pathname} `;
const CACHE = PREFIX + version;
/** All files but the large ones, which the page's worker caches when it needs them. */
const SHELL = Object.keys(files).concat("site.js")
  .filter((name) => !/\.(wasm|onnx|mp4)$/.test(name) && name !== "sw.js");

worker.addEventListener("install", (event) => {
  const shell = SHELL.map((name) => new Request(new URL(name, SCOPE), { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(shell)));
});

worker.addEventListener("activate", (event) => {
  const forget = caches.keys().then((names) => Promise.all(
    names.filter((name) => name.startsWith(PREFIX) && name !== CACHE)
      .map((name) => caches.delete(name))));
  event.waitUntil(forget.then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || !address.href.startsWith(SCOPE.href)) return;
  event.respondWith(answer(event.request, address));
});

/**
 * @param {Request} request
 * @param {URL} address
 */
async function answer(request, address) {
  const name = address.pathname.slice(SCOPE.pathname.length) || "index.html";
  const cache = await caches.open(CACHE);
  const kept = await cache.match(new URL(name, SCOPE));
  const found = kept ?? (await fetch(request));
  if (!kept && found.status === 200 && name in files) {
    await cache.put(new URL(name, SCOPE), found.clone()).catch(() => {});
  }
  return isolated(found);
}

/** @param {Response} response */
function isolated(response) {
  if (response.status === 0 || response.redirected) return response;
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  const { status, statusText } = response;
  const empty = [101, 204, 205, 304].includes(status);
  return new Response(empty ? null : response.body, { status, statusText, headers });
}
