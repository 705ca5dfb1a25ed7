// The engine's face for the page: lanes that train, each in a worker of its own, and a worker for previews.
// The worker's text, the engine and the pictures lie in this page: nothing is requested.
const LatheEngine = (() => {
  // ---- what lies in the page ------------------------------------------------------------------------

  const element = (id) => document.getElementById(id);

  function bytesOf(base64) {
    const text = atob(base64),
      bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  }

  const unpack = (bytes) =>
    new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();

  const files = Promise.all(
    [...document.querySelectorAll("script[data-file]")].map(async (each) => {
      const bytes = await unpack(bytesOf(each.textContent));
      each.remove();
      return [each.dataset.file, bytes];
    }),
  ).then(Object.fromEntries);

  const address = URL.createObjectURL(
    new Blob([element("lathe-worker").textContent], { type: "text/javascript" }),
  );

  // ---- a worker -------------------------------------------------------------------------------------

  class Helper {
    constructor() {
      this.waiting = new Map();
      this.heard = {};
      this.next = 0;
      this.worker = new Worker(address);
      this.worker.onmessage = ({ data }) => this.take(data);
      this.worker.onerror = (event) => this.hear("error", event.message || "the worker failed");
      this.opened = files.then((all) => this.send("open", all));
    }

    take({ id, result, error, event, data }) {
      if (event) return this.hear(event, data);
      const { resolve, reject } = this.waiting.get(id);
      this.waiting.delete(id);
      return error === undefined ? resolve(result) : reject(new Error(error));
    }

    hear(event, data) {
      for (const listener of this.heard[event] ?? []) listener(data);
    }

    send(call, ...args) {
      return new Promise((resolve, reject) => {
        this.waiting.set(++this.next, { resolve, reject });
        this.worker.postMessage({ id: this.next, call, args });
      });
    }

    // Calls arrive in their order, the first ones after the engine is open.
    call(...args) {
      return this.opened.then(() => this.send(...args));
    }
  }

  // ---- a lane ---------------------------------------------------------------------------------------

  class Lane {
    #helper = new Helper();

    on(event, listener) {
      (this.#helper.heard[event] ??= []).push(listener);
      return this;
    }

    configure(settings) {
      return this.#helper.call("configure", settings, LatheSettings.settingsLines(settings));
    }

    schedule(schedule) {
      return this.#helper.call("schedule", LatheSettings.changeLines(schedule));
    }

    start() {
      return this.#helper.call("start");
    }

    pause() {
      return this.#helper.call("pause");
    }

    step(count = 1) {
      return this.#helper.call("step", count);
    }

    rewind(step) {
      return this.#helper.call("rewind", step);
    }

    filters() {
      return this.#helper.call("filters");
    }

    mistakes(most) {
      return this.#helper.call("mistakes", most);
    }

    line(from, to, points) {
      return this.#helper.call("line", from, to, points);
    }
  }

  // ---- the face -------------------------------------------------------------------------------------

  const lanes = [],
    helper = new Helper(),
    usual = { model: "lenet5", optimizer: "adamw", batch_size: 64, seed: 1 };
  let about;
  const ready = helper.opened.then((told) => (about = told));

  return {
    ready,
    lane: (index) => (lanes[index] ??= new Lane()),
    // `settings` may give the optimizer, whose momentum and rate count, and the length of an epoch.
    preview(schedule, steps, settings = {}) {
      const whole = { ...usual, ...settings, schedule, steps };
      return helper.call(
        "preview",
        LatheSettings.settingsLines(whole),
        LatheSettings.perEpoch(whole),
        steps,
      );
    },
    command: (settings) => LatheSettings.command(settings, about),
    program: (settings) => LatheSettings.program(settings, about),
  };
})();
