/*
 * ONNX Runtime's side of the comparison: session.mjs FILE BATCH THREADS CHANNELS SIZE. Loads a model and
 * warms up. Then for each line "STEPS SECONDS" on standard input it runs the model and prints the
 * milliseconds as one JSON object: at most STEPS runs, for about SECONDS, and at least 3.
 */
import readline from "node:readline";

import ort from "onnxruntime-node";

const [file, ...numbers] = process.argv.slice(2);
const [batch, threads, channels, size] = numbers.map(Number);
const session = await ort.InferenceSession.create(file, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    freeDimensionOverrides: { batch },
});
const values = Float32Array.from({ length: batch * channels * size * size }, () => 2 * Math.random() - 1);
const feeds = { [session.inputNames[0]]: new ort.Tensor("float32", values, [batch, channels, size, size]) };

for (let i = 0; i < 5; i++) await session.run(feeds);
console.log(JSON.stringify({ ready: true }));
for await (const line of readline.createInterface({ input: process.stdin })) {
    const [most, seconds] = line.split(" ").map(Number), ms = [], begin = performance.now();
    while (ms.length < most && (ms.length < 3 || performance.now() - begin < 1e3 * seconds)) {
        const start = performance.now();
        await session.run(feeds);
        ms.push(performance.now() - start);
    }
    console.log(JSON.stringify({ ms, peak_rss_mib: process.resourceUsage().maxRSS / 1024 }));
}
