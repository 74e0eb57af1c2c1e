// Bundles src/ into the service's static files: names that change with their content, compressed copies beside them, a
// manifest that the templates read, and the licences of what was bundled.
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const folder = join(here, "../src/filemill/web/static/filemill/built");

rmSync(folder, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: ["src/page.ts", "src/page.css"],
  outdir: folder,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  metafile: true,
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
});

const made = Object.entries(metafile.outputs).map(([path, output]) => ({ name: basename(path), ...output }));
const entry = (source) => made.find((each) => each.entryPoint === source);
const script = entry("src/page.ts");
const preloads = script.imports.filter((each) => each.kind === "import-statement").map((each) => basename(each.path));

for (const { name } of made) {
  const content = readFileSync(join(folder, name));
  writeFileSync(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }));
  writeFileSync(join(folder, `${name}.br`), brotliCompressSync(content));
}
writeFileSync(join(folder, "licences.txt"), licences(Object.keys(metafile.inputs)));
const manifest = { script: script.name, preloads, style: entry("src/page.css").name };
writeFileSync(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);

function licences(inputs) {
  const packages = new Set(inputs.map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]).filter(Boolean));
  return [...packages].sort().map(licence).join("\n\n");
}

function licence(name) {
  const place = join(here, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(place, "package.json"), "utf8"));
  const file = readdirSync(place).find((each) => /^licen[cs]e/i.test(each));
  const words = file ? `\n${readFileSync(join(place, file), "utf8").trim()}\n` : "";
  return `${name} ${version}: ${license}\n${words}`;
}
