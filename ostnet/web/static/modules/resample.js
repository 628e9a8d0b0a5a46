/**
 * Pictures at another size, by the same filters as the Python package, so that the networks see
 * the same pixels: torch's anti-aliased bilinear filter, and the box filter of the driver's zoom.
 */

/**
 * Weights of one axis: output i is the sum over k of weights[i * taps + k] * input[starts[i] + k].
 *
 * @typedef {{starts: Int32Array, taps: number, weights: Float32Array}} Bands
 */

/**
 * @param {number} inputs
 * @param {number} outputs
 * @returns {Bands} torch's interpolate(mode="bilinear", antialias=True)
 */
export function triangle(inputs, outputs) {
  const step = inputs / outputs;
  const reach = Math.max(step, 1);
  return bands(inputs, outputs, Math.ceil(2 * reach) + 2, (output) => {
    const centre = step * (output + 0.5);
    const first = Math.max(Math.trunc(centre - reach + 0.5), 0);
    const end = Math.min(Math.trunc(centre + reach + 0.5), inputs);
    return [first, end, (input) => 1 - Math.abs((input - centre + 0.5) / reach)];
  });
}

/**
 * @param {number} size
 * @param {number} zoom above 0; the content becomes so many times as large about the centre
 * @returns {Bands} each output pixel is the mean over a box, edge pixels reaching to infinity
 */
export function box(size, zoom) {
  const middle = (size - 1) / 2;
  const width = Math.max(1 / zoom, 1);
  return bands(size, size, Math.ceil(width) + 3, (output) => {
    const position = (output - middle) / zoom + middle;
    /** @param {number} edge */
    const below = (edge) => Math.min(Math.max((edge - position) / width + 0.5, 0), 1);
    const first = clamp(Math.floor(position - width / 2), size);
    const last = clamp(Math.ceil(position + width / 2), size);
    return [first, last + 1, (input) =>
      (input === size - 1 ? 1 : below(input + 0.5)) - (input === 0 ? 0 : below(input - 0.5))];
  });
}

/**
 * Return a picture at another size.
 *
 * @param {ArrayLike<number>} pixels
 * @param {number} height
 * @param {number} width
 * @param {number} pixelStep from one pixel to the next
 * @param {number} channelStep from one channel of a pixel to the next
 * @param {Bands} down
 * @param {Bands} across
 * @returns {Float32Array} (3, rows, columns)
 */
export function apply(pixels, height, width, pixelStep, channelStep, down, across) {
  const rows = down.starts.length;
  const columns = across.starts.length;
  const narrow = new Float32Array(height * columns);
  const made = new Float32Array(3 * rows * columns);
  for (let channel = 0; channel < 3; channel++) {
    for (let y = 0; y < height; y++) {
      const line = y * width * pixelStep + channel * channelStep;
      for (let x = 0; x < columns; x++) {
        let sum = 0;
        let at = line + across.starts[x] * pixelStep;
        for (let k = x * across.taps; k < (x + 1) * across.taps; k++, at += pixelStep) {
          sum += across.weights[k] * pixels[at];
        }
        narrow[y * columns + x] = sum;
      }
    }
    const plane = made.subarray(channel * rows * columns, (channel + 1) * rows * columns);
    for (let y = 0; y < rows; y++) {
      for (let k = 0; k < down.taps; k++) {
        const weight = down.weights[y * down.taps + k];
        if (weight === 0) continue;
        const line = (down.starts[y] + k) * columns;
        for (let x = 0; x < columns; x++) plane[y * columns + x] += weight * narrow[line + x];
      }
    }
  }
  return made;
}

/**
 * @param {number} inputs
 * @param {number} outputs
 * @param {number} most taps
 * @param {(output: number) => [number, number, (input: number) => number]} read first input, end,
 *     and the weight of each between
 * @returns {Bands}
 */
function bands(inputs, outputs, most, read) {
  const taps = Math.min(most, inputs);
  const starts = new Int32Array(outputs);
  const weights = new Float32Array(outputs * taps);
  for (let output = 0; output < outputs; output++) {
    const [first, end, weight] = read(output);
    const start = Math.min(first, inputs - taps); // so that all taps lie inside
    let total = 0;
    for (let input = first; input < end; input++) total += weight(input);
    for (let input = first; input < end; input++) {
      weights[output * taps + input - start] = weight(input) / total;
    }
    starts[output] = start;
  }
  return { starts, taps, weights };
}

/**
 * @param {number} index
 * @param {number} size
 */
function clamp(index, size) {
  return Math.min(Math.max(index, 0), size - 1);
}
