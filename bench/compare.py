"""What the comparisons share: a rival's process that answers timings, and `lathe bench`."""
import json
import statistics
import subprocess
import sys


class Worker:
    """A rival's process, kept alive between rounds. It prints {"ready": true}, then answers each line "STEPS SECONDS" with its milliseconds."""

    def __init__(self, command, environment=None, missing="the rival did not start"):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        if not json.loads(self.process.stdout.readline() or "{}").get("ready"):
            sys.exit("%s: %s" % (sys.argv[0], missing))

    def run(self, steps, seconds):
        """The median of up to `steps` steps, at least 3, for about so many seconds."""
        self.process.stdin.write("%d %g\n" % (steps, seconds))
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        self.rss = answer["peak_rss_mib"]
        return statistics.median(answer["ms"])

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def lathe(program, model, batch, threads, optim, steps):
    """The results of `lathe bench`. MODEL@SIZE has pictures of SIZE x SIZE; the optimizer "eval" is evaluation."""
    name, _, size = model.partition("@")
    out = subprocess.run([program, "bench", "--model", name, "--size", size or "0", "--batch-size", str(batch), "--threads", str(threads),
                          "--steps", str(steps), "--json"] + (["--eval"] if optim == "eval" else ["--optim", optim]), capture_output=True, text=True)
    if out.returncode:
        sys.exit("%s: %s" % (sys.argv[0], out.stderr.strip()))
    return json.loads(out.stdout.strip().splitlines()[-1])


def steps_for(seconds, ms, most=200):
    """How many steps of `ms` to time for about so many seconds: 3 to `most`."""
    return int(min(max(1e3 * seconds / ms, 3), most))


def ms_text(ms):
    """Milliseconds with three digits or more."""
    return "%.0f" % ms if ms >= 100 else "%.3g" % ms
