// Runs each case of a folder (see write_cases.c) in ONNX Runtime: node check.cjs FOLDER [--all]
// Prints the largest difference of each net, relative to the outputs' spread, with --all, else the worst one
// alone. Fails above 1e-4.
const fs = require('fs')
const path = require('path')
const ort = require('onnxruntime-node')

const LIMIT = 1e-4
const [folder, all] = process.argv.slice(2)

function floats(file) {
  const bytes = fs.readFileSync(path.join(folder, file))
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
}

// The largest difference over the standard deviation of what is wanted; of one number, the difference.
function difference(got, want) {
  if (got.length !== want.length) return Infinity
  const mean = want.reduce((sum, x) => sum + x, 0) / want.length
  const spread = Math.sqrt(want.reduce((sum, x) => sum + (x - mean) ** 2, 0) / want.length)
  let worst = 0
  for (let i = 0; i < got.length; i++) {
    const d = Math.abs(got[i] - want[i])
    if (Number.isNaN(d)) return Infinity
    if (d > worst) worst = d
  }
  return spread > 0 ? worst / spread : worst
}

async function run(name, dims) {
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1 }
  const session = await ort.InferenceSession.create(path.join(folder, name + '.onnx'), options)
  const input = new ort.Tensor('float32', floats(name + '.in'), dims)
  const { output } = await session.run({ input })
  await session.release()
  return difference(output.data, floats(name + '.out'))
}

async function main() {
  const lines = fs.readFileSync(path.join(folder, 'cases.txt'), 'utf8').trim().split('\n')
  let worst = ['', 0], failures = 0
  for (const line of lines) {
    const [name, dims] = line.split(' ')
    let d
    try {
      d = await run(name, dims.split(',').map(Number))
    } catch (error) {
      console.log(`${name}: ${error.message}`)
      d = Infinity
    }
    if (all) console.log(`${name.padEnd(40)} ${d.toExponential(1)}`)
    if (!(d <= LIMIT)) {
      failures++
      console.log(`${name}: differs by ${d} of the outputs' spread, at most ${LIMIT} is allowed`)
    }
    if (!(d <= worst[1])) worst = [name, d]
  }
  const most = `the most, ${worst[0]}: ${worst[1].toExponential(1)}`
  console.log(`${lines.length} files in ONNX Runtime: ${failures} differ; ${most}`)
  process.exit(failures || !lines.length ? 1 : 0)
}

main()
