// The lessons: what each sets up, and how its own run answers the question. The answer is measured, never
// taken for granted; null: this run does not decide it.
const endOf = (lane) => (lane.died ? 0.1 : (lastEval(lane)?.accuracy ?? 0));
const named = (letter) => lanes.find((lane) => lane.letter === letter);
const sgd = "optimizer=sgd&seed=1";

// The mean accuracy of the evaluations nearest to some steps.
function accuracyAt(lane, steps) {
  const near = (step) =>
    lane.evals.reduce((best, row) => (Math.abs(row.step - step) < Math.abs(best.step - step) ? row : best));
  return mean(steps.map((step) => near(step).accuracy));
}
const apart = (a, b) => mean(a.map((value, i) => Math.abs(value - b[i])).filter(isNumber));

const lessons = [
  {
    name: "range",
    address: `#steps=300&${sgd}&A=exponential,lr:0.0001,momentum:0.9,gamma:1.03118`,
    log: true,
    judge() {
      const lane = named("A"),
        smooth = smoothLoss(lane),
        start = mean(lane.loss.slice(0, 20)),
        lowest = smooth.reduce((best, value, i) => (i > 10 && value < smooth[best] ? i : best), 11),
        begins = smooth.findIndex((value, i) => i > 10 && value < 0.95 * start),
        end = lane.died ? Infinity : smooth[smooth.length - 1];
      const fell = smooth[lowest] < 0.9 * start,
        rose = end > 1.1 * smooth[lowest];
      return {
        answer: fell && !rose ? 0 : fell ? 1 : end > 1.1 * start ? 2 : null,
        said: fell ? [short(lane.rate[begins], 2), short(lane.rate[lowest], 2)] : null,
      };
    },
  },
  {
    name: "high",
    address:
      `#steps=300&${sgd}&A=cyclic,base_lr:0.002,max_lr:0.06,step_size_up:75` +
      "&B=cyclic,base_lr:0.002,max_lr:0.24,step_size_up:75" +
      "&C=cyclic,base_lr:0.002,max_lr:0.96,step_size_up:75",
    judge() {
      const [a, b, c] = lanes.map(endOf);
      return {
        answer: c < 0.2 ? 3 : c > a + 0.01 ? 0 : c > a - 0.01 ? 1 : 2,
        said: [a, b, c].map(points),
      };
    },
  },
  {
    name: "valleys",
    address: `#steps=600&${sgd}&A=cyclic,base_lr:0.001,max_lr:0.08,step_size_up:100,cycle_momentum:off`,
    judge() {
      const lane = named("A"),
        bounds = cyclesOf(lane, shared.steps);
      const valley = accuracyAt(lane, bounds.slice(1)),
        peak = accuracyAt(
          lane,
          bounds.slice(1, -1).map((step) => peakAfter(lane, step)),
        );
      return {
        answer: valley > peak + 0.01 ? 1 : peak > valley + 0.01 ? 0 : 2,
        said: [points(valley), points(peak)],
      };
    },
  },
  {
    name: "momentum",
    address:
      `#steps=300&${sgd}&A=constant,lr:0.01,momentum:0&B=constant,lr:0.01,momentum:0.9` +
      "&C=constant,lr:0.1,momentum:0",
    judge() {
      const [a, b, c] = lanes.map(smoothLoss),
        near = apart(b, a),
        far = apart(b, c);
      return {
        answer: near < far / 2 ? 0 : far < near / 2 ? 1 : 2,
        said: [lossText(near), lossText(far)],
      };
    },
  },
  {
    name: "onecycle",
    address:
      `#steps=600&${sgd}&A=constant,lr:0.08,momentum:0.9&B=constant,lr:0.002,momentum:0.9` +
      "&C=one_cycle,momentum:0.9,max_lr:0.08,total_steps:600",
    judge() {
      const ends = lanes.map(endOf),
        best = ends.indexOf(Math.max(...ends)),
        second = Math.max(...ends.filter((_, i) => i !== best));
      return { answer: ends[best] > second + 0.002 ? best : null, said: ends.map(points) };
    },
  },
  {
    name: "epoch",
    address:
      `#steps=600&${sgd}&A=cyclic,base_lr:0.001,max_lr:0.06,step_size_up:100` +
      "&B=cyclic,by:epoch,base_lr:0.001,max_lr:0.06,step_size_up:100",
    judge() {
      const [a, b] = lanes.map(endOf),
        peak = Math.max(...named("B").rate);
      return {
        answer: named("B").died ? 0 : b < 0.2 ? 1 : b < a - 0.005 ? 2 : 3,
        said: [points(a), points(b), short(peak, 2)],
      };
    },
  },
];

// The challenge: what everyone shares. docs/playground.md has the search that the target comes from.
const trial = {
  steps: 600,
  target: 0.87,
  address: "#optimizer=adamw&batch_size=64&weight_decay=0.01&steps=600&seed=1&A=constant,lr:0.001",
};
