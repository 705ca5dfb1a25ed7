// Runs pictures through a file of ONNX: FILE FOLDER COUNT. The folder has in.f32 and gets out.f32.
const fs = require('fs')
const ort = require('onnxruntime-node')

const [file, folder, count] = process.argv.slice(1)

async function main() {
  const session = await ort.InferenceSession.create(file)
  const { name, type, shape } = session.inputMetadata[0]
  const batch = typeof shape[0] === 'number' ? 1 : 32
  const bytes = fs.readFileSync(folder + '/in.f32')
  const numbers = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
  const each = numbers.length / count, out = []
  for (let i = 0; i < count; i += batch) {
    const size = Math.min(batch, count - i)
    const pictures = numbers.subarray(i * each, (i + size) * each)
    const data = type === 'uint8' ? Uint8Array.from(pictures) : pictures
    const results = await session.run({ [name]: new ort.Tensor(type, data, [size, ...shape.slice(1)]) })
    const { data: y } = results[session.outputNames[0]]
    out.push(Buffer.from(y.buffer.slice(y.byteOffset, y.byteOffset + y.byteLength)))
  }
  fs.writeFileSync(folder + '/out.f32', Buffer.concat(out))
}

main().catch((error) => {
  console.error(String(error.message))
  process.exit(1)
})
