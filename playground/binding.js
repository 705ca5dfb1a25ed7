// The engine's C functions (exports.h) as methods; for the worker, and for tests in node. A method that fails
// throws an Error with lathe's own line.
class LatheBinding {
  // `files` are named bytes: engine.wasm, and the files of the pictures as they lie in a folder.
  static async open(files) {
    const module = await LatheModule({
      wasmBinary: files["engine.wasm"],
      print: () => {},
      printErr: () => {},
    });
    module.FS.mkdir("/data");
    for (const [name, bytes] of Object.entries(files))
      if (name !== "engine.wasm") module.FS.writeFile(`/data/${name}`, new Uint8Array(bytes));
    return new LatheBinding(module);
  }

  constructor(module) {
    this.module = module;
    this.row = module._malloc(3 * 8); // for the numbers of a step
  }

  fail() {
    throw new Error(this.module.UTF8ToString(this.module._engine_message()) || "the engine failed");
  }

  // Call `use` with the address of `bytes` bytes, which are freed after it.
  within(bytes, use) {
    const at = this.module._malloc(bytes);
    try {
      return use(at);
    } finally {
      this.module._free(at);
    }
  }

  withText(text, use) {
    const size = this.module.lengthBytesUTF8(text) + 1;
    return this.within(size, (at) => {
      this.module.stringToUTF8(text, at, size);
      return use(at);
    });
  }

  // Copies of numbers in the engine's memory, whose buffer changes when it grows.
  copy(Type, at, count) {
    return new Type(this.module.HEAPU8.buffer, at, count).slice();
  }

  about() {
    const text = this.module._engine_about();
    return text ? JSON.parse(this.module.UTF8ToString(text)) : this.fail();
  }

  preview(lines, stepsPerEpoch, steps) {
    return this.withText(lines, (text) =>
      this.within(8 * steps, (lr) => {
        const momentum = lr + 4 * steps;
        if (!this.module._engine_preview(text, stepsPerEpoch, steps, lr, momentum)) this.fail();
        return {
          lr: this.copy(Float32Array, lr, steps),
          momentum: this.copy(Float32Array, momentum, steps),
          notes: this.module.UTF8ToString(this.module._engine_notes()).split("\n").filter(Boolean),
        };
      }),
    );
  }

  configure(lines) {
    if (!this.withText(lines, (text) => this.module._engine_configure(text))) this.fail();
  }

  schedule(lines) {
    if (!this.withText(lines, (text) => this.module._engine_schedule(text))) this.fail();
  }

  get at() {
    return this.module._engine_at();
  }

  get images() {
    return this.module._engine_images();
  }

  // Make a step. Returns its [loss, lr, momentum], and in `stopped` why the run stopped at it, or "".
  step() {
    const made = this.module._engine_step(this.row);
    if (made === 1) this.fail();
    this.stopped = made === 2 ? this.module.UTF8ToString(this.module._engine_why_stopped()) : "";
    return this.copy(Float64Array, this.row, 3);
  }

  evaluate(count) {
    if (!this.module._engine_evaluate(count, this.row)) this.fail();
    const [loss, accuracy] = this.copy(Float64Array, this.row, 2);
    return { step: this.at, loss, accuracy };
  }

  rewind(step) {
    const at = this.module._engine_rewind(step);
    return at < 0 ? this.fail() : at;
  }

  filters() {
    const numbers = this.module._engine_filters(this.row);
    if (!numbers) this.fail();
    const [count, height, width] = this.copy(Int32Array, this.row, 3);
    return { count, height, width, data: this.copy(Float32Array, numbers, count * height * width) };
  }

  mistakes(most, size) {
    return this.within(most * (16 + size), (probability) => {
      const mistake = probability + 8 * most,
        pixels = mistake + 8 * most,
        found = this.module._engine_mistakes(most, mistake, probability, pixels);
      if (found < 0) this.fail();
      const sure = this.copy(Float64Array, probability, found),
        numbers = this.copy(Int32Array, mistake, 2 * found);
      return Array.from(sure, (each, i) => ({
        pixels: this.copy(Uint8Array, pixels + i * size, size),
        label: numbers[2 * i],
        predicted: numbers[2 * i + 1],
        probability: each,
      }));
    });
  }

  line(a, b, points, count) {
    return this.within(16 * points, (scores) => {
      if (!this.module._engine_line(a, b, points, count, scores)) this.fail();
      const numbers = this.copy(Float64Array, scores, 2 * points);
      return Array.from({ length: points }, (_, i) => ({
        at: i / (points - 1),
        loss: numbers[2 * i],
        accuracy: numbers[2 * i + 1],
      }));
    });
  }
}
