// A stand-in for the engine: fake curves. Deleted when the engine is there.
const LatheEngine = (() => {
  const D = (name, more) => ({ name, kind: "double", count: 1, preset: [0], min: 0, max: 0, choices: null, help: name, ...more });
  const S = (name, more) => D(name, { kind: "steps", ...more });
  const C = (name, choices) => D(name, { kind: "choice", choices });
  const schedulers = [
    { name: "constant", fields: [D("lr")] },
    { name: "cyclic", fields: [D("base_lr"), D("max_lr"), S("step_size_up", { preset: [2000] }), S("step_size_down"), C("mode", ["triangular", "triangular2", "exp_range"]), D("gamma", { preset: [1] }), C("cycle_momentum", ["auto", "on", "off"]), D("base_momentum", { preset: [-1] }), D("max_momentum", { preset: [-1] })] },
    { name: "one_cycle", fields: [D("max_lr"), S("total_steps"), D("pct_start", { preset: [0.3] }), C("anneal_strategy", ["cos", "linear"]), C("cycle_momentum", ["auto", "on", "off"]), D("div_factor", { preset: [25] })] },
    { name: "cosine", fields: [S("t_max"), D("eta_min")] },
    { name: "warm_restarts", fields: [S("t_0"), D("t_mult", { kind: "int", preset: [1] }), D("eta_min")] },
    { name: "step", fields: [S("step_size"), D("gamma", { preset: [0.1] })] },
    { name: "plateau", fields: [D("factor", { preset: [0.1] }), D("patience", { kind: "int", preset: [10] })] },
    { name: "exponential", fields: [D("gamma")] },
  ];
  const at = ({ name, options: o, lr, momentum = 0.9 }, t) => {
    if (name === "cyclic") {
      const u = o.step_size_up || 2000, d = o.step_size_down || u, x = t % (u + d), k = x <= u ? x / u : 1 - (x - u) / d;
      const a = o.mode === "triangular2" ? 0.5 ** Math.floor(t / (u + d)) : 1;
      return [o.base_lr + (o.max_lr - o.base_lr) * k * a, o.cycle_momentum === "off" ? momentum : momentum - 0.1 * k * a];
    }
    if (name === "one_cycle") {
      const p = (o.pct_start || 0.3) * o.total_steps, k = t < p ? t / p : Math.max(0, 1 - (t - p) / (o.total_steps - p));
      return [o.max_lr * (0.04 + 0.96 * k) * (t < p ? 1 : k + 0.001), 0.95 - 0.1 * k];
    }
    if (name === "cosine") return [(lr * (1 + Math.cos((Math.PI * t) / o.t_max))) / 2, momentum];
    if (name === "warm_restarts") return [(lr * (1 + Math.cos((Math.PI * (t % o.t_0)) / o.t_0))) / 2, momentum];
    if (name === "step") return [lr * (o.gamma || 0.1) ** Math.floor(t / o.step_size), momentum];
    if (name === "exponential") return [lr * o.gamma ** t, momentum];
    return [lr, momentum];
  };
  const preview = (s, n) => {
    if (s.name === "cyclic" && s.options.max_lr > 1e3) return Promise.reject(new Error("cyclic: max_lr = 1e4 is not legal"));
    const all = Array.from({ length: n }, (_, t) => at(s, t));
    return Promise.resolve({ lr: Float32Array.from(all, (a) => a[0]), momentum: Float32Array.from(all, (a) => a[1]) });
  };
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  const lanes = [0, 1, 2, 3].map(() => {
    const heard = {}, say = (what, ...all) => (heard[what] || []).forEach((f) => f(...all));
    let s, t = 0, level = 2.3, kept = [], noise = 1;
    const random = () => ((noise = (noise * 16807) % 2147483647) / 2147483647) - 0.5;
    return {
      on: (what, f) => (heard[what] ||= []).push(f),
      async configure(settings) { await wait(50); s = settings; t = 0; level = 2.3; noise = settings.seed; kept = [[0, 2.3, noise]]; },
      async schedule(next) { s = { ...s, schedule: next }; },
      async step(n) {
        await wait(n * 4);
        const loss = [], lr = [], momentum = [], from = t;
        for (let i = 0; i < n && t < s.steps; i++, t++) {
          const [rate, m] = at(s.schedule, t);
          if (t % 50 === 0) kept.push([t, level, noise]);
          level += (0.35 + 4 * rate - level) * Math.min(0.05, rate);
          loss.push(level + 0.2 * random() + 2 * rate); lr.push(rate); momentum.push(m);
          if ((t + 1) % s.eval_every === 0) say("eval", { step: t + 1, accuracy: 0.95 - level * 0.3 - rate + 0.01 * random(), loss: level });
        }
        say("progress", { step: from, loss: Float32Array.from(loss), lr: Float32Array.from(lr), momentum: Float32Array.from(momentum), pictures_per_second: 9000 });
      },
      async rewind(step) { const k = kept.filter((e) => e[0] <= step).pop(); [t, level, noise] = k; return t; },
      async filters() { return { count: 6, height: 5, width: 5, data: Float32Array.from({ length: 150 }, random) }; },
      async mistakes(n) { return Array.from({ length: n }, (_, i) => ({ pixels: Uint8Array.from({ length: 784 }, (_, k) => (k * (i + 3)) % 256), label: i % 10, predicted: (i + 3) % 10, probability: 0.99 - i / 50 })); },
      async line(a, b, n) { return Array.from({ length: n }, (_, i) => { const x = -0.25 + (1.5 * i) / (n - 1); return { at: x, loss: 0.5 + (x * (1 - x) < 0 ? -x * (1 - x) : x * (1 - x)) , accuracy: 0.8 - x * x * 0.1 }; }); },
    };
  });
  return {
    ready: wait(300).then(() => ({ version: "0", models: ["mlp", "lenet5", "small-cnn"], optimizers: [{ name: "sgd", fields: [D("lr", { preset: [0.001] }), D("momentum"), D("weight_decay"), D("nesterov", { kind: "bool" })] }, { name: "adamw", fields: [D("lr", { preset: [0.001] }), D("betas", { count: 2, preset: [0.9, 0.999] }), D("weight_decay", { preset: [0.01] })] }], schedulers, classes: ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"], image: { width: 28, height: 28 }, train: 5000, val: 1000 })),
    preview, lane: (i) => lanes[i], command: (s) => `lathe train ${JSON.stringify(s)}`, program: (s) => `/* ${s.model} */`,
  };
})();
