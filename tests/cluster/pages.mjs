// Several members' pages at once, told what to do line by line: {"number", "page", "name", "data"} in, answers out.
import { createInterface } from "node:readline";
import { Worker } from "node:worker_threads";

const pages = new Map();
const say = (data) => process.stdout.write(`${JSON.stringify(data)}\n`);

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { number, page, name, data } = JSON.parse(line);
    if (name !== "open") {
      pages.get(page).postMessage({ number, name, data });
      return;
    }
    const worker = new Worker(new URL("page.mjs", import.meta.url), { workerData: data });
    worker.on("message", (told) => say({ page, ...told }));
    worker.on("error", (error) => say({ page, fault: String(error.stack) }));
    pages.set(page, worker);
    say({ page, number, answer: null });
  })
  .on("close", () => process.exit());
