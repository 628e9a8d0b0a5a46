/** Large files: downloaded once, kept in the browser's cache, with progress. */

/**
 * @typedef {(loaded: number, total: number) => void} Progress bytes so far, and of all files
 */

export class Store {
  /**
   * @param {string} base address of the page's folder
   * @param {import("./types.js").Site} site
   * @param {Progress} [progress]
   */
  constructor(base, site, progress = () => {}) {
    this.base = base;
    this.site = site;
    this.progress = progress;
    this.loaded = 0;
    this.total = 0;
  }

  /**
   * @param {string[]} names that will be loaded
   */
  expect(names) {
    this.total = names.reduce((sum, name) => sum + (this.site.files[name] ?? 0), 0);
  }

  /**
   * @param {string} name below the page's folder
   * @returns {Promise<Uint8Array<ArrayBuffer>>}
   */
  async bytes(name) {
    const address = new URL(name, this.base).href;
    const cache = await openCache(this.base, this.site.version);
    const kept = await cache?.match(address);
    const answer = kept ?? (await fetch(address));
    if (!answer.ok || !answer.body) throw new Error(`${name}: the server answered ${answer.status}`);
    const content = await this.#read(answer.body);
    if (cache && !kept) {
      const headers = { "Content-Type": "application/octet-stream" };
      await cache.put(address, new Response(content, { headers })).catch(() => {}); // disk full
    }
    return content;
  }

  /** @param {ReadableStream<Uint8Array<ArrayBuffer>>} body */
  async #read(body) {
    const parts = [];
    const reader = body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      this.loaded += value.length;
      if (this.total) this.progress(this.loaded, this.total);
    }
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  }
}

/**
 * The cache of one export; null where the browser has none (no https).
 *
 * @param {string} base
 * @param {string} version
 */
function openCache(base, version) {
  if (!("caches" in globalThis)) return null;
  return caches.open(`ostnet ${new URL(base).pathname} ${version}`).catch(() => null);
}
