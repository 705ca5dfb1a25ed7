// Kubernetes' own types accept packaging/kubernetes.yaml, and its parts fit each other, the image and the
// server. usage: node check.mjs KUBERNETES.YAML DOCKERFILE SERVER_SOURCE...
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { parseAllDocuments } from "yaml";

const here = path.dirname(fileURLToPath(import.meta.url));
const [manifest, dockerfile, ...sources] = process.argv.slice(2);
const documents = parseAllDocuments(fs.readFileSync(manifest, "utf8"));
let wrong = 0;
const fail = text => { console.log(text); wrong++; };
for (const document of documents) document.errors.forEach(error => fail(error.message));
const objects = documents.map(document => document.toJS());

// Each object as a literal of its kind's type, in a file of its own; two with mistakes, which must be seen.
// TypeScript also refuses fields that a type lacks.
const kinds = Object.fromEntries(objects.map(object => [object.kind, object]));
const typo = structuredClone(kinds.Deployment), other = structuredClone(kinds.Service);
typo.spec.template.spec.containers[0].readynessProbe = {};
other.spec.ports[0].port = "80";
const checked = [...objects, typo, other];
const files = new Map(checked.map((object, index) => {
    const [group, version] = object.apiVersion.includes("/") ? object.apiVersion.split("/")
        : ["core", object.apiVersion];
    return [path.join(here, `manifest-${index}.ts`),
        `import type { ${object.kind} } from "kubernetes-types/${group}/${version}";\n` +
        `export const x: ${object.kind} = ${JSON.stringify(object)};\n`];
}));
const options = { strict: true, noEmit: true, skipLibCheck: true, module: ts.ModuleKind.ESNext, types: [],
    moduleResolution: ts.ModuleResolutionKind.Bundler, target: ts.ScriptTarget.ES2022,
    lib: ["lib.es5.d.ts"] };
const host = ts.createCompilerHost(options);
const { getSourceFile, fileExists } = host;
host.fileExists = name => files.has(name) || fileExists(name);
host.getSourceFile = (name, target) => files.has(name) ? ts.createSourceFile(name, files.get(name), target)
    : getSourceFile(name, target);
const complaints = [...files].map(() => []);
const names = [...files.keys()];
for (const each of ts.getPreEmitDiagnostics(ts.createProgram(names, options, host)))
    (complaints[names.indexOf(each.file?.fileName)] ?? complaints[0])
        .push(ts.flattenDiagnosticMessageText(each.messageText, " "));
objects.forEach((object, index) => complaints[index].forEach(text => fail(`${object.kind}: ${text}`)));
if (!complaints.at(-2).length) fail("a field of another name is taken");
if (!complaints.at(-1).length) fail("a port as a text is taken");

// The parts fit.
const pod = kinds.Deployment.spec.template, [container] = pod.spec.containers;
const same = (a, b, what) =>
    JSON.stringify(a) === JSON.stringify(b) || fail(`${what}: ${JSON.stringify([a, b])}`);
same(kinds.Deployment.spec.selector.matchLabels, pod.metadata.labels, "the deployment's pods");
same(kinds.Service.spec.selector, pod.metadata.labels, "the service's pods");
same(kinds.PodDisruptionBudget.spec.selector.matchLabels, pod.metadata.labels, "the budget's pods");
same(kinds.HorizontalPodAutoscaler.spec.scaleTargetRef.name, kinds.Deployment.metadata.name, "the scaled");
same(kinds.Service.spec.ports[0].targetPort, container.ports[0].name, "the service's port");
const image = fs.readFileSync(dockerfile, "utf8");
const said = word => image.match(new RegExp(`^${word} (.*)$`, "m"))?.[1];
same(said("EXPOSE"), String(container.ports[0].containerPort), "the image's port");
const { runAsUser, runAsGroup } = pod.spec.securityContext;
same(said("USER"), `${runAsUser}:${runAsGroup}`, "the user");
same(JSON.parse(said("CMD")), container.args, "the command");
same(pod.metadata.annotations["prometheus.io/port"], said("EXPOSE"), "the port of the figures");
if (!container.resources.limits.memory || !container.resources.requests.cpu) fail("no limits");
if (!container.securityContext.readOnlyRootFilesystem) fail("the root can be written");
const code = sources.map(name => fs.readFileSync(name, "utf8")).join("");
const routes = ["startupProbe", "livenessProbe", "readinessProbe"].map(name => container[name].httpGet.path);
for (const route of [...routes, pod.metadata.annotations["prometheus.io/path"]])
    if (code && !code.includes(`"${route}"`)) fail(`the server has no ${route}`);
console.log(`${objects.length} objects`);
process.exit(wrong ? 1 : 0);
