/* Bundles scripts and styles, makes the icon sprite, and writes names with content hashes plus manifest.json. */
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const out = join(root, "static", "build");
const iconFolder = join(root, "node_modules", "lucide-static", "icons");

/** Write a text file under a name that carries its hash; answers that name. */
async function writeHashed(name, text) {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 10).toUpperCase();
  const hashed = name.replace(/(\.\w+)$/, `.${hash}$1`);
  await writeFile(join(out, hashed), text);
  return hashed;
}

/** One <symbol> per icon: the page draws it with <use href="...#name">. */
async function sprite() {
  const names = JSON.parse(await readFile(join(here, "icons.json"), "utf8"));
  const symbols = await Promise.all(
    names.map(async (name) => {
      const svg = await readFile(join(iconFolder, `${name}.svg`), "utf8");
      const shapes = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
      return `<symbol id="${name}" viewBox="0 0 24 24">${shapes.replace(/\s+/g, " ").trim()}</symbol>`;
    }),
  );
  const licence = "<!-- Icons: Lucide, ISC licence -->";
  return `<svg xmlns="http://www.w3.org/2000/svg">${licence}${symbols.join("")}</svg>`;
}

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });

const result = await build({
  entryPoints: { app: join(here, "js", "main.js"), style: join(here, "css", "main.css") },
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome123", "firefox121", "safari17.5"],
  outdir: out,
  entryNames: "[name].[hash]",
  assetNames: "[name].[hash]",
  loader: { ".woff2": "file" },
  nodePaths: [join(root, "node_modules")],
  legalComments: "eof",
  metafile: true,
  logLevel: "warning",
});

const manifest = {};
for (const [path, made] of Object.entries(result.metafile.outputs)) {
  const file = basename(path);
  if (made.entryPoint?.endsWith("main.js")) manifest["app.js"] = file;
  else if (made.entryPoint?.endsWith("main.css")) manifest["style.css"] = file;
  else manifest[file.replace(/\.[A-Z0-9]{8}(\.\w+)$/, "$1")] = file;
}
manifest["icons.svg"] = await writeHashed("icons.svg", await sprite());
manifest["logo.svg"] = await writeHashed("logo.svg", await readFile(join(here, "logo.svg"), "utf8"));
await writeFile(join(out, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
console.log(`${Object.keys(manifest).length} files in static/build`);
