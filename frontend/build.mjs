// Builds everything in static/vendor from the pinned packages: `npm ci && npm run build`.
// The results are committed, so that running the forum needs no Node at all.
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { build, transform } from "esbuild";
import * as sass from "sass";
import { minify } from "terser";

import { ICONS } from "./src/icons.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "node_modules");
const vendor = join(here, "..", "static", "vendor");

async function put(name, text) {
  const path = join(vendor, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  const kilobytes = (gzipSync(text, { level: 9 }).length / 1024).toFixed(1);
  console.log(`${name.padEnd(32)} ${String(text.length).padStart(7)} bytes  ${kilobytes.padStart(6)} KB gzip`);
}

async function licenceOf(name) {
  const folder = join(modules, name);
  const about = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? await readFile(join(folder, file), "utf8") : "(no licence file in the package)";
  return `${name} ${about.version} (${about.license})\n${"-".repeat(72)}\n${text.trim()}\n`;
}

async function licencesOf(names) {
  return (await Promise.all([...names].sort().map(licenceOf))).join(`\n${"=".repeat(72)}\n\n`);
}

async function buildBootstrap() {
  const { css } = sass.compile(join(here, "src", "bootstrap.scss"), {
    loadPaths: [modules],
    quietDeps: true,
    silenceDeprecations: ["import", "global-builtin", "color-functions", "if-function"], // Bootstrap 5.3 is written for @import; 6 will not be.
  });
  const { code } = await transform(css, { loader: "css", minify: true, legalComments: "inline" });
  await put("bootstrap/bootstrap.css", code);
  await put("bootstrap/LICENSES.txt", await licencesOf(["bootstrap"]));
}

async function buildIcons() {
  const symbols = [];
  for (const name of [...ICONS].sort()) {
    const svg = await readFile(join(modules, "@tabler/icons/icons/outline", `${name}.svg`), "utf8");
    const shapes = svg
      .replace(/<!--[\s\S]*?-->/g, "")
      .replace(/^[\s\S]*?<svg[^>]*>|<\/svg>\s*$/g, "")
      .replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*\/>/g, "")
      .replace(/\s*\n\s*/g, "")
      .replace(/ \/>/g, "/>");
    symbols.push(
      `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"` +
        ` stroke-linecap="round" stroke-linejoin="round">${shapes}</symbol>`,
    );
  }
  await put("icons/icons.svg", `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);
  await put("icons/LICENSES.txt", await licencesOf(["@tabler/icons"]));
}

// One module for the browser out of src/`entry`, and the licences of all that went in.
async function bundle(entry, folder, name, alias = {}) {
  const result = await build({
    entryPoints: [join(here, "src", entry)],
    bundle: true,
    minify: true,
    format: "esm",
    target: ["es2022"],
    charset: "utf8",
    alias,
    legalComments: "none", // all licences are in LICENSES.txt
    metafile: true,
    write: false,
    absWorkingDir: here,
  });
  // Read from what really went in, so that the list of licences cannot fall behind.
  const bundled = new Set();
  for (const input of Object.keys(result.metafile.inputs)) {
    const match = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match) bundled.add(match[1]);
  }
  // A second pass makes it smaller still: the composer by 3 KB.
  const { code } = await minify(result.outputFiles[0].text, {
    module: true,
    ecma: 2020,
    compress: { passes: 3 },
  });
  await put(`${folder}/${name}`, code);
  await put(`${folder}/LICENSES.txt`, await licencesOf(bundled));
}

await buildBootstrap();
await buildIcons();
await bundle("editor.js", "composer", "composer.js", { entities: join(here, "src", "entities-in-browser.js") });
await bundle("socketio.js", "socketio", "socketio.js");
await bundle("tus.js", "tus", "tus.js", {
  "url-parse": join(here, "src", "url-in-browser.js"),
  "js-base64": join(here, "src", "base64-in-browser.js"),
});
